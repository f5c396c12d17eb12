/** The texts of a request and of an answer. Owns where people's and models' words may stand in them. */
import type { StreamEvent } from "../../core/events.ts";
import type { ContentPart, ModelRequest } from "../../core/request.ts";
import { PROTOCOL_WORDS } from "./protocol-words.ts";
import { RUN } from "./take-out.ts";

/** The gateway takes no deeper JSON. */
const MAX_DEPTH = 70;

/** Every text from a run's length on: values, names that are not the dialect's, and what JSON inside of texts says. */
export function requestTexts(request: ModelRequest): ReadonlySet<string> {
  const { messages, tools, toolChoice, sampling, responseFormat, embedding, user, origin, target } = request;
  const texts = new Set<string>();
  const own = [messages, tools, toolChoice, sampling.stop, responseFormat, embedding, user, origin.body];
  collect(own, texts, 0);
  // What people say is theirs, also where a dialect has the same word.
  for (const text of spoken(request)) if (text.length >= RUN) texts.add(text);
  // Of the policy, and on the record anyway.
  texts.delete(target);
  return texts;
}

function spoken({ messages, embedding, user = "" }: ModelRequest): readonly string[] {
  const inputs = embedding?.inputs.filter((input) => typeof input === "string") ?? [];
  return [...messages.flatMap(({ content }) => content.flatMap(textsOfPart)), ...inputs, user];
}

function textsOfPart(part: ContentPart): readonly string[] {
  if (part.type === "tool_result") return part.content.flatMap(textsOfPart);
  return "text" in part ? [part.text] : [];
}

/** Text that came in pieces is one text. */
export function answerTexts(events: readonly StreamEvent[]): ReadonlySet<string> {
  const joined = new Map<string, string>();
  const texts = new Set<string>();
  for (const event of events) {
    switch (event.type) {
      case "text":
      case "refusal":
      case "reasoning":
      case "tool_arguments": {
        const place = `${event.type} ${event.choice} ${event.type === "tool_arguments" ? event.index : ""}`;
        joined.set(place, (joined.get(place) ?? "") + event.text);
        break;
      }
      case "tool_call":
        collect([event.id, event.name, event.extra?.fields], texts, 0);
        break;
      case "opaque":
        collect(event.extra.fields, texts, 0);
    }
  }
  collect([...joined.values()], texts, 0);
  return texts;
}

function collect(value: unknown, texts: Set<string>, depth: number): void {
  if (typeof value === "string") collectText(value, texts, depth);
  else if (typeof value === "number") collectText(String(value), texts, depth);
  else if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return;
  else if (Array.isArray(value)) collectAll(value, texts, depth);
  else {
    for (const name in value) {
      collectText(name, texts, depth);
      collect((value as Record<string, unknown>)[name], texts, depth + 1);
    }
  }
}

function collectAll(list: readonly unknown[], texts: Set<string>, depth: number): void {
  if (list.length > 0 && list.every((item) => typeof item === "number")) {
    // Tokens of a text; a list of them is written with a space or without.
    for (const between of [",", ", "]) collectText(list.join(between), texts, MAX_DEPTH);
    return;
  }
  for (const item of list) collect(item, texts, depth + 1);
}

function collectText(text: string, texts: Set<string>, depth: number): void {
  if (text.length < RUN || PROTOCOL_WORDS.has(text) || texts.has(text)) return;
  texts.add(text);
  // Arguments of tools are JSON in a text: whoever reads them may quote what they say as it reads.
  if (depth < MAX_DEPTH && (text.startsWith("{") || text.startsWith("["))) collectJson(text, texts, depth);
}

function collectJson(text: string, texts: Set<string>, depth: number): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return;
  }
  collect(value, texts, depth + 1);
}
