/**
 * A drill as its author writes it: a policy, a load, a schedule of faults and what must hold all the while. Owns
 * the schema; whether its names exist is prepare-drill.ts's business.
 */
import { z } from "zod";
import { duration, exactlyOne, id } from "../../policy/document/fields.ts";
import { scenarioSchema } from "../../providers/simulator/scenario.ts";

/** A share: 0 to 1. */
const share = z.number().min(0).max(1);
const milliseconds = z.number().gt(0).max(86_400_000);
const tolerated = z.int().min(0).max(1_000_000);
const prompt = z.string().min(1).max(2000);

const drillUseCase = z.union([
  z.number().gt(0).max(1e6),
  z.strictObject({
    weight: z.number().gt(0).max(1e6).prefault(1).describe("Share of the load, beside those of the others."),
    stream: share.optional().describe("Share of its requests that are streamed; default: the load's."),
    schema: z
      .record(z.string(), z.unknown())
      .optional()
      .describe("JSON Schema that answers are asked to keep, and are checked against."),
    prompts: z.array(prompt).min(1).max(32).optional().describe("What is asked; default: the load's."),
  }),
]);

const surge = z
  .strictObject({
    start: duration.describe("After the load began, in the schedule's time."),
    duration: duration.describe("In the schedule's time."),
    times: z.number().gt(0).max(1000).describe("The rate is multiplied by this."),
  })
  .describe("A time of more, or less, load.");

const load = z
  .strictObject({
    rate: z.number().gt(0).max(10_000).optional().describe("Requests a second, whatever the answers do."),
    concurrency: z
      .int()
      .min(1)
      .max(2000)
      .optional()
      .describe("In place of `rate`: so many callers, each asking again as soon as it is answered."),
    duration: duration.describe("How long, in the schedule's time."),
    stream: share.prefault(0.5).describe("Share of the requests that are streamed."),
    prompts: z.array(prompt).min(1).max(32).optional().describe("What is asked; default: some of our own."),
    surges: z.array(surge).max(100).prefault([]).describe("Times of more load; with `rate` alone."),
  })
  .refine(exactlyOne(["rate", "concurrency"]), "must have exactly one of rate and concurrency")
  .refine((value) => value.rate !== undefined || value.surges.length === 0, {
    error: "can only have surges together with rate",
    path: ["surges"],
  });

const schedule = z
  .strictObject({
    scenario: z.string().min(1).max(1000).optional().describe("A scenario's file, relative to this one."),
    ...scenarioSchema.omit({ version: true }).partial().shape,
  })
  .refine((value) => value.scenario === undefined || Object.keys(value).length === 1, {
    error: "has either a scenario's file or its own seed, defaults, deployments and faults",
    path: ["scenario"],
  })
  .describe(
    "What goes wrong when, as in a simulator's scenario. Deployments that are not listed are the policy's own.",
  );

const slo = z
  .strictObject({
    availability: share
      .optional()
      .describe("Least share of requests with a complete answer, degraded ones too."),
    degraded_share: share.optional().describe("Most requests that no model answered, as a share."),
    use_cases: z
      .record(id, z.strictObject({ availability: share }))
      .optional()
      .describe("Least availability of single use cases."),
    p50_ms: milliseconds.optional().describe("Time to the end of the answer, or to the refusal: the median."),
    p99_ms: milliseconds.optional().describe("The 99th percentile of the same."),
    first_token_p99_ms: milliseconds.optional().describe("To the first words of streamed answers."),
    amplification: z.number().min(0).max(100).optional().describe("Most calls to models for one request."),
    extra_cost: z
      .number()
      .min(0)
      .max(1000)
      .optional()
      .describe("Most that may be spent beyond what the primary alone would have cost, as a share of that."),
    truncated_as_complete: tolerated
      .prefault(0)
      .describe("Answers whose end is missing though they say that they are complete."),
    wrong_answers: tolerated
      .prefault(0)
      .describe("Complete answers with words that nobody said, or that break the schema asked for."),
    hung: tolerated.prefault(0).describe("Requests without an end 5 s after their deadline."),
    unexplained: tolerated
      .optional()
      .describe("Errors without a Retry-After in seconds, and connections dropped without a word."),
    late: tolerated.optional().describe("Requests that ended more than 250 ms after their deadline."),
    upstream_share: z
      .record(id, share)
      .optional()
      .describe("Most of the calls to models that may go to a deployment, as a share."),
    circuits: z
      .array(id)
      .min(1)
      .optional()
      .describe(
        "Deployments whose circuits the next two are about; default: all that faults strike and that open.",
      ),
    open_within: duration.optional().describe("From the start of its fault until a circuit is open."),
    recover_within: duration.optional().describe("From the end of its last fault until it is closed again."),
  })
  .describe("What must hold for the drill to pass. Times here are the clock's, not the schedule's.");

