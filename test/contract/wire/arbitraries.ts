/** Random answers and random damage for the wire contract. Owns generators; knows no wire. */
import fc from "fast-check";
import type { StreamEvent, UnifiedFinish, Usage } from "../../../src/core/events.ts";

const piece = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
const identifier = fc.stringMatching(/^[a-z][a-z0-9_]{0,11}$/);
const tokens = fc.integer({ min: 0, max: 100_000 });

const usage: fc.Arbitrary<Usage> = fc.record({
  inputTokens: tokens,
  cacheReadTokens: tokens,
  cacheWriteTokens: tokens,
  outputTokens: tokens,
  reasoningTokens: tokens,
});

type Block =
  | { readonly kind: "text" | "reasoning" | "refusal"; readonly pieces: readonly string[] }
  | { readonly kind: "call"; readonly id: string; readonly name: string; readonly pieces: readonly string[] };

const block: fc.Arbitrary<Block> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("text", "reasoning", "refusal"),
    pieces: fc.array(piece, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant("call"),
    id: identifier,
    name: identifier,
    pieces: fc.array(piece, { minLength: 1, maxLength: 4 }),
  }),
);

const choice = fc.record({
  blocks: fc.array(block, { minLength: 1, maxLength: 4 }),
  reason: fc.constantFrom<UnifiedFinish>("stop", "length", "tool_calls", "content_filter"),
});

/** A complete answer in the order in which every wire can tell it; choices are woven into one another. */
export const answerEvents: fc.Arbitrary<readonly StreamEvent[]> = fc
  .record({
    choices: fc.array(choice, { minLength: 1, maxLength: 3 }),
    order: fc.array(fc.nat({ max: 2 }), { minLength: 40, maxLength: 40 }),
    usage,
  })
  .map(({ choices, order, usage: counted }) => {
    const queues = choices.map((made, index) => eventsOfChoice(made, index));
    const woven: StreamEvent[] = [];
    for (const turn of order) {
      const event = queues[turn]?.shift();
      if (event) woven.push(event);
    }
    for (const queue of queues) woven.push(...queue);
    const reason = { unified: choices[0]?.reason ?? ("stop" as const), raw: null };
    return [
      { type: "start" },
      ...woven,
      { type: "usage", usage: counted },
      { type: "finish", reason, usage: counted },
    ];
  });

function eventsOfChoice(
  made: { readonly blocks: readonly Block[]; readonly reason: UnifiedFinish },
  index: number,
): StreamEvent[] {
  const events: StreamEvent[] = [];
  let calls = 0;
  for (const part of made.blocks) {
    if (part.kind === "call") {
      // An id names one call: a second one with the same id would be the same call.
      const id = `${part.id}_${index}_${calls}`;
      events.push({ type: "tool_call", choice: index, index: calls, id, name: part.name });
      for (const text of part.pieces) {
        events.push({ type: "tool_arguments", choice: index, index: calls, text });
      }
      calls++;
    } else for (const text of part.pieces) events.push({ type: part.kind, choice: index, text });
  }
  events.push({ type: "choice_end", choice: index, reason: { unified: made.reason, raw: null } });
  return events;
}

/** Where to strike, as a number that picks a path, and what to put there. */
export const damage = fc.record({ at: fc.nat(), value: fc.jsonValue({ maxDepth: 3 }) });

/** `original` with the value at one of its paths, chosen by `at`, replaced. */
export function damaged(original: unknown, at: number, value: unknown): unknown {
  const copy = structuredClone(original);
  const places: { holder: Record<string, unknown>; key: string }[] = [];
  collectPlaces(copy, places);
  const place = places[at % Math.max(1, places.length)];
  if (place === undefined) return value;
  place.holder[place.key] = value;
  return copy;
}

function collectPlaces(value: unknown, places: { holder: Record<string, unknown>; key: string }[]): void {
  if (typeof value !== "object" || value === null) return;
  const holder = value as Record<string, unknown>;
  for (const key of Object.keys(holder)) {
    places.push({ holder, key });
    collectPlaces(holder[key], places);
  }
}
