/** The kinds of providers that a policy can name. Owns the written form of each, and its usual URL. */
import { z } from "zod";
import {
  awsCredential,
  azureCredential,
  bedrockCredential,
  googleCredential,
  keyCredential,
} from "./credentials.ts";
import { exactlyOne, headerName, headerValue } from "./fields.ts";

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

/** What every real provider has. */
const common = {
  headers: z
    .record(headerName, headerValue)
    .prefault({})
    .describe("Extra headers sent with every call. Never secrets: those belong in `credential`."),
  unsupported: z
    .array(z.string().min(1).max(64))
    .prefault([])
    .describe(
      "Body fields that this server refuses or ignores; they are left out, with a warning to the caller.",
    ),
};

const openaiWire = z
  .enum(["openai-chat", "openai-responses"])
  .prefault("openai-chat")
  .describe("API that chat requests are sent to: chat completions or responses.");

const simulator = z.strictObject({
  kind: z.literal("simulator").describe("The embedded simulator: no key, no network, marked as simulated."),
  wire: z
    .enum([
      "openai-chat",
      "openai-responses",
      "anthropic-messages",
      "bedrock-converse",
      "bedrock-invoke",
      "gemini",
    ])
    .prefault("openai-chat")
    .describe("API that the simulator plays."),
});

const openai = z.strictObject({
  kind: z.literal("openai").describe("OpenAI itself."),
  base_url: baseUrl
    .prefault("https://api.openai.com/v1")
    .describe("URL before `/chat/completions`, for a regional endpoint or a proxy."),
  wire: openaiWire,
  organization: headerValue.optional().describe("Organization that calls are counted for."),
  project: headerValue.optional().describe("Project that calls are counted for."),
  credential: keyCredential("bearer").describe(
    "Where the API key comes from; the key is never written here.",
  ),
  ...common,
});

const openaiCompatible = z.strictObject({
  kind: z.literal("openai-compatible").describe("Any server that speaks OpenAI's API."),
  base_url: baseUrl.describe("URL before `/chat/completions`, such as http://127.0.0.1:11434/v1."),
  wire: openaiWire,
  credential: z
    .union([z.literal("none"), keyCredential("bearer")])
    .prefault("none")
    .describe("Where the API key comes from, or `none`."),
  ...common,
});

const azureOpenai = z
  .strictObject({
    kind: z
      .literal("azure-openai")
      .describe("Azure OpenAI; `model_id` of a deployment is Azure's deployment."),
    resource: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/, "must be the resource's name, without a domain")
      .optional()
      .describe("Name of the resource: `https://NAME.openai.azure.com`."),
    base_url: baseUrl.optional().describe("URL before `/openai`, in place of `resource`."),
    api_version: z
      .string()
      .regex(/^\d{4}-\d{2}-\d{2}(?:-preview)?$/, "must be a version such as 2024-10-21")
      .optional()
      .describe("Version of the dated API, such as 2024-10-21; absent: the v1 API."),
    wire: openaiWire,
    credential: azureCredential.describe("Where the API key comes from, or `{ entra: {} }` for a token."),
    ...common,
  })
  .refine(exactlyOne(["resource", "base_url"]), "must have exactly one of resource and base_url");

const anthropic = z.strictObject({
  kind: z.literal("anthropic").describe("Anthropic itself."),
  base_url: baseUrl.prefault("https://api.anthropic.com/v1").describe("URL before `/messages`."),
  credential: keyCredential({ header: "x-api-key" }).describe("Where the API key comes from."),
  ...common,
});

const bedrock = z.strictObject({
  kind: z.literal("bedrock").describe("Amazon Bedrock, in the region of each deployment."),
  base_url: baseUrl
    .optional()
    .describe("URL before `/model`, for a VPC or FIPS endpoint; default: the region's public one."),
  wire: z
    .enum(["bedrock-converse", "bedrock-invoke"])
    .prefault("bedrock-converse")
    .describe("API that chat requests are sent to: Converse, or InvokeModel for Anthropic's own body."),
  credential: bedrockCredential.describe(
    "AWS's standard chain signs; `{ env: AWS_BEARER_TOKEN_BEDROCK }` sends an API key of Bedrock.",
  ),
  ...common,
});

const sagemaker = z.strictObject({
  kind: z.literal("sagemaker").describe("Amazon SageMaker endpoints; `model_id` is the endpoint's name."),
  base_url: baseUrl
    .optional()
    .describe("URL before `/endpoints`, for a VPC endpoint; default: the region's public one."),
  credential: awsCredential.describe("AWS's standard chain signs."),
  ...common,
});

const gemini = z.strictObject({
  kind: z.literal("gemini").describe("The Gemini API of Google AI Studio."),
  base_url: baseUrl
    .prefault("https://generativelanguage.googleapis.com/v1beta")
    .describe("URL before `/models`."),
  credential: keyCredential({ header: "x-goog-api-key" }).describe("Where the API key comes from."),
  ...common,
});

const vertex = z.strictObject({
  kind: z.literal("vertex").describe("Google Vertex AI; the `region` of a deployment is its location."),
  project: z
    .string()
    .regex(/^[a-z][a-z0-9.:-]{1,62}$/, "must be the project's id, such as my-project-1")
    .describe("Id of the Google Cloud project."),
  publisher: z.enum(["google", "anthropic"]).prefault("google").describe("Whose models: Gemini or Claude."),
  base_url: baseUrl
    .optional()
    .describe("URL before `/v1/projects`, for a private endpoint; default: the location's public one."),
  credential: googleCredential.describe("Google's application default credentials, or a file's."),
  ...common,
});

export const provider = z
  .discriminatedUnion("kind", [
    simulator,
    openai,
    openaiCompatible,
    azureOpenai,
    anthropic,
    bedrock,
    sagemaker,
    gemini,
    vertex,
  ])
  .describe("Someone who serves models: how to reach and how to authenticate.");
