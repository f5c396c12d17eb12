/** What a request of this wire asks for and no other wire can honour. Owns the search; who warns is elsewhere. */
import { isRecord } from "../../core/json.ts";
import type { ModelRequest } from "../../core/request.ts";
import { unmodelled } from "../fields.ts";
import type { JsonObject } from "../wire.ts";
import { messagesRequestSchema } from "./request-schema.ts";

/** Beside the modelled fields, those that say nothing a model would have to honour. */
const OURS: ReadonlySet<string> = new Set([
  ...Object.keys(messagesRequestSchema.shape),
  "service_tier",
  "diagnostics",
]);
const OUTPUT_CONFIG: ReadonlySet<string> = new Set(["effort", "format"]);
const TOOL: ReadonlySet<string> = new Set([
  "type",
  "name",
  "description",
  "input_schema",
  "strict",
  "cache_control",
  // How its arguments arrive, not which.
  "eager_input_streaming",
]);
/** By the type of the block: what the contract models of it, and what only accompanies an earlier answer. */
const BLOCKS: ReadonlyMap<unknown, ReadonlySet<string>> = new Map([
  ["image", new Set(["type", "source", "cache_control"])],
  ["document", new Set(["type", "source", "title", "cache_control"])],
  ["tool_result", new Set(["type", "tool_use_id", "content", "is_error", "cache_control"])],
]);

/** Names of fields and headers, in the body's own words: `container`, `tools[0].defer_loading`. */
export function messagesBeyondContract(request: ModelRequest): readonly string[] {
  const { body, headers } = request.origin;
  const names: string[] = [];
  add(names, "", body, OURS);
  if (isRecord(body.thinking) && body.thinking.type === "between_tools") names.push("thinking");
  if (isRecord(body.output_config)) add(names, "output_config.", body.output_config, OUTPUT_CONFIG);
  if (Array.isArray(body.tools)) {
    for (const [index, tool] of body.tools.entries()) addTool(names, `tools[${index}]`, tool);
  }
  if (Array.isArray(body.messages)) {
    for (const [index, message] of body.messages.entries()) addBlocks(names, index, message);
  }
  if (headers?.["anthropic-beta"] !== undefined) names.push("anthropic-beta");
  return names;
}

function addTool(names: string[], path: string, tool: unknown): void {
  if (!isRecord(tool)) return;
  const custom = tool.type === undefined || tool.type === null || tool.type === "custom";
  if (custom) add(names, `${path}.`, tool, TOOL);
  else names.push(path);
}

function addBlocks(names: string[], message: number, holder: unknown): void {
  const content = isRecord(holder) ? holder.content : null;
  if (!Array.isArray(content)) return;
  for (const [index, block] of content.entries()) {
    if (!isRecord(block)) continue;
    const modelled = BLOCKS.get(block.type);
    if (modelled !== undefined) add(names, `messages[${message}].content[${index}].`, block, modelled);
  }
}

function add(names: string[], path: string, fields: JsonObject, modelled: ReadonlySet<string>): void {
  const lost = unmodelled(fields, modelled, null);
  if (lost === null) return;
  for (const name of Object.keys(lost)) names.push(path + name.slice(0, 64));
}