/** What a stop condition can look at, over its last seconds. */
export const WATCHED = [
  "availability",
  "degraded_share",
  "p50_ms",
  "p99_ms",
  "failures",
  "hung",
  "truncated_as_complete",
] as const;
export type Watched = (typeof WATCHED)[number];

const stopCondition = z
  .strictObject({
    metric: z.enum(WATCHED).describe("What is watched; `failures` counts requests without an answer."),
    below: z.number().optional().describe("Stops when it is less."),
    above: z.number().optional().describe("Stops when it is more."),
    over: duration.prefault("5s").describe("Looked at over this long, on the clock; a minute at most."),
  })
  .refine(exactlyOne(["below", "above"]), "must have exactly one of below and above")
  .describe("Ends the drill early: when this holds, nothing more can be learnt, or too much is at stake.");

/** The whole document. */
export const drillSchema = z
  .strictObject({
    version: z.literal(1).describe("Version of this format."),
    name: id.describe("Name of the drill."),
    description: z.string().max(2000).prefault("").describe("What is rehearsed, for people."),
    policy: z
      .string()
      .min(1)
      .max(1000)
      .optional()
      .describe("The policy's file, relative to this one; default: the example policy."),
    environment: id
      .optional()
      .describe(
        "With the overlay of an environment: policy.NAME.yaml beside policy.yaml, for simulated providers.",
      ),
    use_case: id.optional().describe("What the load asks for."),
    use_cases: z
      .record(id, drillUseCase)
      .optional()
      .describe(
        "In place of `use_case`: several, each with its weight or `{ weight, stream, schema, prompts }`.",
      ),
    load: load.describe("The requests."),
    compress: z
      .number()
      .min(1)
      .max(100_000)
      .prefault(1)
      .describe(
        "How many times faster the schedule runs than it is written: starts, lengths and repeats of faults and " +
          "the durations of the load are divided by it, timeouts and delays are not.",
      ),
    schedule,
    slo: slo.prefault({}),
    stop_conditions: z.array(stopCondition).max(20).prefault([]),
    seed: z
      .int()
      .min(0)
      .optional()
      .describe("Whatever is drawn by chance follows from it; default: the schedule's."),
  })
  .refine(exactlyOne(["use_case", "use_cases"]), {
    error: "must have exactly one of use_case and use_cases",
    path: ["use_cases"],
  })
  .describe("A game day's drill: a load, faults on a schedule, and what must hold all the while.");

/** A valid document with its defaults. Durations of its own are still text. */
export type DrillDocument = z.output<typeof drillSchema>;
export type Slo = DrillDocument["slo"];
export type StopCondition = DrillDocument["stop_conditions"][number];

/** The published JSON Schema (draft 2020-12) of what an author writes. */
export function drillJsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...rest } = z.toJSONSchema(drillSchema, {
    io: "input",
    target: "draft-2020-12",
    unrepresentable: "any",
  });
  return { $schema, title: "Pointsman game day", ...rest };
}
