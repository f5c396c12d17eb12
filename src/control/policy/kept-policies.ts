/** Policies that a later process goes on with: the last good one, a pinned one, two that share the traffic. */
import { z } from "zod";
import type { PolicyText } from "../../policy/reading/load.ts";
import { keptFile } from "./kept-file.ts";
import type { Kept } from "./own-file.ts";
import type { KeptStaging } from "./staging/staging-place.ts";

const by = z.string().nullable().default(null);
const sources = z.array(z.object({ file: z.string(), text: z.string() })).min(1);

/** The one that was in force, for when its source does not answer or has broken it. */
export const keptLastGood = keptFile<readonly PolicyText[]>("last-good-policy.json", sources);

/** A version that a rollback put in force, in place of what the source says. */
export interface Pin {
  readonly version: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly actor: string;
  readonly note: string | null;
  /** Of the source's texts that are held back. Other texts end the pin. */
  readonly sourceDigest: string;
  readonly sources: readonly PolicyText[];
}

export const keptPin = keptFile<Kept<Pin>>(
  "pinned-policy.json",
  z.object({
    version: z.string(),
    at: z.number(),
    actor: z.string(),
    note: z.string().nullable(),
    sourceDigest: z.string(),
    sources,
    by,
  }),
);

/** An activation by steps that is under way. */
export const keptStaging = keptFile<Kept<KeptStaging>>(
  "staged-policy.json",
  z.object({
    plan: z.object({
      id: z.string(),
      version: z.string(),
      previousVersion: z.string(),
      at: z.number(),
      startsAt: z.number(),
      stepPercent: z.number().positive().max(100),
      stepEveryMs: z.number().positive(),
      actor: z.string(),
      note: z.string().nullable(),
    }),
    older: sources,
    newer: sources,
    sourceDigest: z.string(),
    by,
  }),
);
