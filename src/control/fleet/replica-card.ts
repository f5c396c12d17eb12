/** What a gateway tells the others of itself. Owns the card and its text; knows no board. */
import { z } from "zod";
import type { PolicyStatus } from "../policy/in-force/policy-control.ts";

const cardSchema = z.object({
  id: z.string(),
  /** Where it listens, as it knows itself; null: it does not yet. */
  address: z.string().nullable(),
  /** Epoch milliseconds, by its own clock, like every time here. */
  startedAt: z.number(),
  postedAt: z.number(),
  environment: z.string().nullable(),
  version: z.string().nullable(),
  /** Of the whole policy that serves. */
  digest: z.string().nullable(),
  activatedAt: z.number().nullable(),
  /** What is taking over by steps. */
  staging: z
    .object({ version: z.string(), share: z.number(), phase: z.string(), nextAt: z.number().nullable() })
    .nullable(),
  /** Orders over rollouts, as `rollout canary.weight: 0`. */
  overrides: z.array(z.string()),
  pinned: z.string().nullable(),
  /** A newer text was refused here. */
  refused: z.boolean(),
  source: z
    .object({
      kind: z.string(),
      ok: z.boolean(),
      /** When it was last asked with success. */
      lastPollAt: z.number().nullable(),
    })
    .nullable(),
});

export type ReplicaCard = z.output<typeof cardSchema>;

export interface ReplicaFacts {
  readonly id: string;
  readonly address: string | null;
  readonly startedAt: number;
  readonly digest: string | null;
  readonly status: PolicyStatus;
}

export function cardOf({ id, address, startedAt, digest, status }: ReplicaFacts, now: number): ReplicaCard {
  const { staging, source, pinned, overrides = [] } = status;
  return {
    id,
    address,
    startedAt,
    postedAt: now,
    environment: status.environment,
    version: status.version,
    digest,
    activatedAt: status.activatedAt,
    staging: staging
      ? {
          version: staging.version,
          share: staging.stage.share,
          phase: staging.stage.phase,
          nextAt: staging.stage.next?.at ?? null,
        }
      : null,
    overrides: overrides.map(({ rollout, values }) => `${rollout} ${values.join(", ")}`),
    pinned: pinned?.version ?? null,
    refused: status.refused !== null,
    source: source ? { kind: source.kind, ok: source.ok, lastPollAt: source.lastOkAt } : null,
  };
}

/** Null for what another release, or another program, has pinned up. */
export function readCard(text: string): ReplicaCard | null {
  try {
    return cardSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
