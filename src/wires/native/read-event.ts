/** One event in the native spelling. Owns what each kind must have; which may follow which is not its job. */
import type { Extra, StreamEvent } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import type { JsonObject } from "../wire.ts";
import { readReason, readUsage } from "./usage.ts";

/** Choices, calls and inputs beyond these are taken for a broken stream. */
const MAX_INDEX = 127;
const MAX_INPUTS = 100_000;

/** The event; null where it lacks what its kind promises, `unknown` where there is no such kind. */
export function readEvent(type: string, body: JsonObject): StreamEvent | "unknown" | null {
  switch (type) {
    case "start":
      return readStart(body);
    case "embedding":
      return readEmbedding(body.index, body.vector);
    case "usage": {
      const usage = readUsage(body.usage);
      return usage === null ? null : { type, usage, ...extraOf(body) };
    }
    case "finish": {
      const reason = readReason(body.reason);
      return reason === null ? null : { type, reason, usage: readUsage(body.usage) };
    }
    case "text":
    case "refusal":
    case "reasoning":
    case "tool_call":
    case "tool_arguments":
    case "opaque":
    case "choice_end":
      return isIndex(body.choice, MAX_INDEX) ? readOfChoice(type, body.choice, body) : null;
    default:
      return "unknown";
  }
}

type OfChoice = Extract<StreamEvent, { choice: number }>;

function readOfChoice(type: OfChoice["type"], choice: number, body: JsonObject): OfChoice | null {
  switch (type) {
    case "choice_end": {
      const reason = readReason(body.reason);
      return reason === null ? null : { type, choice, reason, ...extraOf(body) };
    }
    case "opaque": {
      const { extra } = extraOf(body);
      return extra === undefined ? null : { type, choice, extra };
    }
    case "tool_call": {
      const { index, id, name } = body;
      if (!isIndex(index, MAX_INDEX) || typeof id !== "string" || typeof name !== "string") return null;
      return { type, choice, index, id, name, ...extraOf(body) };
    }
    default:
      return typeof body.text === "string" ? readText(type, choice, body.text, body) : null;
  }
}

function readText(
  type: "text" | "refusal" | "reasoning" | "tool_arguments",
  choice: number,
  text: string,
  body: JsonObject,
): OfChoice | null {
  const logprobs = body.logprobs === undefined ? {} : { logprobs: body.logprobs };
  switch (type) {
    case "text":
      return { type, choice, text, ...logprobs, ...extraOf(body) };
    case "refusal":
      return { type, choice, text, ...logprobs };
    case "reasoning":
      return { type, choice, text, ...sealOf(body) };
    case "tool_arguments":
      return isIndex(body.index, MAX_INDEX) ? { type, choice, index: body.index, text } : null;
  }
}

/** What signs or hides reasoning, of an event or a part. */
export function sealOf(body: JsonObject): { readonly signature?: string; readonly redacted?: string } {
  const { signature, redacted } = body;
  return {
    ...(typeof signature === "string" && { signature }),
    ...(typeof redacted === "string" && { redacted }),
  };
}

function readStart({ id, created, ...body }: JsonObject): StreamEvent {
  return {
    type: "start",
    ...(typeof id === "string" && id !== "" && { id }),
    ...(typeof created === "number" && created > 0 && { created }),
    ...extraOf(body),
  };
}

export function readEmbedding(
  index: unknown,
  vector: unknown,
): Extract<StreamEvent, { type: "embedding" }> | null {
  if (!isIndex(index, MAX_INPUTS) || !Array.isArray(vector)) return null;
  return vector.every((value) => typeof value === "number") ? { type: "embedding", index, vector } : null;
}

function extraOf({ extra }: JsonObject): { readonly extra?: Extra } {
  if (!isRecord(extra) || typeof extra.wire !== "string" || !isRecord(extra.fields)) return {};
  return { extra: { wire: extra.wire, fields: extra.fields } };
}

function isIndex(value: unknown, max: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max;
}
