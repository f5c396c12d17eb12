/** Prompts from a file, as requests. Owns the forms a line may have and what is said of one that has none. */
import { extname } from "node:path";
import { parseJson } from "../../../core/json.ts";
import type { ModelRequest } from "../../../core/request.ts";
import { openaiChat } from "../../../wires/openai-chat.ts";

/** Nesting a line may have; the same as the gateway's. */
const MAX_JSON_DEPTH = 64;

export type Prompts =
  | { readonly ok: true; readonly requests: readonly ModelRequest[] }
  | { readonly ok: false; readonly message: string; readonly fix: string };

type Line = { readonly ok: true; readonly body: object } | { readonly ok: false; readonly message: string };

const JSON_FIX = 'Write one JSON value a line: "text", {"prompt": "…"} or {"messages": […]}.';

/**
 * One prompt a line: JSON where the file is called `.jsonl` or `.ndjson`, else text as it stands. Empty
 * lines are passed over.
 */
export function parsePrompts(text: string, file: string): Prompts {
  const isJson = [".jsonl", ".ndjson"].includes(extname(file).toLowerCase());
  const requests: ModelRequest[] = [];
  for (const [index, written] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\r|\n/)
    .entries()) {
    if (written.trim() === "") continue;
    const line = isJson ? bodyOfJson(written) : { ok: true as const, body: bodyOfText(written) };
    const parsed = line.ok ? requestOf(line.body) : line;
    if (!parsed.ok) return { ok: false, message: `${file}:${index + 1}: ${parsed.message}`, fix: JSON_FIX };
    requests.push(parsed.request);
  }
  if (requests.length > 0) return { ok: true, requests };
  const fix = isJson ? JSON_FIX : "Write one prompt a line.";
  return { ok: false, message: `${file} holds no prompt.`, fix };
}

/** A user's message, as a chat body. */
export function bodyOfText(content: string): object {
  return { messages: [{ role: "user", content }] };
}

export function requestOf(
  body: object,
): { readonly ok: true; readonly request: ModelRequest } | { readonly ok: false; readonly message: string } {
  const parsed = openaiChat.parseRequest({ model: "calibration", ...body }, { contract: {}, strict: false });
  return parsed.ok ? { ok: true, request: parsed.value } : { ok: false, message: parsed.fault.message };
}

function bodyOfJson(line: string): Line {
  const parsed = parseJson(new TextEncoder().encode(line), MAX_JSON_DEPTH);
  return parsed.ok ? bodyOfValue(parsed.value) : { ok: false, message: "the line is not valid JSON." };
}

/** A chat body of what a line of JSON says. */
export function bodyOfValue(value: unknown): Line {
  if (typeof value === "string") return { ok: true, body: bodyOfText(value) };
  if (typeof value === "object" && value !== null) {
    if ("messages" in value) return { ok: true, body: value };
    for (const key of ["prompt", "text", "input", "question"] as const) {
      const text = (value as Readonly<Record<string, unknown>>)[key];
      if (typeof text === "string") return { ok: true, body: bodyOfText(text) };
    }
  }
  return { ok: false, message: "the line holds neither a prompt nor messages." };
}
