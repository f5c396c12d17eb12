/**
 * The last rungs of a use case as they are written: what answers when no model does, which answers are kept, and
 * what is done about a request that is too long. Owns their written form.
 */
import { z } from "zod";
import { secretSource } from "./credentials.ts";
import { count, duration, exactlyOne, id, longDuration } from "./fields.ts";

const COMMON_VARIABLES = ["use_case", "request_id", "tenant", "retry_after"] as const;
const HUMAN_VARIABLES = [...COMMON_VARIABLES, "ticket_id"] as const;

/** What a message of this degraded mode may mention. */
export function variablesOf(mode: string): readonly string[] {
  return mode === "human" ? HUMAN_VARIABLES : COMMON_VARIABLES;
}

const MENTIONS =
  "`{{use_case}}`, `{{request_id}}`, `{{tenant}}` and `{{retry_after}}` (seconds) are filled in";
/** Characters of one pattern of a rule. */
const MAX_PATTERN_LENGTH = 300;

const message = z.string().min(1).max(4000);
const textOfAnswer = message.describe(`Text of the answer; ${MENTIONS}.`);
const introduction = z.string().max(4000).prefault("").describe(`Text before what was found; ${MENTIONS}.`);
/** HTTP gives these no body, and clients follow a redirect instead of reading it. */
const WITHOUT_BODY: readonly number[] = [204, 205];

const status = z
  .int()
  .min(200)
  .max(599)
  .refine(
    (code) => !WITHOUT_BODY.includes(code) && (code < 300 || code >= 400),
    "must be a status whose answer has a body: 200 to 299 without 204 and 205, or 400 to 599",
  )
  .meta({ not: { anyOf: [{ enum: [...WITHOUT_BODY] }, { minimum: 300, maximum: 399 }] } })
  .prefault(200)
  .describe(
    "HTTP status of the answer. From 400 on the words are the message of an error in the caller's dialect; 503 where it is to come back, 200 where they are an answer.",
  );

const cached = z
  .strictObject({
    max_age: longDuration
      .optional()
      .describe("Oldest answer that will do; absent: whatever the use case's `cache` still has."),
    stale: z
      .boolean()
      .prefault(true)
      .describe("Whether an answer will do that is older than the cache's `ttl`."),
    status,
  })
  .describe("The answer that the same request was given before, where the use case has a `cache`.");

const partial = z
  .strictObject({
    min_chars: count.prefault(1).describe("Characters of it below which it is not told."),
    status,
  })
  .describe("What a model had said before its answer broke off, labelled as incomplete; text alone.");

const word = z.string().min(1).max(200);

const answerRule = z
  .strictObject({
    match: z
      .string()
      .min(1)
      .max(MAX_PATTERN_LENGTH)
      .optional()
      .describe("Regular expression, whatever the case: literals, classes, groups, `| ? * + {m,n} ^ $ \\b`."),
    contains: z
      .union([word, z.array(word).min(1).max(50)])
      .optional()
      .describe("Words of which the text has at least one, whatever the case."),
    answer: textOfAnswer,
    status,
  })
  .refine(exactlyOne(["match", "contains"]), "must have exactly one of match and contains");

const retrieval = z
  .strictObject({
    folder: z
      .string()
      .max(500)
      .regex(
        /^(?![/\\])(?!.*(?:^|[/\\])\.\.(?:[/\\]|$))[^\0]+$/,
        "must be a folder beside the policy: no leading slash and no ..",
      )
      .describe("Folder with .md and .txt files, as seen from the policy's own; read when the policy is."),
    top: z.int().min(1).max(10).prefault(3).describe("Passages that are quoted, at most."),
    message: introduction,
    status,
  })
  .describe("Passages of your own texts that have the question's words, quoted with their file.");

const summarizeOnly = z
  .strictObject({
    model: id.describe(
      "Model, or alias of one, that is asked, once, within what is left of the deadline and the ceiling.",
    ),
    max_output_tokens: count.prefault(300).describe("Most tokens of its answer."),
    message: introduction,
    status,
  })
  .describe("A smaller model that may only tell what the conversation itself has to say.");

const human = z
  .strictObject({
    queue: id.describe("Queue that the ticket goes to."),
    message: message.describe(`Text of the answer; ${MENTIONS}, and \`{{ticket_id}}\`.`),
    store_prompt: z
      .boolean()
      .prefault(false)
      .describe("Whether the user's last text is kept with the ticket, for whoever answers it."),
    max_open: count.prefault(1000).describe("Tickets of the queue that may wait at once."),
    webhook: z
      .strictObject({
        url: z
          .url({ protocol: /^https?$/, error: "must be an http or https URL" })
          .max(2000)
          .refine(isSafeUrl, "must be https, or http on this machine, without user and password")
          .describe("Where the answer is sent, as JSON, signed in `x-pointsman-signature`."),
        secret: secretSource.describe("Secret that signs it."),
      })
      .optional()
      .describe("Tells the application when a person has answered."),
    status,
  })
  .describe("A ticket for a person; the answer tells its id.");

export const degradedMode = z
  .strictObject({
    cached: cached.optional(),
    partial: partial.optional(),
    template: z.strictObject({ message: textOfAnswer, status }).optional().describe("A prepared answer."),
    rules: z
      .array(answerRule)
      .min(1)
      .max(100)
      .optional()
      .describe("Prepared answers; the first that the user's last text fits."),
    retrieval: retrieval.optional(),
    summarize_only: summarizeOnly.optional(),
    human: human.optional(),
    busy: z
      .strictObject({
        message: textOfAnswer,
        status,
        retry_after: duration.prefault("30s").describe("When to come back, sent as Retry-After."),
      })
      .optional()
      .describe("A polite request to come back later."),
  })
  .refine(
    exactlyOne(["cached", "partial", "template", "rules", "retrieval", "summarize_only", "human", "busy"]),
    "must have exactly one of cached, partial, template, rules, retrieval, summarize_only, human and busy",
  )
  .describe(
    "One of `cached`, `partial`, `rules`, `retrieval`, `summarize_only`, `human`, `template` and `busy`.",
  );

export const answerCache = z
  .strictObject({
    ttl: longDuration.describe("How long an answer is given again to the same request, without asking."),
    stale_for: longDuration
      .prefault("0s")
      .describe("How much longer it is kept, for the degraded mode `cached` alone."),
    scope: z
      .enum(["tenant", "user"])
      .prefault("tenant")
      .describe("Whose requests are the same: everybody's of a tenant, or one user's of it."),
  })
  .describe("Keeps answers, that is what models said; absent: none is kept.");

export const overflowMeasure = z
  .union([
    z.enum(["truncate_oldest", "larger_model", "fail"]),
    z.strictObject({
      summarize: z
        .strictObject({ model: id.describe("Model, or alias of one, that writes the summary.") })
        .describe("A summary in the place of the oldest turns."),
    }),
  ])
  .describe("`truncate_oldest`, `{ summarize: { model } }`, `larger_model` or `fail`.");

/** What is sent there is for the application alone. */
function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== "" || password !== "") return false;
  const isHere = hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  return protocol === "https:" || isHere;
}
