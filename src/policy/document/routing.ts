/** The document's use cases, ladders and routes: who is served by what. Owns their written form. */
import { z } from "zod";
import { LATENCY_TIERS, SAFETY_LEVELS, TASK_TYPES } from "../../core/contract.ts";
import { STREAM_RECOVERIES } from "../../core/plan.ts";
import { answerCache, degradedMode, overflowMeasure } from "./degraded.ts";
import { alias, count, duration, exactlyOne, id, regionGlob } from "./fields.ts";
import { useCaseJobs } from "./jobs.ts";
import { matchTable } from "./match.ts";
import { exercise, hedge } from "./resilience.ts";

/** Characters of a condition's text. */
export const MAX_CONDITION_LENGTH = 2000;

const selection = z
  .enum(["weighted", "lowest_latency", "least_busy", "lowest_cost", "sticky"])
  .describe("How to choose between the deployments of this rung.");

const rungObject = z
  .strictObject({
    model: id
      .optional()
      .describe("Name of a model, or an alias of one: all its deployments, or those in `regions`."),
    regions: z.array(regionGlob).min(1).optional().describe("Regions or globs that narrow `model`."),
    deployments: z.array(id).min(1).optional().describe("Deployments by name, in place of `model`."),
    select: selection.prefault("weighted"),
  })
  .refine(exactlyOne(["model", "deployments"]), "must have exactly one of model and deployments")
  .refine((rung) => rung.regions === undefined || rung.model !== undefined, {
    error: "can only have regions together with model",
    path: ["regions"],
  });

const rungShorthand = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(@[A-Za-z0-9*._-]{1,64})?$/,
    "must be a model's name, or model@region",
  );

export const rung = z
  .union([rungShorthand, rungObject])
  .describe("A model's name, `model@region`, `{ model, regions, select }` or `{ deployments, select }`.");

const ladderShape = {
  primary: rung.describe(
    "Tried first: a model's name, `model@region`, `{ model, regions, select }` or `{ deployments, select }`.",
  ),
  cross_region: z
    .union([
      z.enum(["auto", "none"]),
      z.strictObject({ regions: z.array(regionGlob).min(1).describe("Regions or globs.") }),
    ])
    .prefault("auto")
    .describe("Second: the same model elsewhere. `auto`: wherever it is deployed outside the primary."),
  fallback: z
    .array(rung)
    .max(16)
    .prefault([])
    .describe("Then other models, one rung an entry, written as `primary` is."),
};

export const routeLadder = z.strictObject(ladderShape);

const ladder = z.strictObject({
  ...ladderShape,
  degraded: z
    .array(degradedMode)
    .max(8)
    .prefault([])
    .describe(
      "What answers when no model does, in this order; a mode that has nothing to say passes on to the next.",
    ),
});

export const useCase = z
  .strictObject({
    description: z.string().max(1000).prefault("").describe("What it is for, for people."),
    aliases: z.array(alias).prefault([]).describe("Other names callers may use; unique over everything."),
    task_type: z.enum(TASK_TYPES).prefault("chat").describe("What kind of work it is."),
    latency_tier: z
      .enum(LATENCY_TIERS)
      .prefault("standard")
      .describe("How long the caller can wait; timeouts follow from it."),
    safety_level: z
      .enum(SAFETY_LEVELS)
      .prefault("standard")
      .describe("Least safety level of a model that may serve it; a caller can raise it, never lower it."),
    residency: z
      .array(regionGlob)
      .min(1)
      .optional()
      .describe("Regions or globs that may process its requests; absent: all. No rule can override it."),
    deadline: duration
      .optional()
      .describe("For the whole ladder; default 20s interactive, 90s standard, 10m batch."),
    cost_ceiling_usd: z
      .number()
      .gt(0)
      .max(10_000)
      .optional()
      .describe(
        "US dollars for the whole ladder of one request, absent: none. Where nobody states a limit of the answer, what it pays for is sent as one.",
      ),
    max_attempts: z.int().min(1).max(10).prefault(3).describe("Calls to models for one request, at most."),
    max_output_tokens: count
      .optional()
      .describe("Most output tokens of an answer: sent as its limit, and lowers what a caller asks for."),
    format_retries: z
      .int()
      .min(0)
      .max(3)
      .prefault(1)
      .describe("How often a malformed answer is asked for again with format instructions."),
    stream_recovery: z
      .enum(STREAM_RECOVERIES)
      .prefault("fail")
      .describe(
        "When a stream breaks after its first words: `fail` ends it with an error; `continue` lets the next " +
          "deployment go on from what was told (text only); `buffer` holds the stream until it is complete.",
      ),
    on_overflow: z
      .array(overflowMeasure)
      .min(1)
      .max(4)
      .prefault(["larger_model"])
      .describe("What is done about a request that is too long for its model, in this order."),
    cache: answerCache.optional(),
    hedge: hedge.optional(),
    exercise: exercise.optional(),
    jobs: useCaseJobs.optional(),
    ladder: ladder.describe("What serves it when no route matches, rung by rung."),
  })
  .describe("What applications ask for, in place of a model.");

/** Which requests a rule or a rollout is about. */
export const scope = {
  use_case: z
    .union([id, z.array(id).min(1)])
    .optional()
    .describe("Use case or list of them; absent: all."),
  match: matchTable
    .optional()
    .describe("Simple conditions as a map; all entries must hold, and `when` too where there is one."),
  when: z
    .string()
    .min(1)
    .max(MAX_CONDITION_LENGTH)
    .optional()
    .describe(
      "CEL over request (use_case, task_type, latency_tier, safety_level, stream, has_tools, has_images, " +
        "response_format, messages, max_tokens), caller (key, tenant, tier, role) and signals " +
        '(input_tokens, complexity, language, hour, minute, weekday, spend_{tenant,key,use_case}_{today,month}, healthy["deployment"], ' +
        'first_token_ms["deployment"]), and flags.name. Absent, without `match`: always.',
    ),
};

export const route = z
  .strictObject({
    name: id
      .refine((name) => name !== "default", "cannot be default: that names the use case's own ladder")
      .describe("Name of the rule, as explain and decision records show it."),
    ...scope,
    ladder: routeLadder.describe("What serves the request when the condition holds."),
  })
  .describe("A rule; the first whose condition holds decides the ladder.");
