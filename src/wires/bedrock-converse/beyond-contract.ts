/** What a Converse request asks for that the contract does not model. Owns the names under which it is told. */
import { isRecord } from "../../core/json.ts";
import type { ModelRequest } from "../../core/request.ts";
import { strayFields } from "../stray-fields.ts";
import type { JsonObject } from "../wire.ts";
import { MODELLED_FIELDS } from "./model-fields.ts";
import { checkCount, checkRequest } from "./parse-request.ts";

/** Fields that say nothing a model would have to honour, are told of below, or accompany an earlier answer. */
const NEUTRAL: ReadonlySet<string> = new Set([
  "performanceConfig",
  "serviceTier",
  "input.invokeModel",
  "system[].guardContent.text.qualifiers",
  "messages[].content[].guardContent.text.qualifiers",
  "messages[].content[].citationsContent.citations",
]);

/** The fields of the body that another wire could not honour. */
export function converseBeyondContract({ operation, origin: { body } }: ModelRequest): readonly string[] {
  const read = operation === "count_tokens" ? checkCount(body) : checkRequest(body);
  const lost = [...strayFields(body, read.success ? read.data : body, NEUTRAL)];
  const conversation = isRecord(body.input) && isRecord(body.input.converse) ? body.input.converse : body;
  if (isStated(body.serviceTier, "type", "default")) lost.push("serviceTier");
  if (isStated(body.performanceConfig, "latency", "standard")) lost.push("performanceConfig");
  lost.push(...beyondModelled(conversation.additionalModelRequestFields));
  const { toolConfig } = conversation;
  const tools = isRecord(toolConfig) && Array.isArray(toolConfig.tools) ? toolConfig.tools : [];
  if (tools.some((tool) => has(tool, "systemTool"))) lost.push("toolConfig.tools.systemTool");
  if (blocksOf(conversation).some((block) => has(block, "guardContent"))) lost.push("guardContent");
  return lost;
}

/** Fields of the model's own. */
function beyondModelled(fields: unknown): readonly string[] {
  if (!isRecord(fields)) return [];
  const names = Object.keys(fields).filter((name) => !MODELLED_FIELDS.has(name) && fields[name] !== null);
  return names.map((name) => `additionalModelRequestFields.${name}`);
}

/** Whether `settings` ask for anything but what is usual. */
function isStated(settings: unknown, name: string, usual: string): boolean {
  return isRecord(settings) && settings[name] !== undefined && settings[name] !== usual;
}

function blocksOf(conversation: JsonObject): readonly unknown[] {
  const messages = Array.isArray(conversation.messages) ? conversation.messages : [];
  const lists = [conversation.system, ...messages.map((message) => isRecord(message) && message.content)];
  return lists.flatMap((list) => (Array.isArray(list) ? list : []));
}

function has(value: unknown, member: string): boolean {
  return isRecord(value) && value[member] !== undefined && value[member] !== null;
}
