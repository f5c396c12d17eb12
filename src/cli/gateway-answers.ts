/**
 * What the command line reads of a gateway's answers. Owns the least shape each drawing needs: words of a
 * newer gateway pass as text, unknown fields are left alone, and something else at the address is noticed.
 */
import { z } from "zod";

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly();

const finding = z.object({
  file: z.string(),
  line: z.number(),
  column: z.number(),
  severity: z.string(),
  code: z.string(),
  message: z.string(),
  fix: z.string(),
});

const usage = z.object({
  inputTokens: z.number(),
  cacheReadTokens: z.number(),
  cacheWriteTokens: z.number(),
  cacheWrite1hTokens: z.number().exactOptional(),
  outputTokens: z.number(),
  reasoningTokens: z.number(),
});

const attempt = z.object({
  rung: z.string(),
  deployment: z.string(),
  model: z.string(),
  alias: z.string().optional(),
  provider: z.string(),
  region: z.string(),
  result: z.string(),
  fault: z
    .object({
      kind: z.string(),
      code: z.string(),
      cause: z
        .object({ status: z.number(), code: z.string(), detail: z.string(), providerRequestId: z.string() })
        .partial()
        .optional(),
    })
    .optional(),
  skipped: z.string().optional(),
  startedAtMs: z.number(),
  waitedMs: z.number(),
  durationMs: z.number(),
  firstTokenMs: z.number().optional(),
  hedge: z.boolean().optional(),
  usage: usage.optional(),
  cost: z.number().nullable(),
});

const refusal = z.object({
  deployment: z.string(),
  rung: z.string(),
  constraint: z.string(),
  reason: z.string(),
});

const text = z.string().nullable();

export const decisionView = z.object({
  id: z.string(),
  requestId: z.string(),
  traceId: z.string(),
  at: z.number(),
  keyId: z.string(),
  tenant: z.string(),
  tier: z.string(),
  wire: z.string(),
  useCase: text,
  rule: text,
  policyVersion: z.string(),
  stream: z.boolean(),
  refusals: list(refusal),
  attempts: list(attempt),
  outcome: z.string(),
  status: z.number(),
  rung: text,
  degraded: text,
  model: text,
  modelVersion: text,
  provider: text,
  region: text,
  finish: z.object({ unified: z.string(), raw: text }).nullable(),
  fault: z.object({ kind: z.string(), code: z.string() }).nullable(),
  usage,
  cost: z.number().nullable(),
  warnings: list(z.string()),
  durationMs: z.number(),
  firstTokenMs: z.number().nullable(),
  simulated: z.boolean(),
  exercise: z.boolean().optional(),
});

/** One decision record as the drawings need it; times are milliseconds, costs nano-dollars. */
export type DecisionView = z.output<typeof decisionView>;
export type AttemptView = DecisionView["attempts"][number];

/** Records stay as they came, for `--json`; `decisionView` reads each of them. */
export const decisionPage = z.object({
  decisions: list(z.looseObject({ id: z.string() })),
  cursor: text,
});
export type DecisionRecord = z.output<typeof decisionPage>["decisions"][number];

export const overrideView = z.object({
  rollout: z.string(),
  verb: z.string(),
  values: list(z.string()),
  at: z.number(),
  actor: z.string(),
  note: text,
});

const measure = z.object({
  how: z.string(),
  passedOver: list(z.object({ measure: z.string(), why: z.string() })),
  leftOut: z.object({ messages: list(z.object({ index: z.number() })), tokens: z.number() }).nullable(),
  remains: z.object({ messages: z.number(), tokens: z.number() }).nullable(),
  summary: z
    .object({
      deployment: z.string(),
      model: z.string(),
      region: z.string(),
      estimatedInputTokens: z.number(),
      estimatedOutputTokens: z.number(),
      estimatedCostUsd: text,
    })
    .nullable(),
  first: z.object({ rung: z.string(), deployment: z.string() }).nullable(),
  fault: z.object({ message: z.string() }).nullable(),
});

/** What is done about a request that is too long. */
const overflowView = measure.extend({
  inputTokens: z.number(),
  messages: z.number(),
  tooLongFor: list(z.object({ deployment: z.string(), room: z.number() })),
  withoutSummary: list(measure),
});
export type OverflowView = z.output<typeof overflowView>;

