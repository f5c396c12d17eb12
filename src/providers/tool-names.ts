/**
 * Tools whose names the provider's dialect would refuse. Owns the shorter names they are sent under, and that calls
 * come back under their own: the caller never sees the other ones.
 */
import { createHash } from "node:crypto";
import type { StreamEvent } from "../core/events.ts";
import type { ContentPart, Message, ModelRequest } from "../core/request.ts";
import type { AnyWire } from "./wire-registry.ts";

/** What may stand in a tool's name. */
export interface ToolNaming {
  readonly pattern: RegExp;
  readonly maxLength: number;
}

export interface Renamed {
  readonly request: ModelRequest;
  /** The caller's own names, by those that are sent. */
  readonly own: ReadonlyMap<string, string>;
}

const DIGITS = 8;

/** Null where every name fits, which is nearly always. Earlier calls are looked through too: their tools may be gone. */
export function renameTools(request: ModelRequest, naming: ToolNaming): Renamed | null {
  let misfits: Set<string> | null = null;
  for (const { name } of request.tools) if (!fits(name, naming)) misfits = (misfits ?? new Set()).add(name);
  for (const { content } of request.messages) {
    for (const part of content) {
      if (part.type !== "tool_call" || fits(part.name, naming)) continue;
      misfits = (misfits ?? new Set()).add(part.name);
    }
  }
  if (misfits === null) return null;
  const sent = sentNames(misfits, request, naming);
  const own = new Map([...sent].map(([name, short]) => [short, name]));
  return { request: withNames(request, sent), own };
}

/** `wire`, with the caller's own names in what it reads of the answer. */
export function underOwnNames(wire: AnyWire, own: ReadonlyMap<string, string>): AnyWire {
  const back = (event: StreamEvent): StreamEvent => {
    if (event.type !== "tool_call") return event;
    const name = own.get(event.name);
    return name === undefined ? event : { ...event, name };
  };
  return {
    ...wire,
    step(state, frame) {
      const [after, events] = wire.step(state, frame);
      return [after, events.map(back)];
    },
    flush: (state) => wire.flush(state).map(back),
    readAnswer: (body, head) => wire.readAnswer(body, head).map(back),
  };
}

function fits(name: string, { pattern, maxLength }: ToolNaming): boolean {
  return name.length <= maxLength && pattern.test(name);
}

/** By the caller's names. The same name is sent in every turn, whatever other tools there are beside it. */
function sentNames(
  misfits: ReadonlySet<string>,
  request: ModelRequest,
  naming: ToolNaming,
): ReadonlyMap<string, string> {
  const taken = new Set(request.tools.map(({ name }) => name));
  const sent = new Map<string, string>();
  for (const name of misfits) {
    let short = shorten(name, name, naming);
    for (let again = 2; taken.has(short); again++) short = shorten(name, `${name} ${again}`, naming);
    taken.add(short);
    sent.set(name, short);
  }
  return sent;
}

/** As much of `name` as fits, and a digest of all of `text`, as names that begin alike must not become one. */
function shorten(name: string, text: string, { maxLength }: ToolNaming): string {
  const digest = createHash("sha256").update(text).digest("hex").slice(0, DIGITS);
  const plain = name.replace(/[^a-zA-Z0-9_-]/g, "_");
  const kept = /^[a-zA-Z_]/.test(plain) ? plain : `_${plain}`;
  return `${kept.slice(0, maxLength - DIGITS - 1)}_${digest}`;
}

function withNames(request: ModelRequest, sent: ReadonlyMap<string, string>): ModelRequest {
  const { toolChoice } = request;
  const tools = request.tools.map((tool) => ({ ...tool, name: sent.get(tool.name) ?? tool.name }));
  const messages = request.messages.map((message) => renamed(message, sent));
  const named = { ...request, tools, messages };
  if (toolChoice?.type !== "tool") return named;
  return { ...named, toolChoice: { ...toolChoice, name: sent.get(toolChoice.name) ?? toolChoice.name } };
}

function renamed(message: Message, sent: ReadonlyMap<string, string>): Message {
  const isMisfit = (part: ContentPart) => part.type === "tool_call" && sent.has(part.name);
  if (!message.content.some(isMisfit)) return message;
  const content = message.content.map((part) =>
    part.type === "tool_call" ? { ...part, name: sent.get(part.name) ?? part.name } : part,
  );
  return { ...message, content };
}
