/** What an InvokeModel request asks for that the contract does not model. Owns the names under which it is told. */
import type { ModelRequest } from "../../core/request.ts";
import { anthropicMessages } from "../anthropic-messages.ts";
import { asMessagesRequest, headersForBedrock } from "../bedrock-claude-body.ts";

/** Of embedding bodies what the contract models, or what changes no vector by itself. */
const EMBEDDING: ReadonlySet<string> = new Set([
  "inputText",
  "dimensions",
  "embeddingTypes",
  "texts",
  "input_type",
  "output_dimension",
  "embedding_types",
]);

/** The fields and headers that another wire could not honour. */
export function invokeBeyondContract(request: ModelRequest): readonly string[] {
  const { body } = request.origin;
  const fields =
    request.operation === "embed"
      ? Object.keys(body).filter((name) => !EMBEDDING.has(name) && !isDefault(name, body[name]))
      : anthropicMessages.beyondContract(asMessagesRequest(request));
  return [...fields, ...headersForBedrock(request)];
}

/** Vectors of unit length are what every other model gives, and a text that fits need not be cut. */
function isDefault(name: string, value: unknown): boolean {
  if (value === null) return true;
  return (name === "normalize" && value === true) || (name === "truncate" && value === "NONE");
}
