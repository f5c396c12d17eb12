/**
 * What is lost when a request crosses from its caller's wire to another one. Owns the comparison: whatever the
 * contract cannot carry is named, as a warning or under `strict` as a fault; nothing disappears in silence.
 */
import { type Fault, fault } from "../core/faults.ts";
import type { ContentPart, Message, ModelRequest, WireId } from "../core/request.ts";
import { isShared } from "../wires/openai-shared.ts";
import type { Warning } from "../wires/wire.ts";
import { type AnyWire, wireInUse } from "./wire-registry.ts";

type OpaquePart = Extract<ContentPart, { type: "opaque" }>;

const NOTHING: readonly Warning[] = [];
const NO_PARTS: readonly OpaquePart[] = [];
/** More names than this, and longer ones, help nobody: they are the caller's own, and stand in a header. */
const MAX_NAMES = 16;
const MAX_NAME = 128;
const MAX_TYPE = 64;
/** Fields of a body that stand for a part of the conversation. */
const REFERENCES: Readonly<Partial<Record<WireId, string>>> = { gemini: "cachedContent" };

/** Warnings for `request` on `wire`, or the fault of content that only its own provider could understand. */
export function crossingLosses(request: ModelRequest, wire: AnyWire): readonly Warning[] | Fault {
  const kept = request.origin.wire === wire.id ? null : (fileFault(request) ?? referenceFault(request));
  if (kept) return kept;
  if (!changesDialect(request, wire)) return NOTHING;
  const warnings: Warning[] = controlsLost(request, wire.id);
  for (const [index, message] of request.messages.entries()) {
    const control = `messages[${index}].content`;
    const lost = opaqueTo(wire.id, message);
    const isLast = index === request.messages.length - 1;
    const why = cannotDoWithout(message, lost, isLast);
    if (why !== null) return fault("invalid", "unsupported_content", why, { param: control });
    for (const part of lost) {
      const of = `Content of the type \`${typeOf(part)}\` exists on ${part.wire} only`;
      warnings.push({ control, message: `${of} and was left out.` });
    }
  }
  const first = warnings[0];
  if (request.strict && first !== undefined) {
    return fault("invalid", "unsupported_control", first.message, { param: first.control });
  }
  return warnings.slice(0, MAX_NAMES);
}

/** Whether `wire` has other words than its caller's for `request`. */
export function changesDialect({ origin }: ModelRequest, wire: AnyWire): boolean {
  return origin.wire !== wire.id && dialectOf(origin.wire) !== dialectOf(wire.id);
}

/** Wires whose bodies are the same but for where they are sent. */
export function dialectOf(wire: WireId): string {
  return wire === "bedrock-invoke" ? "anthropic-messages" : wire;
}

/** By body: each attempt of a request asks again. */
const known = new WeakMap<object, readonly string[]>();

/** Controls that only the wire of `request`'s caller has words for, by name. */
export function namesBeyondContract(request: ModelRequest): readonly string[] {
  const { body } = request.origin;
  const before = known.get(body);
  if (before !== undefined) return before;
  const names = findBeyondContract(request);
  known.set(body, names);
  return names;
}

function findBeyondContract(request: ModelRequest): readonly string[] {
  // The gateway's own requests (probes, doctor) name a wire that nobody may have come in on.
  const names = wireInUse(request.origin.wire)?.beyondContract(request) ?? [];
  return names.slice(0, MAX_NAMES).map((name) => name.slice(0, MAX_NAME));
}

function controlsLost(request: ModelRequest, to: WireId): Warning[] {
  const { wire } = request.origin;
  const lost = namesBeyondContract(request).filter((name) => !isShared(name, wire, to));
  return lost.map((control) => {
    const message = `\`${control}\` belongs to the API of ${wire}; the chosen model is reached through ${to}, which has nothing like it.`;
    return { control, message };
  });
}

/** Parts of `message`, results of tools included, that no provider of `wire` understands. */
function opaqueTo(wire: WireId, { content }: Message): readonly OpaquePart[] {
  let found = NO_PARTS;
  for (const part of content) {
    if (part.type === "opaque" && part.wire !== wire) found = [...found, part];
    if (part.type !== "tool_result") continue;
    for (const shown of part.content) {
      if (shown.type === "opaque" && shown.wire !== wire) found = [...found, shown];
    }
  }
  return found;
}

/** Why `message` cannot be sent without its parts `lost`; null where it can. An earlier turn may be missed. */
function cannotDoWithout({ content }: Message, lost: readonly OpaquePart[], isLast: boolean): string | null {
  const [first] = lost;
  if (first === undefined) return null;
  const needed = lost.find(({ instead }) => instead !== undefined);
  if (needed?.instead !== undefined) return needed.instead;
  const isEmpty = content.every((part) => part.type === "opaque" && lost.includes(part));
  if (!isEmpty || !isLast) return null;
  return `Content of the type \`${typeOf(first)}\` exists on ${first.wire} only, and the message has no other. Send text, or leave the message out.`;
}

function typeOf({ value }: OpaquePart): string {
  const type = typeof value.type === "string" ? value.type : Object.keys(value)[0];
  return (type ?? "unknown").slice(0, MAX_TYPE);
}

function fileFault({ messages }: ModelRequest): Fault | null {
  const index = messages.findIndex(({ content }) => content.some(isFile));
  if (index === -1) return null;
  return fault(
    "invalid",
    "unsupported_content",
    "A file kept at one provider cannot be read by the chosen model, which is another's. Send the file itself.",
    { param: `messages[${index}].content` },
  );
}

/** What a caller refers to in place of sending it: a model that is asked without it answers another question. */
function referenceFault({ origin }: ModelRequest): Fault | null {
  const param = REFERENCES[origin.wire];
  if (param === undefined || !origin.body[param]) return null;
  const message = `What \`${param}\` names is kept at one provider and cannot be read by the chosen model, which is another's. Send the content itself.`;
  return fault("invalid", "unsupported_content", message, { param });
}

function isFile(part: ContentPart): boolean {
  if (part.type === "tool_result") return part.content.some(isFile);
  return (part.type === "image" || part.type === "document") && part.source.kind === "file";
}
