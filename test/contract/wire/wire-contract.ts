/** What every wire must do, whatever its dialect: run it with the wire's own fixtures. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { seededRandom } from "../../../src/core/clock.ts";
import { CAPABILITIES } from "../../../src/core/contract.ts";
import { isTerminal, type StreamEvent, type Usage } from "../../../src/core/events.ts";
import { FAULTS, type FaultKind, fault } from "../../../src/core/faults.ts";
import type { ModelRequest } from "../../../src/core/request.ts";
import type { LowerTarget, RequestHints, Wire } from "../../../src/wires/wire.ts";
import { answerEvents, damage, damaged, FULL_REACH, type Reach } from "./arbitraries.ts";
import {
  byChoice,
  CONTEXT,
  cutAtRandom,
  essence,
  framesOf,
  readBytes,
  readFrames,
  renderFrames,
  type Summary,
  stepFrames,
  summarise,
  toBytes,
} from "./streams.ts";

/** What an answer must say; what is left out must be empty. `usage` may name only some of its counts. */
export type Expected = Partial<Omit<Summary, "usage">> & { readonly usage?: Partial<Usage> };

export interface ErrorFixture {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface ExpectedError {
  readonly kind: FaultKind;
  readonly code: string;
  readonly retryAfterMs?: number;
  readonly param?: string;
}

export interface WireFixtures {
  /** Streams as a provider sends them, by scenario. */
  readonly streams: Readonly<Record<string, { readonly bytes: Uint8Array; readonly expected: Expected }>>;
  /** Whole answers, by scenario. */
  readonly answers: Readonly<Record<string, { readonly body: unknown; readonly expected: Expected }>>;
  readonly errors: Readonly<
    Record<string, { readonly fixture: ErrorFixture; readonly expected: ExpectedError }>
  >;
  /** Requests that a caller may send. */
  readonly requests: Readonly<Record<string, { readonly body: Readonly<Record<string, unknown>> }>>;
  /** Requests that must be refused, each for one reason. */
  readonly refused: readonly {
    readonly name: string;
    readonly body: unknown;
    readonly code: string;
    readonly param?: string;
  }[];
  /** What this wire can carry at all; absent: everything. */
  readonly reach?: Partial<Reach>;
  /** What the path says beside each request's body; absent: nothing. */
  readonly hints?: RequestHints;
  /** When the errors were received, epoch milliseconds. */
  readonly now: number;
  /** The dialect is our own: a field it does not know is a mistake, and refused as one. */
  readonly closed?: boolean;
}

export const NO_HINTS: RequestHints = { contract: {}, strict: false };
export const ABLE: LowerTarget = {
  modelId: "provider-model-1",
  maxOutputTokens: 4096,
  capabilities: new Set(CAPABILITIES),
  unsupported: new Set(),
};
const SECRETS = /sk-|Input validation error|maximum context length is|nginx|<html>/;
const RUNS = { numRuns: 60 };

export function wireContract<Read, Render>(wire: Wire<Read, Render>, fixtures: WireFixtures): void {
  describe(`${wire.id}: reading`, () => {
    readsStreams(wire, fixtures);
    readsAnswers(wire, fixtures);
    readsErrors(wire, fixtures);
  });
  describe(`${wire.id}: rendering`, () => renders(wire, fixtures));
  describe(`${wire.id}: requests`, () => requests(wire, fixtures));
  describe(`${wire.id}: anything at all`, () => survives(wire, fixtures));
}

function readsStreams<Read, Render>(wire: Wire<Read, Render>, fixtures: WireFixtures): void {
  for (const [name, { bytes, expected }] of Object.entries(fixtures.streams)) {
    test(`stream ${name}`, () => {
      const events = readBytes(wire, [bytes]);
      expectSummary(summarise(events), expected);
      expectOneTerminal(events);
    });
  }

  test("where the bytes are cut does not matter, inside characters either", () => {
    for (const { bytes } of Object.values(fixtures.streams)) {
      const whole = readBytes(wire, [bytes]);
      expect(
        readBytes(
          wire,
          Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)),
        ),
      ).toEqual(whole);
      const check = (seed: number, mean: number) => {
        expect(readBytes(wire, cutAtRandom(bytes, seededRandom(seed), mean))).toEqual(whole);
      };
      fc.assert(fc.property(fc.nat(), fc.constantFrom(2, 9, 40, 200), check), { numRuns: 12 });
    }
  });

  test("a state handed to the next frame is not changed by it", () => {
    for (const { bytes } of Object.values(fixtures.streams)) {
      const [frame] = renderFrames(wire, readBytes(wire, [bytes]));
      if (frame === undefined) continue;
      const before = wire.readStart();
      expect(wire.step(before, frame)).toEqual(wire.step(before, frame));
    }
  });

  test("frames after the terminal event are ignored", () => {
    const frames = renderFrames(wire, TEXT_ANSWER);
    const once = readFrames(wire, frames);
    expect(once.at(-1)?.type).toBe("finish");
    // A wire without an end mark has its terminal event from the end of the bytes.
    if (stepFrames(wire, frames).some(isTerminal))
      expect(readFrames(wire, [...frames, ...frames])).toEqual(once);
  });
}

