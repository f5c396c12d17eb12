/** The document's providers, models and deployments: what there is to call. Owns their written form. */
import { z } from "zod";
import { CAPABILITIES, SAFETY_LEVELS } from "../core/contract.ts";
import { count, environmentVariable, exactlyOne, headerName, headerValue, id, price } from "./fields.ts";

const credentialSource = z
  .strictObject({
    env: environmentVariable.optional().describe("Environment variable that holds the secret."),
    file: z.string().min(1).max(4096).optional().describe("File that holds the secret, alone on a line."),
    style: z
      .union([z.literal("bearer"), z.strictObject({ header: headerName.describe("Header's name.") })])
      .prefault("bearer")
      .describe("`bearer` sends `Authorization: Bearer …`; `{ header: api-key }` sends it in that header."),
  })
  .refine(exactlyOne(["env", "file"]), "must have exactly one of env and file");

const baseUrl = z.string().refine(isPlainUrl, {
  error: "must be an http or https URL without user, password, query or fragment",
});

/** A URL that can be printed: nothing secret fits into it. */
function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const plain = url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  return plain && (url.protocol === "http:" || url.protocol === "https:");
}

const headers = z
  .record(headerName, headerValue)
  .prefault({})
  .describe("Extra headers sent with every call. Never secrets: those belong in `credential`.");

const unsupported = z
  .array(z.string().min(1).max(64))
  .prefault([])
  .describe("Body fields that this server refuses; they are left out, with a warning to the caller.");

const simulator = z.strictObject({
  kind: z.literal("simulator").describe("The embedded simulator: no key, no network, marked as simulated."),
});

const openai = z.strictObject({
  kind: z.literal("openai").describe("OpenAI itself."),
  base_url: baseUrl
    .prefault("https://api.openai.com/v1")
    .describe("URL before `/chat/completions`, for a regional endpoint or a proxy."),
  credential: credentialSource.describe("Where the API key comes from; the key is never written here."),
  headers,
  unsupported,
});

const openaiCompatible = z.strictObject({
  kind: z.literal("openai-compatible").describe("Any server that speaks OpenAI's chat completions."),
  base_url: baseUrl.describe("URL before `/chat/completions`, such as http://127.0.0.1:11434/v1."),
  credential: z
    .union([z.literal("none"), credentialSource])
    .prefault("none")
    .describe("Where the API key comes from, or `none`."),
  headers,
  unsupported,
});

export const provider = z
  .discriminatedUnion("kind", [simulator, openai, openaiCompatible])
  .describe("Someone who serves models: how to reach and how to authenticate.");

const prices = z
  .strictObject({
    input: price.describe("Input tokens."),
    output: price.describe("Output tokens."),
    cache_read: price.optional().describe("Input read from a prompt cache; as `input` when absent."),
    cache_write: price.optional().describe("Input written to a prompt cache; as `input` when absent."),
    reasoning: price.optional().describe("Reasoning tokens; as `output` when absent."),
  })
  .describe("US dollars per million tokens. Without it, costs are unknown and an alarm is raised.");

const notes = z.array(z.string().min(1).max(500)).prefault([]);

export const model = z
  .strictObject({
    role: z.string().max(200).prefault("").describe('What it is for, in your words: "large generalist".'),
    version: z.string().min(1).max(64).prefault("unversioned").describe("Version, quoted: it is text."),
    status: z
      .enum(["experimental", "approved", "deprecated", "retired"])
      .prefault("approved")
      .describe("Only `approved` and `deprecated` models serve traffic."),
    context_window: count.describe("Tokens, input and output together."),
    max_output_tokens: count.prefault(4096).describe("Most tokens it can produce in one answer."),
    capabilities: z
      .array(z.enum(CAPABILITIES))
      .prefault([])
      .describe("What it can do. A request that needs something else is never sent to it."),
    safety_level: z
      .enum(SAFETY_LEVELS)
      .prefault("standard")
      .describe("Highest safety level it is approved for; it serves every lower one too."),
    prices: prices.optional(),
    limitations: notes.describe("Known limitations, for people."),
    weak_intents: notes.describe("Intents it is known to handle badly."),
    weak_languages: notes.describe("Languages it is known to handle badly."),
    tenants: z.array(id).min(1).optional().describe("Tenants that may use it; absent: all."),
  })
  .describe("A model as your organisation knows it, wherever it is deployed.");

export const deployment = z
  .strictObject({
    model: id.describe("Name of the model, from `models`."),
    provider: id.describe("Name of the provider, from `providers`."),
    model_id: z.string().min(1).max(256).describe("The provider's own name of the model."),
    region: id.describe("Where it runs. Residency and cross-region rungs go by it."),
    weight: z
      .number()
      .min(0)
      .max(10_000)
      .prefault(1)
      .describe("Share inside a rung under `select: weighted`; 0: only when nothing else is left."),
    quota_group: id
      .or(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/))
      .optional()
      .describe("Deployments with the same group share a quota; default: provider/region/model."),
  })
  .describe("A model at a provider in a region: the thing that is called.");
