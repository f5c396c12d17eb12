/** What a request of this wire asks for that no other wire can do. Owns the list; the warnings are made elsewhere. */
import { isRecord } from "../../core/json.ts";
import type { ModelRequest } from "../../core/request.ts";
import { asksForTier } from "../openai-shared.ts";
import { strayFields } from "../stray-fields.ts";
import { INCLUDE_LOGPROBS, INCLUDE_REASONING } from "./include.ts";
import { checkItem } from "./input.ts";
import { checkRequest } from "./parse-request.ts";
import { functionToolSchema } from "./request-schema.ts";

/** Fields that say nothing a model would have to honour, and what clients send back of an answer. */
const NEUTRAL: ReadonlySet<string> = new Set([
  "background",
  // Told of below where another than the usual one is asked for.
  "service_tier",
  // Which of its caches a provider looks into first is no part of an answer.
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
  "stream_options",
  // `summary` asks to see reasoning, which every wire shows where it has any.
  "reasoning.summary",
  "reasoning.generate_summary",
  "tools[].type",
  "input[].type",
  "input[].id",
  "input[].status",
  "input[].phase",
  "input[].parsed_arguments",
  "input[].content[].parsed",
  "input[].content[].annotations",
  "input[].content[].logprobs",
  "input[].content[].type",
  "input[].summary[].type",
]);
const INCLUDED: ReadonlySet<unknown> = new Set([INCLUDE_LOGPROBS, INCLUDE_REASONING]);

export function responsesBeyondContract({ origin: { body } }: ModelRequest): readonly string[] {
  const read = checkRequest(body);
  const lost = [...strayFields(body, read.success ? read.data : body, NEUTRAL)];
  if (Array.isArray(body.input))
    lost.push(...strayFields(body.input, body.input.map(itemRead), NEUTRAL, "input"));
  if (Array.isArray(body.tools)) {
    lost.push(...strayFields(body.tools, body.tools.map(functionRead), NEUTRAL, "tools"));
    for (const [index, tool] of body.tools.entries()) {
      if (isRecord(tool) && tool.type !== "function") lost.push(`tools[${index}]`);
    }
  }
  if (isRecord(body.tool_choice) && body.tool_choice.type !== "function") lost.push("tool_choice");
  if (Array.isArray(body.include) && body.include.some((name) => !INCLUDED.has(name))) lost.push("include");
  // Stated, not left at its default: the caller means to ask for the answer again later.
  if (body.store === true) lost.push("store");
  if (body.truncation === "auto") lost.push("truncation");
  if (asksForTier(body)) lost.push("service_tier");
  return lost;
}

/** What is read of an item; one of another type stays as it is, as an opaque part. */
function itemRead(item: unknown): unknown {
  const read = isRecord(item) ? checkItem(item) : null;
  return read?.success ? read.data : item;
}

function functionRead(tool: unknown): unknown {
  if (!isRecord(tool) || tool.type !== "function") return tool;
  const read = functionToolSchema.safeParse(tool);
  return read.success ? read.data : tool;
}
