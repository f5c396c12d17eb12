/** The document's models and deployments: what there is to call. Owns their written form. */
import { z } from "zod";
import { CAPABILITIES, SAFETY_LEVELS } from "../../core/contract.ts";
import { count, id, price, regionGlob } from "./fields.ts";

export { provider } from "./provider-kinds.ts";

const prices = z
  .strictObject({
    input: price.describe("Input tokens."),
    output: price.describe("Output tokens."),
    cache_read: price.optional().describe("Input read from a prompt cache; as `input` when absent."),
    cache_write: price.optional().describe("Input written to a prompt cache; as `input` when absent."),
    cache_write_1h: price
      .optional()
      .describe(
        "Of that, what is kept for an hour (`ttl: 1h`); as `cache_write` when absent. Anthropic bills 2 × `input` for it, and 1.25 × for five minutes.",
      ),
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
    max_output_tokens: count
      .optional()
      .describe(
        "Most tokens it can produce in one answer: a caller who asks for more is sent on with this. Absent: 4096 is counted with, and whatever a caller asks for is sent.",
      ),
    capabilities: z
      .array(z.enum(CAPABILITIES))
      .prefault([])
      .describe(
        "What it can do. A request that needs something else is never sent to it; one with `embeddings` alone has no words for a chat.",
      ),
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

export const modelAlias = z
  .union([
    id,
    z.strictObject({
      model: id.describe("The model it stands for, from `models`."),
      note: z
        .string()
        .min(1)
        .max(500)
        .optional()
        .describe("Why it stands there, for people: who approved it."),
    }),
  ])
  .describe("A model's name, or `{ model, note }`.");

const hostName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/, "must be 1 to 63 letters, digits or dashes");

const jsonTemplate = z
  .strictObject({
    request: z
      .record(z.string(), z.unknown())
      .describe("Body of a request, with `{{prompt}}`, `{{max_tokens}}` and the like where values go."),
    text: z
      .string()
      .regex(/^(?:\/(?:[^~/]|~[01])*)+$/, "must be a JSON pointer, such as /0/generated_text")
      .describe("JSON pointer to the text in the answer, such as /0/generated_text."),
  })
  .describe("For a container of no known API: its request, and where its answers stand.");

const endpoint = z
  .strictObject({
    target_variant: hostName.optional().describe("Production variant that is called."),
    target_model: z
      .string()
      .regex(/^[\x21-\x7e]{1,1024}$/, "must be printable ASCII without spaces")
      .optional()
      .describe("Model of a multi-model endpoint, such as model.tar.gz."),
    inference_component: hostName.optional().describe("Inference component that is called."),
    framing: z
      .enum(["sagemaker-sse", "aws-event-stream"])
      .prefault("sagemaker-sse")
      .describe("How a stream is cut: server-sent events inside payload parts, or the parts themselves."),
    template: jsonTemplate.optional(),
  })
  .describe("What of a SageMaker endpoint is called, and how. For `sagemaker` providers alone.");

export const deployment = z
  .strictObject({
    model: id.describe("Name of the model, from `models`."),
    provider: id.describe("Name of the provider, from `providers`."),
    model_id: z
      .string()
      .min(1)
      .max(2048)
      .describe(
        "The provider's own name of the model. Bedrock: a model's id, an inference profile's id or an ARN; " +
          "SageMaker: the endpoint; Azure: the deployment.",
      ),
    base_model: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe(
        "The provider's name of the model behind a `model_id` that hides it, such as the ARN of an application's " +
          "inference profile: thinking, sampling and embeddings are asked for as that model wants them.",
      ),
    region: id.describe("Where it is called. Residency and cross-region rungs go by it."),
    regions: z
      .array(regionGlob)
      .min(1)
      .max(64)
      .optional()
      .describe(
        "Every region in which a call may be processed, for residency; default: what Bedrock's inference " +
          "profile says, else `region`.",
      ),
    endpoint: endpoint.optional(),
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
