/** Tool calls as a provider streams them, in pieces. Owns which piece belongs to which call. */
import type { StreamEvent } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import { unmodelled } from "../fields.ts";
import type { JsonObject } from "../wire.ts";
import { toExtra } from "./fields.ts";
import type { CallState } from "./read-state.ts";

/** Calls of one choice beyond this are taken for a broken stream. */
const MAX_CALLS = 128;
const NO_POSITIONS: readonly number[] = [];
const CALL_FIELDS: ReadonlySet<string> = new Set(["index", "id", "type", "function"]);

/** The calls after `deltas`, their events appended to `events`; null when a delta has the wrong shape. */
export function readCalls(
  before: readonly CallState[],
  deltas: readonly unknown[],
  choice: number,
  answerId: string,
  events: StreamEvent[],
): readonly CallState[] | null {
  let calls = before;
  /** Positions of the calls that this list has named so far. */
  let named: readonly number[] = NO_POSITIONS;
  for (const delta of deltas) {
    if (!isRecord(delta)) return null;
    let position = positionOf(calls, delta);
    if (deltas.length > 1 && nameOf(delta) !== null) {
      // Whoever names a function again in one list means another call.
      if (named.includes(position)) position = calls.length;
      named = [...named, position];
    }
    if (position >= MAX_CALLS) return null;
    const call = calls[position];
    const next = readCall(call, delta, choice, position, answerId, events);
    if (next === null) return null;
    if (next !== call) calls = [...calls.slice(0, position), next, ...calls.slice(position + 1)];
  }
  return calls;
}

/**
 * Tells what is still to be told of the calls when their choice ends: a call without any argument text has
 * the empty object as arguments. Null when a call never got a name.
 */
export function endCalls(
  calls: readonly CallState[],
  choice: number,
  events: StreamEvent[],
): readonly CallState[] | null {
  if (calls.some(({ name }) => name === "")) return null;
  if (calls.every(({ text }) => text !== "")) return calls;
  return calls.map((call, index) => {
    if (call.text !== "") return call;
    events.push({ type: "tool_arguments", choice, index, text: "{}" });
    return { ...call, text: "{}" };
  });
}

/** Whether what was told of each call is all of it, by the look of its arguments. */
export function areWhole(calls: readonly CallState[]): boolean {
  return calls.every(({ text }) => text === "" || isJson(text));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Servers differ: an index a call, no index, or index 0 for every call with a new name each time; and of ids, a new one
 * each time, none, or the same for all.
 */
function positionOf(calls: readonly CallState[], delta: JsonObject): number {
  const key = typeof delta.index === "number" ? delta.index : null;
  const id = nonEmpty(delta.id);
  for (let position = calls.length - 1; position >= 0; position--) {
    const call = calls[position];
    if (call === undefined) continue;
    const same = key === null ? id === null || call.id === id : call.key === key;
    if (!same) continue;
    const name = nameOf(delta);
    if (call.name === "" || name === null) return position;
    const isAnother =
      (id !== null && call.id !== id) ||
      call.name !== name ||
      (isWhole(call.text) && argumentsOf(delta)?.trim());
    return isAnother ? calls.length : position;
  }
  return calls.length;
}

/** Whether arguments can go no further, so that more of them are another call's. */
function isWhole(text: string): boolean {
  return text.trimEnd().endsWith("}") && isJson(text);
}

function readCall(
  before: CallState | undefined,
  delta: JsonObject,
  choice: number,
  index: number,
  answerId: string,
  events: StreamEvent[],
): CallState | null {
  const text = argumentsOf(delta);
  if (text === null) return null;
  if (before !== undefined && before.name !== "") {
    if (text === "") return before;
    events.push({ type: "tool_arguments", choice, index, text });
    return { ...before, text: before.text + text };
  }
  const id = nonEmpty(delta.id) ?? before?.id ?? synthesiseId(answerId, choice, index);
  const key = before?.key ?? (typeof delta.index === "number" ? delta.index : null);
  const held = (before?.text ?? "") + text;
  const name = nameOf(delta);
  if (name === null) return { key, id, name: "", text: held };
  const fields = unmodelled(delta, CALL_FIELDS, null);
  events.push({
    type: "tool_call",
    choice,
    index,
    id,
    name,
    ...(fields && { extra: toExtra({ delta: fields }) }),
  });
  if (held !== "") events.push({ type: "tool_arguments", choice, index, text: held });
  return { key, id, name, text: held };
}

function nameOf(delta: JsonObject): string | null {
  return isRecord(delta.function) ? nonEmpty(delta.function.name) : null;
}

/** Some servers send the arguments as an object in place of its JSON text. */
function argumentsOf(delta: JsonObject): string | null {
  if (delta.function === undefined || delta.function === null) return "";
  if (!isRecord(delta.function)) return null;
  const value = delta.function.arguments;
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  return isRecord(value) ? JSON.stringify(value) : null;
}

/** A provider that sends no id still gets one that the caller can answer to, the same on every reading. */
function synthesiseId(answerId: string, choice: number, index: number): string {
  const answer = answerId.replace(/[^A-Za-z0-9]/g, "").slice(-24);
  return `call_${answer}_${choice}_${index}`;
}

function nonEmpty(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