function readsAnswers<Read, Render>(wire: Wire<Read, Render>, fixtures: WireFixtures): void {
  for (const [name, { body, expected }] of Object.entries(fixtures.answers)) {
    test(`answer ${name}`, () => {
      const events = wire.readAnswer(body);
      expectSummary(summarise(events), expected);
      expectOneTerminal(events);
    });
  }
}

function readsErrors<Read, Render>(wire: Wire<Read, Render>, fixtures: WireFixtures): void {
  for (const [name, { fixture, expected }] of Object.entries(fixtures.errors)) {
    test(`error ${name}`, () => {
      const headers = new Headers(fixture.headers);
      const read = wire.readError(fixture.status, headers, fixture.body, fixtures.now);
      expect({
        kind: read.kind,
        code: read.code,
        retryAfterMs: read.retryAfterMs,
        param: read.param,
      }).toEqual({ retryAfterMs: undefined, param: undefined, ...expected });
      expect(read.cause?.status).toBe(fixture.status);
      expect(read.cause?.detail?.length ?? 0).toBeLessThanOrEqual(500);
      // The provider's words stay inside.
      expect(JSON.stringify(wire.renderFault(read, "req_1"))).not.toMatch(SECRETS);
    });
  }
}

function renders<Read, Render>(wire: Wire<Read, Render>, fixtures: WireFixtures): void {
  test("what is rendered reads back as the same events, frame by frame", () => {
    const comparable = fixtures.reach?.wholeCalls ? byChoice : essence;
    const check = (events: readonly StreamEvent[]) => {
      const back = readBytes(wire, [toBytes(wire, renderFrames(wire, events))]);
      expect(comparable(back)).toEqual(comparable(events));
    };
    fc.assert(fc.property(answerEvents({ ...FULL_REACH, ...fixtures.reach }), check), RUNS);
  });

  test("a whole answer says what its stream says", () => {
    const check = (events: readonly StreamEvent[]) => {
      const body = JSON.parse(JSON.stringify(wire.renderAnswer(events, CONTEXT)));
      const read = summarise(wire.readAnswer(body));
      const calls = (summary: Summary) => summary.calls.toSorted((a, b) => a.choice - b.choice);
      const told = summarise(events);
      expect({ ...read, calls: calls(read) }).toEqual({ ...told, calls: calls(told) });
    };
    fc.assert(fc.property(answerEvents({ ...FULL_REACH, ...fixtures.reach }), check), RUNS);
  });

  test("every stream of a provider survives being read, rendered and read again", () => {
    for (const { bytes } of Object.values(fixtures.streams)) {
      const events = readBytes(wire, [bytes]);
      if (events.at(-1)?.type !== "finish") continue;
      const again = readBytes(wire, [toBytes(wire, renderFrames(wire, events))]);
      expect(summarise(again)).toEqual(summarise(events));
    }
  });

  test("a fault ends the stream without a finish, and nothing follows it", () => {
    const broken: StreamEvent = { type: "fault", fault: fault("outage", "stream_cut", "It broke off.") };
    const frames = renderFrames(wire, [...TEXT_ANSWER.slice(0, 2), broken, ...TEXT_ANSWER.slice(2)]);
    const back = summarise(readFrames(wire, frames));
    expect(back.finish).toBeNull();
    expect(back.ends).toEqual({});
    expect(back.fault?.kind).toBe("outage");
  });

  test("every fault renders with the status of the fault table", () => {
    for (const kind of Object.keys(FAULTS) as FaultKind[]) {
      const made = fault(kind, "some_code", "What to do.", { cause: { detail: "sk-secret nginx" } });
      const rendered = wire.renderFault(made, "req_1");
      expect(rendered.status).toBe(FAULTS[kind].status);
      expect(JSON.stringify(rendered)).not.toMatch(SECRETS);
      expect(JSON.stringify(rendered.body)).toContain("What to do.");
    }
  });
}

