/**
 * Containers that speak no known wire: a body from the policy's template, and the text picked out of the answer.
 * Owns the filling and the picking; such a server answers whole, and a stream of it is one that came at once.
 */
import type { JsonTemplate } from "../core/deployment.ts";
import type { StreamEvent } from "../core/events.ts";
import { failed, ok, type Result } from "../core/faults.ts";
import type { ContentPart, ModelRequest } from "../core/request.ts";
import { toldResult } from "../wires/failed-result.ts";
import { openaiChat } from "../wires/openai-chat.ts";
import { badAnswer } from "../wires/provider-fault.ts";
import type { Lowered, LowerTarget } from "../wires/wire.ts";
import { templateLosses } from "./template-losses.ts";
import type { AnyWire } from "./wire-registry.ts";

/** What a template may mention, and what each becomes. A placeholder that is all of a string keeps its type. */
const VARIABLES: Readonly<Record<string, (request: ModelRequest, target: LowerTarget) => unknown>> = {
  prompt: promptOf,
  messages: (request) => request.messages.map(({ role, content }) => ({ role, content: textOf(content) })),
  system: (request) => textsOf(request, "system"),
  user: (request) => textsOf(request, "user"),
  max_tokens: limitOf,
  temperature: (request) => request.sampling.temperature ?? 1,
  top_p: (request) => request.sampling.topP ?? 1,
  stop: (request) => request.sampling.stop ?? [],
};

const PLACEHOLDER = /\{\{\s*([a-z_]+)\s*\}\}/g;
const WHOLE = /^\{\{\s*([a-z_]+)\s*\}\}$/;
const FINISHED = { unified: "stop", raw: null } as const;

const wires = new WeakMap<JsonTemplate, AnyWire>();

/** A wire, as a client, for one template. */
export function templateWire(template: JsonTemplate): AnyWire {
  const known = wires.get(template);
  if (known) return known;
  const chat = openaiChat as AnyWire;
  const mentioned = new Set(placeholders(template.request));
  const made: AnyWire = {
    ...chat,
    lower: (request, target) => lowerTemplate(template, mentioned, request, target),
    readAnswer: (body) => readTemplate(template, body),
  };
  wires.set(template, made);
  return made;
}

function lowerTemplate(
  template: JsonTemplate,
  mentioned: ReadonlySet<string>,
  request: ModelRequest,
  target: LowerTarget,
): Result<Lowered> {
  const { warnings, fault } = templateLosses(request, mentioned);
  if (fault !== null) return { ok: false, fault };
  const first = warnings[0];
  if (request.strict && first) {
    return failed("invalid", "unsupported_control", first.message, { param: first.control });
  }
  const body = fill(template.request, request, target);
  const limit = mentioned.has("max_tokens") ? limitOf(request, target) : null;
  return ok({ body: body as Lowered["body"], warnings, limit });
}

function limitOf({ sampling }: ModelRequest, target: LowerTarget): number {
  return sampling.maxTokens ?? target.maxOutputTokens;
}

/** The names of all placeholders in `value`. */
function placeholders(value: unknown): readonly string[] {
  if (typeof value === "string") return Array.from(value.matchAll(PLACEHOLDER), ([, name = ""]) => name);
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(placeholders) : [];
}

function fill(value: unknown, request: ModelRequest, target: LowerTarget): unknown {
  if (typeof value === "string") return fillText(value, request, target);
  if (Array.isArray(value)) return value.map((item) => fill(item, request, target));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, request, target)]));
}

function fillText(text: string, request: ModelRequest, target: LowerTarget): unknown {
  const whole = VARIABLES[WHOLE.exec(text)?.[1] ?? ""];
  if (whole) return whole(request, target);
  return text.replace(PLACEHOLDER, (placeholder, name: string) => {
    const value = VARIABLES[name]?.(request, target);
    if (value === undefined) return placeholder;
    return typeof value === "string" ? value : JSON.stringify(value);
  });
}

/** All turns as one text, each under who said it, and the assistant's turn begun. */
function promptOf(request: ModelRequest): string {
  const [only] = request.messages;
  if (request.messages.length === 1 && only) return textOf(only.content);
  const turns = request.messages.map(({ role, content }) => `${role}: ${textOf(content)}`);
  return `${turns.join("\n\n")}\n\nassistant:`;
}

function textsOf(request: ModelRequest, role: string): string {
  return request.messages
    .filter((message) => message.role === role)
    .map(({ content }) => textOf(content))
    .join("\n\n");
}

/** What is not here is told of by `template-losses.ts`. */
function textOf(content: readonly ContentPart[]): string {
  return content.flatMap(textsIn).join("\n");
}

function textsIn(part: ContentPart): readonly string[] {
  switch (part.type) {
    case "text":
    case "refusal":
      return [part.text];
    case "document":
      return part.source.kind === "text" ? [part.source.text] : [];
    case "tool_call":
      return [`${part.name}(${part.arguments})`];
    case "tool_result":
      return toldResult(part).flatMap(textsIn);
    case "image":
    case "reasoning":
    case "opaque":
      return [];
  }
}

function readTemplate(template: JsonTemplate, body: unknown): readonly StreamEvent[] {
  const text = pick(body, template.text);
  if (typeof text !== "string" || text === "") return [{ type: "fault", fault: badAnswer() }];
  return [
    { type: "start" },
    { type: "text", choice: 0, text },
    { type: "choice_end", choice: 0, reason: FINISHED },
    { type: "finish", reason: FINISHED, usage: null },
  ];
}

/** The value at a JSON Pointer (RFC 6901); undefined where there is none. */
export function pick(body: unknown, pointer: string): unknown {
  let value = body;
  for (const step of pointer.split("/").slice(1)) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
