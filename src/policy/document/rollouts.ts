/** The document's rollouts: how a new model, prompt or parameter is let at traffic. Owns their written form. */
import { z } from "zod";
import { EFFORTS } from "../../core/request.ts";
import { STICKINESS } from "../../core/rollouts.ts";
import { count, exactlyOne, id } from "./fields.ts";
import { routeLadder, rung, scope } from "./routing.ts";

const PERCENT = /^(?:100(?:\.0+)?|\d{1,2}(?:\.\d{1,6})?)%$/;

/** `5`, `0.5` or `"5%"`. It stays as it was written, so that a diff shows `5% → 25%`. */
export const percent = z.union([
  z.number().min(0).max(100),
  z.string().regex(PERCENT, "must be a percentage from 0 to 100, such as 5 or 5%"),
]);

/** Percent, from 0 to 100, of what matched the schema. */
export function percentOf(written: z.output<typeof percent>): number {
  return typeof written === "number" ? written : Number.parseFloat(written);
}

export const stickiness = z.enum(STICKINESS);

const systemPrompt = z
  .strictObject({
    id: id.describe("Name of the prompt."),
    version: z
      .union([z.number(), z.string().min(1).max(64)])
      .describe("Its version; records say id@version."),
    text: z.string().min(1).max(100_000).describe("What the model is told."),
    place: z
      .enum(["before", "instead"])
      .prefault("before")
      .describe("Before the caller's own system messages, or instead of them."),
  })
  .describe("A versioned system prompt.");

const parameters = z
  .strictObject({
    temperature: z.number().min(0).max(2).optional().describe("Sampling temperature."),
    top_p: z.number().gt(0).max(1).optional().describe("Nucleus sampling."),
    top_k: count.optional().describe("Candidates for each token, at the most."),
    max_tokens: count.optional().describe("Output tokens at the most, instead of what the caller asks for."),
    frequency_penalty: z.number().min(-2).max(2).optional().describe("Against saying a word often."),
    presence_penalty: z.number().min(-2).max(2).optional().describe("Against saying a word again."),
    seed: z.int().optional().describe("For answers that can be had again, where the model can."),
    stop: z.array(z.string().min(1).max(100)).min(1).max(4).optional().describe("Texts that end the answer."),
    reasoning: z.enum(EFFORTS).optional().describe("How much the model shall think."),
  })
  .refine(
    (written) => Object.values(written).some((value) => value !== undefined),
    "must have at least one entry",
  )
  .describe("Controls that replace the caller's.");

const armShape = {
  model: rung
    .optional()
    .describe("Tried before the ladder that serves today, which then answers when this one cannot."),
  ladder: routeLadder.optional().describe("Climbed instead of the ladder that serves today."),
  system_prompt: systemPrompt.optional(),
  parameters: parameters.optional(),
};

const oneLadder = (arm: { readonly model?: unknown; readonly ladder?: unknown }) =>
  arm.model === undefined || arm.ladder === undefined;
const ONE_LADDER = "can have model or ladder, not both";

const armObject = z.strictObject(armShape).refine(oneLadder, ONE_LADDER);
const modelName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(@[A-Za-z0-9*._-]{1,64})?$/,
    "must be a model's name, or model@region",
  );
const arm = z
  .union([modelName, armObject])
  .describe("A model's name, or `{ model | ladder, system_prompt, parameters }`; empty: what serves today.");

const weightedArm = z
  .strictObject({ weight: percent.describe("Percent of requests."), ...armShape })
  .refine(oneLadder, ONE_LADDER)
  .describe("`{ weight, model | ladder, system_prompt, parameters }`.");

const canary = z
  .strictObject({
    stable: arm.optional().describe("What serves today; absent: as routes and use case say."),
    candidate: arm.optional().describe("What is tried."),
    weight: percent.optional().describe("Percent of requests for the candidate; absent: the first step."),
    steps: z
      .array(percent)
      .min(1)
      .max(20)
      .optional()
      .describe("Weights that `rollout promote` goes through, rising; absent: at once to 100."),
    arms: z
      .record(id, weightedArm)
      .optional()
      .describe("Two or more arms by name, in place of stable and candidate; weights sum to 100."),
  })
  .refine(exactlyOne(["candidate", "arms"]), "must have exactly one of candidate and arms")
  .refine((written) => written.candidate === undefined || (written.weight ?? written.steps) !== undefined, {
    error: "must have a weight or steps",
  })
  .refine(
    ({ arms, stable, weight, steps }) => arms === undefined || (stable ?? weight ?? steps) === undefined,
    "cannot have stable, weight or steps beside arms, which have their own weights",
  )
  .describe("Requests parted by weight.");

const blueGreen = z
  .strictObject({
    blue: arm.optional().describe("What serves today; absent: as routes and use case say."),
    green: arm.describe("What takes over."),
    live: z.enum(["blue", "green"]).prefault("blue").describe("Which of them has all requests."),
  })
  .describe("All requests to one of two; one word switches.");

const shadow = z
  .strictObject({
    candidate: arm.describe("What answers a copy of the request; nobody sees its answer."),
    share: percent.describe("Percent of requests that are copied."),
    max_cost_usd_per_hour: z
      .number()
      .gt(0)
      .max(100_000)
      .optional()
      .describe("US dollars that one process spends on copies in an hour; absent: no limit."),
  })
  .describe("A copy of requests for a candidate, after the live answer has begun.");

export const rollout = z
  .strictObject({
    name: id.describe("Name, as headers, records and metrics show it."),
    ...scope,
    sticky: stickiness
      .optional()
      .describe(
        "Who keeps an arm: caller (key), user, caller_and_user, or request (nobody). Default caller_and_user; " +
          "of a shadow request.",
      ),
    canary: canary.optional(),
    blue_green: blueGreen.optional(),
    shadow: shadow.optional(),
  })
  .refine(
    exactlyOne(["canary", "blue_green", "shadow"]),
    "must have exactly one of canary, blue_green and shadow",
  )
  .describe("How something new is let at traffic.");

export type WrittenRollout = z.output<typeof rollout>;
export type WrittenArm = z.output<typeof armObject>;