function requests<Read, Render>(wire: Wire<Read, Render>, fixtures: WireFixtures): void {
  for (const [name, { body }] of Object.entries(fixtures.requests)) {
    test(`request ${name} says the same after being rendered from the contract`, () => {
      const request = parsed(wire, body, fixtures.hints);
      const foreign: ModelRequest = {
        ...request,
        strict: false,
        origin: { wire: wire.id === "native" ? "openai-chat" : "native", body: {}, rewritten: new Set() },
      };
      const lowered = wire.lower(foreign, ABLE);
      if (!lowered.ok) throw new Error(lowered.fault.message);
      const again = parsed(wire, JSON.parse(JSON.stringify(lowered.value.body)), fixtures.hints);
      const target = fixtures.hints?.target ?? ABLE.modelId;
      expect(contractOf(again)).toEqual({ ...contractOf(request), target });
      expect(lowered.value.warnings).toEqual([]);
    });

    test(`request ${name} ${fixtures.closed ? "refuses" : "keeps"} what the contract does not model`, () => {
      if (fixtures.closed) {
        const refused = wire.parseRequest({ ...body, x_vendor_option: 1 }, fixtures.hints ?? NO_HINTS);
        expect(refused).toMatchObject({ ok: false, fault: { kind: "invalid", code: "unknown_field" } });
        return;
      }
      const odd = { ...body, x_vendor_option: { nested: [1, "two"] } };
      const lowered = wire.lower(parsed(wire, odd, fixtures.hints), ABLE);
      if (!lowered.ok) throw new Error(lowered.fault.message);
      expect(lowered.value.body.x_vendor_option).toEqual({ nested: [1, "two"] });
      expect(odd).toEqual({ ...body, x_vendor_option: { nested: [1, "two"] } });
    });
  }

  for (const { name, body, code, param } of fixtures.refused) {
    test(`refused: ${name}`, () => {
      const result = wire.parseRequest(body, fixtures.hints ?? NO_HINTS);
      if (result.ok) throw new Error("was accepted");
      const { fault: why } = result;
      expect({ kind: why.kind, code: why.code, param: why.param }).toEqual({ kind: "invalid", code, param });
      expect(why.message).not.toContain("PRIVATE");
      expect(why.message.length).toBeGreaterThan(15);
    });
  }
}

