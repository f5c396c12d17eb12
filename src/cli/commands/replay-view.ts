/** What the command line reads of a gateway's answer about a replay. */
import { z } from "zod";

const text = z.string().nullable();

const route = z.object({
  result: z.enum(["model", "degraded", "shortened", "refused"]),
  rule: text,
  arm: text,
  rung: text,
  model: text,
  deployment: text,
  code: text,
});

const cost = z.object({
  compared: z.number(),
  beforeUsd: z.string(),
  afterUsd: z.string(),
  differenceUsd: z.string(),
  unpricedBefore: z.number(),
  unpricedAfter: z.number(),
});

export const replayView = z.object({
  policyVersion: z.string(),
  records: z.number(),
  replayed: z.number(),
  unchanged: z.number(),
  redrawn: z.number(),
  changed: z.number(),
  newlyRefused: z.number(),
  noLongerRefused: z.number(),
  notReplayable: z.record(z.string(), z.number()),
  from: z.number().nullable(),
  to: z.number().nullable(),
  madeBy: z.array(z.object({ policyVersion: z.string(), count: z.number() })),
  unknownKeys: z.number(),
  groups: z.array(
    z.object({
      useCase: z.string(),
      before: route,
      after: route,
      count: z.number(),
      examples: z.array(z.string()),
      cost,
    }),
  ),
  ungrouped: z.number(),
  cost,
  notCalled: z.object({ count: z.number(), beforeUsd: z.string() }),
  cursor: text,
});
