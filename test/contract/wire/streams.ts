/** Driving a wire over bytes, as providers and gateway do together. Owns no expectation. */
import type { Random } from "../../../src/core/clock.ts";
import type { StreamEvent, Usage } from "../../../src/core/events.ts";
import type { Frame } from "../../../src/wires/frame.ts";
import type { RenderContext, Wire } from "../../../src/wires/wire.ts";

export const CONTEXT: RenderContext = {
  requestId: "req_test",
  model: "large",
  createdAt: 1_758_000_000,
  streamUsage: true,
  estimatedInputTokens: 0,
  request: null,
};

/** Every event of a stream whose bytes arrive in `pieces`. */
export function readBytes<Read, Render>(
  wire: Wire<Read, Render>,
  pieces: readonly Uint8Array[],
): readonly StreamEvent[] {
  return readFrames(wire, framesOf(wire, pieces));
}

export function framesOf<Read, Render>(
  wire: Wire<Read, Render>,
  pieces: readonly Uint8Array[],
): readonly Frame[] {
  const parser = wire.framing.createParser();
  const frames: Frame[] = [];
  for (const piece of pieces) frames.push(...parser.push(piece));
  return [...frames, ...parser.end()];
}

export function readFrames<Read, Render>(
  wire: Wire<Read, Render>,
  frames: readonly Frame[],
): readonly StreamEvent[] {
  const [state, events] = stepped(wire, frames);
  return [...events, ...wire.flush(state)];
}

/** The same, while more may come. */
export function stepFrames<Read, Render>(
  wire: Wire<Read, Render>,
  frames: readonly Frame[],
): readonly StreamEvent[] {
  return stepped(wire, frames)[1];
}

function stepped<Read, Render>(
  wire: Wire<Read, Render>,
  frames: readonly Frame[],
): readonly [Read, readonly StreamEvent[]] {
  let state = wire.readStart();
  const events: StreamEvent[] = [];
  for (const frame of frames) {
    const [next, more] = wire.step(state, frame);
    state = next;
    events.push(...more);
  }
  return [state, events];
}

/** What a caller receives for `events`. */
export function renderFrames<Read, Render>(
  wire: Wire<Read, Render>,
  events: readonly StreamEvent[],
  context: RenderContext = CONTEXT,
): readonly Frame[] {
  let state = wire.renderStart(context);
  const frames: Frame[] = [];
  for (const event of events) {
    const [next, more] = wire.renderEvent(event, state);
    state = next;
    frames.push(...more);
  }
  return frames;
}

export function toBytes<Read, Render>(wire: Wire<Read, Render>, frames: readonly Frame[]): Uint8Array {
  return wire.framing.encode(frames);
}

/** `bytes` cut at random places, inside characters too. */
export function cutAtRandom(bytes: Uint8Array, random: Random, meanLength: number): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const length = 1 + Math.floor(random() * 2 * meanLength);
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

/** What an answer says once its pieces are joined. */
export interface Summary {
  readonly text: Readonly<Record<number, string>>;
  readonly reasoning: Readonly<Record<number, string>>;
  readonly refusal: Readonly<Record<number, string>>;
  readonly calls: readonly { choice: number; id: string; name: string; arguments: string }[];
  readonly ends: Readonly<Record<number, string>>;
  readonly usage: Omit<Usage, "raw"> | null;
  readonly finish: string | null;
  readonly fault: { readonly kind: string; readonly code: string } | null;
}

export function summarise(events: readonly StreamEvent[]): Summary {
  const text: Record<number, string> = {};
  const reasoning: Record<number, string> = {};
  const refusal: Record<number, string> = {};
  const ends: Record<number, string> = {};
  const calls: { choice: number; index: number; id: string; name: string; arguments: string }[] = [];
  let usage: Usage | null = null;
  let finish: string | null = null;
  let fault: Summary["fault"] = null;
  for (const event of events) {
    if (event.type === "text") text[event.choice] = (text[event.choice] ?? "") + event.text;
    if (event.type === "reasoning") reasoning[event.choice] = (reasoning[event.choice] ?? "") + event.text;
    if (event.type === "refusal") refusal[event.choice] = (refusal[event.choice] ?? "") + event.text;
    if (event.type === "tool_call") {
      const { choice, index, id, name } = event;
      calls.push({ choice, index, id, name, arguments: "" });
    }
    if (event.type === "tool_arguments") {
      const call = calls.find((known) => known.choice === event.choice && known.index === event.index);
      if (!call) throw new Error("arguments for a call that never began");
      call.arguments += event.text;
    }
    if (event.type === "choice_end") ends[event.choice] = event.reason.unified;
    if (event.type === "usage") usage = event.usage;
    if (event.type === "finish") finish = event.reason.unified;
    if (event.type === "fault") fault = { kind: event.fault.kind, code: event.fault.code };
  }
  return {
    text,
    reasoning,
    refusal,
    calls: calls.map(({ index: _index, ...call }) => call),
    ends,
    usage: usage === null ? null : withoutRaw(usage),
    finish,
    fault,
  };
}

/**
 * Events without what a renderer of another answer may change: ids, times, raw words, unmodelled fields, and
 * when in between the usage was told.
 */
export function essence(events: readonly StreamEvent[]): readonly unknown[] {
  const told = events.filter((event) => event.type !== "usage");
  return told.map((event) => {
    switch (event.type) {
      case "start":
        return { type: "start" };
      case "choice_end":
        return { type: "choice_end", choice: event.choice, reason: event.reason.unified };
      case "finish":
        return {
          type: "finish",
          reason: event.reason.unified,
          usage: event.usage === null ? null : withoutRaw(event.usage),
        };
      case "fault":
        return { type: "fault", kind: event.fault.kind };
      default:
        return event;
    }
  });
}

/** The essence, choice by choice: for wires on which a call waits while other choices go on. */
export function byChoice(events: readonly StreamEvent[]): readonly unknown[] {
  const choiceOf = (event: StreamEvent) =>
    "choice" in event ? event.choice : event.type === "start" ? -1 : 999;
  return essence(events.toSorted((a, b) => choiceOf(a) - choiceOf(b)));
}

function withoutRaw(usage: Usage): Omit<Usage, "raw"> {
  const { raw: _raw, ...counts } = usage;
  return counts;
}