function survives<Read, Render>(wire: Wire<Read, Render>, fixtures: WireFixtures): void {
  const streams = Object.values(fixtures.streams).map(({ bytes }) => framesOf(wire, [bytes]));

  test("random values never throw", () => {
    const check = (value: unknown, status: number) => {
      wire.parseRequest(value, fixtures.hints ?? NO_HINTS);
      expectOneTerminal(wire.readAnswer(value));
      wire.readError(status, new Headers(), value, 0);
      expectOneTerminal(readFrames(wire, [{ data: JSON.stringify(value) }]));
    };
    fc.assert(fc.property(fc.jsonValue(), fc.integer({ min: 400, max: 599 }), check), { numRuns: 300 });
  });

  test("random text as a frame never throws", () => {
    const check = (data: string, event: string) => {
      expectOneTerminal(readFrames(wire, [{ event, data }, { data }]));
      wire.readError(500, new Headers({ "retry-after": "soon" }), data, 0);
    };
    fc.assert(fc.property(fc.string(), fc.string(), check), { numRuns: 200 });
  });

  test("requests with one value replaced never throw, and are refused with a code", () => {
    const bodies = Object.values(fixtures.requests).map(({ body }) => body);
    const check = (which: number, { at, value }: { at: number; value: unknown }) => {
      const result = wire.parseRequest(
        damaged(bodies[which % bodies.length], at, value),
        fixtures.hints ?? NO_HINTS,
      );
      if (!result.ok) expect(result.fault.code).toMatch(/^[a-z][a-z_]*$/);
      else expect(wire.lower(result.value, ABLE).ok).toBe(true);
    };
    fc.assert(fc.property(fc.nat(), damage, check), { numRuns: 600 });
  });

  test("streams with one value replaced still end in exactly one terminal event that can be rendered", () => {
    const check = (which: number, frameAt: number, { at, value }: { at: number; value: unknown }) => {
      const frames = [...(streams[which % streams.length] ?? [])];
      const position = frameAt % Math.max(1, frames.length);
      const frame = frames[position];
      if (frame === undefined || !isJson(frame.data)) return;
      frames[position] = { ...frame, data: JSON.stringify(damaged(JSON.parse(frame.data), at, value)) };
      const events = readFrames(wire, frames);
      expectOneTerminal(events);
      renderFrames(wire, events);
      wire.renderAnswer(events, CONTEXT);
    };
    fc.assert(fc.property(fc.nat(), fc.nat(), damage, check), { numRuns: 600 });
  });

  test("answers with one value replaced still end in exactly one terminal event", () => {
    const bodies = Object.values(fixtures.answers).map(({ body }) => body);
    const check = (which: number, { at, value }: { at: number; value: unknown }) => {
      const events = wire.readAnswer(damaged(bodies[which % bodies.length], at, value));
      expectOneTerminal(events);
      wire.renderAnswer(events, CONTEXT);
    };
    fc.assert(fc.property(fc.nat(), damage, check), { numRuns: 400 });
  });
}

/** The shortest complete answer, for tests that need any. */
export const TEXT_ANSWER: readonly StreamEvent[] = [
  { type: "start" },
  { type: "text", choice: 0, text: "Hello" },
  { type: "choice_end", choice: 0, reason: { unified: "stop", raw: "stop" } },
  { type: "finish", reason: { unified: "stop", raw: "stop" }, usage: null },
];

export function parsed<Read, Render>(
  wire: Wire<Read, Render>,
  body: unknown,
  hints: RequestHints = NO_HINTS,
): ModelRequest {
  const result = wire.parseRequest(body, hints);
  if (!result.ok) throw new Error(`${result.fault.param}: ${result.fault.message}`);
  return result.value;
}

function contractOf(request: ModelRequest): Partial<ModelRequest> {
  const { origin: _origin, contract: _contract, strict: _strict, streamUsage: _usage, ...rest } = request;
  return rest;
}

function expectSummary(found: Summary, expected: Expected): void {
  const { usage, ...rest } = expected;
  const { usage: foundUsage, ...foundRest } = found;
  const nothing = { text: {}, reasoning: {}, refusal: {}, calls: [], ends: {}, finish: null, fault: null };
  expect(foundRest).toEqual({ ...nothing, ...rest });
  if (usage !== undefined) expect(foundUsage).toMatchObject(usage);
}

function expectOneTerminal(events: readonly StreamEvent[]): void {
  expect(events.filter(isTerminal)).toHaveLength(1);
  expect(events.at(-1)).toSatisfy((last) => last !== undefined && isTerminal(last));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
