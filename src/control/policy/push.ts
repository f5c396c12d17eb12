/**
 * A policy written into the store through the gateway. Owns the order: whoever writes has seen what it
 * replaces, the text is good, it is stored, it is in force.
 */
import type { Finding } from "../../policy/finding.ts";
import { BASE_DOCUMENT, type PolicyHead, type PolicyHeadStore } from "../../store/policy-heads.ts";
import type { Act, ActivationResult, StagingStatus } from "./policy-acts.ts";
import type { PolicyDesk } from "./policy-desk.ts";
import { textsOf } from "./sources/store.ts";

export interface PushWish {
  readonly text: string;
  /** The text is this environment's overlay; null: the base. */
  readonly environment: string | null;
  readonly note: string | null;
  /** The version that the writer has seen; null: whatever is there is replaced. */
  readonly ifVersion: string | null;
  /** Ends an activation by steps that is under way; otherwise there is a conflict with it. */
  readonly supersede?: boolean;
  /** Says what would come of it, and changes nothing. */
  readonly dryRun: boolean;
  readonly actor: string;
}

export type PushOutcome =
  | Extract<ActivationResult, { result: "activated" | "unchanged" }>
  | {
      readonly result: "valid";
      readonly version: string;
      readonly previousVersion: string | null;
      readonly findings: readonly Finding[];
      readonly changes: readonly string[];
    }
  | { readonly result: "refused"; readonly findings: readonly Finding[] }
  | { readonly result: "conflict"; readonly version: string | null }
  /** A version is taking over by steps. */
  | { readonly result: "running"; readonly staging: StagingStatus }
  /** The policy lives at `address`. */
  | { readonly result: "elsewhere"; readonly address: string }
  | { readonly result: "other_environment"; readonly environment: string | null };

/** Writers that come between reading and writing, before one without a condition gives up. */
const MAX_TRIES = 5;

export async function pushPolicy(desk: PolicyDesk, wish: PushWish): Promise<PushOutcome> {
  const { heads, environment } = desk;
  if (!heads) return { result: "elsewhere", address: desk.sourceStatus()?.address ?? "" };
  if (wish.environment !== null && wish.environment !== environment) {
    return { result: "other_environment", environment };
  }
  const staging = desk.control.status().staging ?? null;
  if (staging && !wish.supersede && !wish.dryRun) return { result: "running", staging };
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const outcome = await pushOnto(desk, heads, await heads.read(0), wish);
    // Whoever stated no version wants to be last.
    if (outcome.result !== "conflict" || wish.ifVersion !== null) return outcome;
  }
  return { result: "conflict", version: desk.control.status().version };
}

async function pushOnto(
  desk: PolicyDesk,
  heads: PolicyHeadStore,
  head: PolicyHead | null,
  wish: PushWish,
): Promise<PushOutcome> {
  const { control, clock, environment } = desk;
  const { actor, note } = wish;
  const present = head ? await versionOf(desk, head) : null;
  if (wish.ifVersion !== null && wish.ifVersion !== present) return { result: "conflict", version: present };
  const documents = { ...head?.documents, [wish.environment ?? BASE_DOCUMENT]: wish.text };
  const sources = textsOf(documents, environment);
  if (wish.dryRun) {
    const checked = await control.check(sources);
    return checked.result === "refused" ? checked : { ...checked, previousVersion: present };
  }
  const act: Act = { actor, via: "push", note };
  const revision = (head?.revision ?? 0) + 1;
  const put = await control.replace(sources, act, async () =>
    (await heads.write({ revision, at: clock.now(), actor, note, documents })) ? revision : null,
  );
  if (put.result === "conflict") return { result: "conflict", version: null };
  // Only the source's offers are held back.
  return put.result === "held" ? { result: "conflict", version: put.version } : put;
}

/** What the store says now; another process may have written what is not in force here yet. */
async function versionOf({ control, environment }: PolicyDesk, head: PolicyHead): Promise<string | null> {
  const sources = textsOf(head.documents, environment);
  const inForce = control.inForce()?.sources ?? [];
  if (sources.length === inForce.length && sources.every(({ text }, i) => text === inForce[i]?.text)) {
    return control.snapshot().version;
  }
  const checked = await control.check(sources);
  return checked.result === "valid" ? checked.version : null;
}
