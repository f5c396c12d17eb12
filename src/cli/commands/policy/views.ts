/** What the commands of the policy read of a gateway's answers. Owns the least shape each drawing needs. */
import { z } from "zod";
import { overrideView, policyHistoryView, policyStatusView } from "../../gateway-answers.ts";

const text = z.string().nullable();

export const findingView = z.object({
  file: z.string(),
  line: z.number(),
  column: z.number(),
  severity: z.enum(["error", "warning"]),
  code: z.string(),
  message: z.string(),
  fix: z.string(),
  path: z.string().default(""),
});

export const stagingView = z.object({
  version: z.string(),
  previousVersion: z.string(),
  actor: z.string(),
  at: z.number(),
  note: text,
  endsAt: z.number(),
  stage: z.object({
    phase: z.string(),
    share: z.number(),
    step: z.number(),
    steps: z.number(),
    next: z.object({ at: z.number(), share: z.number() }).nullable(),
  }),
  sourceWaits: z.boolean().optional(),
});

export const replicasView = z.object({
  knows: z.string(),
  converged: z.boolean().nullable(),
  replicas: z.array(
    z.object({
      id: z.string(),
      self: z.boolean(),
      address: text,
      version: text,
      startedAt: z.number(),
      postedAt: z.number(),
      staging: z.object({ version: z.string(), share: z.number() }).nullable(),
      overrides: z.array(z.string()),
      pinned: text,
      refused: z.boolean(),
      source: z.object({ kind: z.string(), ok: z.boolean(), lastPollAt: z.number().nullable() }).nullable(),
    }),
  ),
});

/** A gateway of an earlier release says nothing of its source. */
export const statusView = policyStatusView.extend({
  source: z
    .object({
      kind: z.string(),
      address: z.string(),
      ok: z.boolean(),
      lastOkAt: z.number().nullable(),
      lastError: z.object({ at: z.number(), message: z.string() }).nullable(),
    })
    .optional(),
  staging: stagingView.nullish(),
  watch: z
    .object({
      version: z.string(),
      previousVersion: z.string(),
      newer: z.object({ requests: z.number(), errors: z.number() }),
      older: z.object({ requests: z.number(), errors: z.number() }),
    })
    .nullish(),
  overrides: z.array(overrideView).default([]),
  pinned: z
    .object({
      version: z.string(),
      at: z.number(),
      actor: z.string(),
      note: text,
      kept: z.literal(false).optional(),
    })
    .nullish(),
});

/** Records of an earlier release have neither words nor a note. */
const activationView = policyHistoryView.shape.activations.unwrap().element.extend({
  summary: z.array(z.string()).optional(),
  note: text.optional(),
});

export const historyView = z.object({
  activations: z.array(activationView),
  cursor: text.optional(),
});

/** What a push, a rollback and an unpin answer with. */
export const changeView = z.object({
  result: z.string(),
  version: z.string(),
  previousVersion: text,
  changes: z.array(z.string()),
  findings: z.array(findingView),
});

/** The same, of what may take over by steps. */
export const stagedView = changeView.extend({ staging: stagingView.optional() });

export const versionView = z.object({
  version: z.string(),
  activation: activationView,
  texts: z.array(z.object({ file: z.string(), text: z.string() })).min(1),
});

export const diffView = z.object({ changes: z.array(z.string()), paths: z.array(z.string()) });