export const explanationView = z.object({
  useCase: z.string(),
  /** A gateway of an earlier release does not say. */
  strict: z.boolean().default(false),
  policyVersion: z.string(),
  contract: z.object({
    taskType: z.string(),
    latencyTier: z.string(),
    safetyLevel: z.string(),
    residency: list(z.string()).nullable(),
    callerResidency: list(z.string()).nullable(),
    capabilities: list(z.string()),
  }),
  /** Earlier releases say less of them. */
  signals: z.object({ spentUsd: z.record(z.string(), z.string()).nullish() }).optional(),
  rules: list(z.object({ name: z.string(), condition: text, verdict: z.string() })),
  rule: z.string(),
  /** A gateway of an earlier release knows neither of these three. */
  rollout: z
    .object({
      rollout: z.string(),
      kind: z.string(),
      arm: z.string(),
      why: z.string(),
      sticky: z.string(),
      arms: list(z.object({ arm: z.string(), weight: z.number(), bucket: z.number().nullable() })),
      prompt: text,
      parameters: list(z.string()),
    })
    .nullish(),
  /** What an operator has laid over that rollout. */
  override: overrideView.nullish(),
  shadows: list(z.object({ rollout: z.string(), deployment: z.string(), model: z.string() })).default([]),
  flags: list(
    z.object({
      flag: z.string(),
      value: z.union([z.boolean(), z.string(), z.number()]),
      variant: text,
      reason: z.string(),
    }),
  ).default([]),
  ladder: list(
    z.object({
      rung: z.string(),
      model: z.string(),
      /** A gateway of an earlier release knows none. */
      alias: text.default(null),
      selection: z.string(),
      candidates: list(
        z.object({
          deployment: z.string(),
          modelVersion: z.string().optional(),
          provider: z.string(),
          region: z.string(),
          healthy: z.boolean(),
          estimatedCostUsd: text,
          /** A gateway of an earlier release knows none of these three. */
          warnings: list(z.object({ control: z.string() })).default([]),
          refusal: z.object({ message: z.string() }).nullish(),
          maxOutputTokens: z.number().nullable().default(null),
        }),
      ),
    }),
  ),
  refusals: list(refusal),
  /** A gateway of an earlier release does not say. */
  overflow: overflowView.nullish(),
  degraded: list(
    z.object({
      mode: z.string(),
      message: z.string(),
      status: z.number(),
      retryAfterSeconds: z.number().optional(),
    }),
  ),
  deadlineMs: z.number(),
  costCeilingUsd: text,
  maxAttempts: z.number(),
  estimatedInputTokens: z.number(),
  estimatedOutputTokens: z.number(),
  /** A gateway of an earlier release does not say. */
  openEnded: z.boolean().default(false),
  fault: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type ExplanationView = z.output<typeof explanationView>;

const healthRow = z.object({
  deployment: z.string(),
  model: z.string(),
  region: z.string(),
  state: z.string(),
  reason: text,
  nextProbeAt: z.number().nullable(),
  cooldownUntil: z.number().nullable(),
  inFlight: z.number(),
  firstTokenMs: z.number().nullable(),
  firstTokenP95Ms: z.number().nullable(),
  calls: z.number(),
  failures: z.number(),
  slow: z.number(),
  lastProbe: z.object({ at: z.number(), ok: z.boolean(), code: text }).nullish(),
});

const queueView = z.object({
  depth: z
    .object({ ready: z.number(), delayed: z.number(), inHand: z.number(), dead: z.number() })
    .nullable(),
  problem: z.string().nullable(),
});
export type QueueView = z.output<typeof queueView>;

/** `kept` false: a restart would lose what was ordered. */
export const orderedRow = healthRow.extend({ kept: z.literal(false).optional() });

/** A gateway of an earlier release says nothing of its time, nor of its queue. */
export const healthView = z.object({
  at: z.number().optional(),
  deployments: list(healthRow),
  queue: queueView.optional(),
});
export type HealthRow = z.output<typeof healthView>["deployments"][number];

export const policyStatusView = z.object({
  version: text,
  environment: text,
  activatedAt: z.number().nullable(),
  files: list(z.string()),
  warnings: list(finding),
  refused: z.object({ at: z.number(), findings: list(finding) }).nullable(),
});

export const policyHistoryView = z.object({
  activations: list(
    z.object({
      at: z.number(),
      actor: z.string(),
      source: z.string(),
      result: z.string(),
      version: text,
      changes: list(z.string()),
      findings: list(z.string()),
    }),
  ),
});
