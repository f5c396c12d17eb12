/** Tools in this wire's terms. Owns `toolConfig` and when it must be there; knows no message but by its calls. */
import { isRecord } from "../../core/json.ts";
import type { ModelRequest, Tool, ToolChoice } from "../../core/request.ts";
import { type Losses, lose } from "../losses.ts";
import { enforcesSchemas } from "../model-version.ts";
import { enforceable } from "../output-schema.ts";
import type { JsonObject, LowerTarget } from "../wire.ts";
import type { CachePoints } from "./cache-points.ts";
import { singleCalls } from "./model-fields.ts";

const NOT_ENFORCED = "was not sent: the chosen model does not enforce such a schema.";

/**
 * Undefined where no tools are sent. A conversation that already holds calls needs their tools stated, whatever
 * the request says: where it states none, those that were called are sent as former tools.
 */
export function renderToolConfig(
  request: ModelRequest,
  target: LowerTarget,
  caches: CachePoints,
  losses: Losses,
): JsonObject | undefined {
  const { tools, toolChoice } = request;
  const called = calledTools(request);
  const none = toolChoice?.type === "none";
  if (called.size === 0 && (tools.length === 0 || none)) return undefined;
  // Whoever must not call tools still has them before its eyes: the wire has no word for that.
  if (none)
    lose(losses, "tool_choice", "cannot be `none` for a conversation with tool calls on Amazon Bedrock.");
  if (tools.length === 0) return { tools: [...called].map(formerTool) };
  const specs: JsonObject[] = [];
  for (const tool of tools) {
    specs.push(renderTool(tool, target, losses));
    const point = caches.render(tool.cache);
    if (point !== null) specs.push(point);
  }
  const choice = toolChoice && !singleCalls(request, target) ? renderToolChoice(toolChoice) : undefined;
  return choice ? { tools: specs, toolChoice: choice } : { tools: specs };
}

function calledTools({ messages }: ModelRequest): ReadonlySet<string> {
  const called = new Set<string>();
  for (const { content } of messages) {
    for (const part of content) if (part.type === "tool_call") called.add(part.name);
  }
  return called;
}

/** Whether the arguments of a call can be held to a schema: models that cannot be refuse the word `strict`. */
function enforces(target: LowerTarget): boolean {
  return target.capabilities.has("json_schema") && enforcesSchemas(target);
}

function renderTool(tool: Tool, target: LowerTarget, losses: Losses): JsonObject {
  const { name, description, parameters } = tool;
  const spec: Record<string, unknown> = { name };
  if (description) spec.description = description;
  let json = parameters.type === undefined ? { type: "object", ...parameters } : parameters;
  if (tool.strict === true) {
    // An open schema is refused by all.
    const closed = enforces(target) ? enforceable(parameters) : null;
    if (closed === null) lose(losses, "strict", NOT_ENFORCED);
    else {
      json = closed;
      spec.strict = true;
    }
  }
  spec.inputSchema = { json };
  return { toolSpec: spec };
}

/** A caller's own `toolConfig` for a model that refuses `strict` of its tools. */
export function loosened(
  config: unknown,
  { tools }: ModelRequest,
  target: LowerTarget,
  losses: Losses,
): unknown {
  const isStrict = tools.some((tool) => tool.strict === true);
  if (!isStrict || enforces(target) || !isRecord(config) || !Array.isArray(config.tools)) return config;
  lose(losses, "strict", NOT_ENFORCED);
  const loose = config.tools.map((tool: JsonObject) => {
    if (!isRecord(tool.toolSpec)) return tool;
    const { strict: _strict, ...toolSpec } = tool.toolSpec;
    return { ...tool, toolSpec };
  });
  return { ...config, tools: loose };
}

function formerTool(name: string): JsonObject {
  const description = "No longer available. Do not call it.";
  return { toolSpec: { name, description, inputSchema: { json: { type: "object" } } } };
}

function renderToolChoice(choice: ToolChoice): JsonObject | undefined {
  switch (choice.type) {
    case "auto":
      return { auto: {} };
    case "required":
      return { any: {} };
    case "tool":
      return { tool: { name: choice.name } };
    case "none":
      return undefined;
  }
}
