/** Random answers and random damage for the wire contract. Owns generators; knows no wire. */
import fc from "fast-check";
import { NO_USAGE, type StreamEvent, type UnifiedFinish, type Usage } from "../../../src/core/events.ts";

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

/** What a wire can carry at all, so that it is not asked to tell what its dialect has no words for. */
export interface Reach {
  readonly multipleChoices: boolean;
  readonly refusals: boolean;
  readonly reasoning: boolean;
  readonly reasons: readonly UnifiedFinish[];
  /** The classes of tokens it counts. */
  readonly usage: (keyof Omit<Usage, "raw">)[];
  /** Arguments of a call must be JSON: the wire carries them as an object and not as text. */
  readonly jsonArguments: boolean;
  /** A call comes in one piece, after whatever other choices say meanwhile. */
  readonly wholeCalls: boolean;
  /** A choice that is said to have stopped, and made calls, ended for them. */
  readonly impliedToolCalls: boolean;
}

export const FULL_REACH: Reach = {
  multipleChoices: true,
  refusals: true,
  reasoning: true,
  reasons: ["stop", "length", "tool_calls", "content_filter"],
  usage: ["inputTokens", "cacheReadTokens", "cacheWriteTokens", "outputTokens", "reasoningTokens"],
  jsonArguments: false,
  wholeCalls: false,
  impliedToolCalls: false,
};

function blockOf(reach: Reach): fc.Arbitrary<Block> {
  const kinds: ("text" | "reasoning" | "refusal")[] = ["text"];
  if (reach.reasoning) kinds.push("reasoning");
  if (reach.refusals) kinds.push("refusal");
  const argumentPieces = reach.jsonArguments
    ? fc.dictionary(identifier, piece, { maxKeys: 3 }).map((value) => splitInTwo(JSON.stringify(value)))
    : fc.array(piece, { minLength: 1, maxLength: 4 });
  return fc.oneof(
    fc.record({ kind: fc.constantFrom(...kinds), pieces: fc.array(piece, { minLength: 1, maxLength: 4 }) }),
    fc.record({ kind: fc.constant("call"), id: identifier, name: identifier, pieces: argumentPieces }),
  );
}

function splitInTwo(text: string): readonly string[] {
  const half = Math.ceil(text.length / 2);
  return [text.slice(0, half), text.slice(half)].filter((part) => part !== "");
}

/** A complete answer in the order in which a wire of such reach can tell it; choices are woven into one another. */
export function answerEvents(reach: Reach): fc.Arbitrary<readonly StreamEvent[]> {
  const choice = fc.record({
    blocks: fc.array(blockOf(reach), { minLength: 1, maxLength: 4 }),
    reason: fc.constantFrom<UnifiedFinish>(...reach.reasons),
  });
  return fc
    .record({
      choices: fc.array(choice, { minLength: 1, maxLength: reach.multipleChoices ? 3 : 1 }),
      order: fc.array(fc.nat({ max: 2 }), { minLength: 40, maxLength: 40 }),
      usage,
    })
    .map(({ choices, order, usage: all }) => {
      const reasons = choices.map((made) => reasonOf(made, reach));
      const queues = choices.map((made, index) =>
        eventsOfChoice({ ...made, reason: reasons[index] ?? "stop" }, index, reach),
      );
      const woven: StreamEvent[] = [];
      for (const turn of order) {
        const event = queues[turn]?.shift();
        if (event) woven.push(event);
      }
      for (const queue of queues) woven.push(...queue);
      const reason = { unified: reasons[0] ?? ("stop" as const), raw: null };
      const counted = { ...NO_USAGE, ...Object.fromEntries(reach.usage.map((key) => [key, all[key]])) };
      return [
        { type: "start" },
        ...woven,
        { type: "usage", usage: counted },
        { type: "finish", reason, usage: counted },
      ];
    });
}

interface MadeChoice {
  readonly blocks: readonly Block[];
  readonly reason: UnifiedFinish;
}

function reasonOf({ blocks, reason }: MadeChoice, reach: Reach): UnifiedFinish {
  const calls = blocks.some((part) => part.kind === "call");
  return reach.impliedToolCalls && reason === "stop" && calls ? "tool_calls" : reason;
}

function eventsOfChoice(made: MadeChoice, index: number, reach: Reach): StreamEvent[] {
  const events: StreamEvent[] = [];
  let calls = 0;
  for (const part of made.blocks) {
    if (part.kind === "call") {
      // An id names one call: a second one with the same id would be the same call.
      const id = `${part.id}_${index}_${calls}`;
      events.push({ type: "tool_call", choice: index, index: calls, id, name: part.name });
      for (const text of reach.wholeCalls ? [part.pieces.join("")] : part.pieces) {
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
