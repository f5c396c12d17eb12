/** What a request of this wire asks for that no other wire can do. Owns the list; the warnings are made elsewhere. */
import type { ModelRequest } from "../../core/request.ts";
import { isRecord, unmodelled } from "../fields.ts";
import { INCLUDE_LOGPROBS, INCLUDE_REASONING } from "./include.ts";
import { responsesRequestSchema } from "./request-schema.ts";

/** Fields that the contract models, and those that say nothing a model would have to honour. */
const OURS: ReadonlySet<string> = new Set([
  ...Object.keys(responsesRequestSchema.shape),
  "background",
  "prompt_cache_options",
  "prompt_cache_retention",
  "service_tier",
  "stream_options",
]);
/** `summary` asks to see reasoning, which every wire shows where it has any. */
const REASONING: ReadonlySet<string> = new Set(["effort", "summary", "generate_summary"]);
const TEXT: ReadonlySet<string> = new Set(["format"]);
const INCLUDED: ReadonlySet<unknown> = new Set([INCLUDE_LOGPROBS, INCLUDE_REASONING]);

export function responsesBeyondContract(request: ModelRequest): readonly string[] {
  const { body } = request.origin;
  const lost = Object.keys(unmodelled(body, OURS, null) ?? {});
  for (const [section, modelled] of [
    ["reasoning", REASONING],
    ["text", TEXT],
  ] as const) {
    const fields = body[section];
    if (!isRecord(fields)) continue;
    for (const field of Object.keys(unmodelled(fields, modelled, null) ?? {}))
      lost.push(`${section}.${field}`);
  }
  if (Array.isArray(body.tools)) {
    for (const [index, tool] of body.tools.entries()) {
      if (isRecord(tool) && tool.type !== "function") lost.push(`tools[${index}]`);
    }
  }
  if (isRecord(body.tool_choice) && body.tool_choice.type !== "function") lost.push("tool_choice");
  if (Array.isArray(body.include) && body.include.some((name) => !INCLUDED.has(name))) lost.push("include");
  // Stated, not left at its default: the caller means to ask for the answer again later.
  if (body.store === true) lost.push("store");
  if (body.truncation === "auto") lost.push("truncation");
  return lost;
}
