/** What a Converse request asks for that the contract does not model. Owns the names under which it is told. */
import type { ModelRequest } from "../../core/request.ts";
import { isRecord } from "../fields.ts";
import type { JsonObject } from "../wire.ts";
import { MODELLED_FIELDS } from "./model-fields.ts";

/** Modelled, or saying nothing that a model would have to honour. */
const OURS: ReadonlySet<string> = new Set([
  "messages",
  "system",
  "inferenceConfig",
  "toolConfig",
  "outputConfig",
  "additionalModelRequestFields",
  "additionalModelResponseFieldPaths",
  "requestMetadata",
  "performanceConfig",
  "serviceTier",
  "input",
]);
const SAMPLING: ReadonlySet<string> = new Set(["maxTokens", "temperature", "topP", "stopSequences"]);

/** The fields of the body that another wire could not honour. */
export function converseBeyondContract(request: ModelRequest): readonly string[] {
  const { body } = request.origin;
  const conversation = isRecord(body.input) && isRecord(body.input.converse) ? body.input.converse : body;
  const lost = [...others(body, OURS, "")];
  lost.push(...others(conversation.inferenceConfig, SAMPLING, "inferenceConfig."));
  lost.push(
    ...others(conversation.additionalModelRequestFields, MODELLED_FIELDS, "additionalModelRequestFields."),
  );
  const { toolConfig } = conversation;
  const tools = isRecord(toolConfig) && Array.isArray(toolConfig.tools) ? toolConfig.tools : [];
  if (tools.some((tool) => has(tool, "systemTool"))) lost.push("toolConfig.tools.systemTool");
  const blocks = [...blocksOf(conversation)];
  if (blocks.some((block) => has(block, "guardContent"))) lost.push("guardContent");
  if (blocks.some((block) => has(block.document, "citations"))) lost.push("document.citations");
  return lost;
}

function* blocksOf(conversation: JsonObject): Iterable<JsonObject> {
  const messages = Array.isArray(conversation.messages) ? conversation.messages : [];
  const lists = [conversation.system, ...messages.map((message) => isRecord(message) && message.content)];
  for (const list of lists) if (Array.isArray(list)) yield* list.filter(isRecord);
}

function others(value: unknown, known: ReadonlySet<string>, prefix: string): readonly string[] {
  if (!isRecord(value)) return [];
  const names = Object.keys(value).filter((name) => !known.has(name) && value[name] !== null);
  return names.map((name) => prefix + name);
}

function has(value: unknown, member: string): boolean {
  return isRecord(value) && value[member] !== undefined && value[member] !== null;
}
