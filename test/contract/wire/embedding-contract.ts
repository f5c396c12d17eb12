/** What every wire for vectors must do, whatever its dialect: run it with the wire's own fixtures. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isTerminal, NO_USAGE, type StreamEvent } from "../../../src/core/events.ts";
import { FAULTS, type FaultKind, fault } from "../../../src/core/faults.ts";
import type { EmbeddingInput, ModelRequest } from "../../../src/core/request.ts";
import type { LowerTarget, RequestHints, Wire } from "../../../src/wires/wire.ts";
import { damage, damaged } from "./arbitraries.ts";
import { CONTEXT, readFrames } from "./streams.ts";
import { ABLE, type ErrorFixture, type ExpectedError, NO_HINTS, parsed } from "./wire-contract.ts";

type Body = Readonly<Record<string, unknown>>;

/** What an answer must say. `inputTokens`: null where the provider counts nothing. */
export type ExpectedVectors =
  | { readonly vectors: readonly (readonly number[])[]; readonly inputTokens: number | null }
  | { readonly fault: { readonly kind: FaultKind; readonly code: string } };

export interface EmbeddingFixtures {
  /** Requests that a caller may send, and what they ask for. */
  readonly requests: Readonly<Record<string, { readonly body: Body; readonly expected: EmbeddingInput }>>;
  /** Requests that must be refused, each for one reason. */
  readonly refused: readonly {
    readonly name: string;
    readonly body: unknown;
    readonly code: string;
    readonly param?: string;
  }[];
  /** Whole answers of a provider, by scenario. */
  readonly answers: Readonly<Record<string, { readonly body: unknown; readonly expected: ExpectedVectors }>>;
  readonly errors: Readonly<
    Record<string, { readonly fixture: ErrorFixture; readonly expected: ExpectedError }>
  >;
  /** A caller's body that asks for the vectors of `texts`, in each of the ways that answers differ by. */
  readonly askings: readonly ((texts: readonly string[]) => Body)[];
  /** How many inputs one call can carry. */
  readonly maxInputs: number;
  /** Whether answers say how many tokens came in. */
  readonly counts: boolean;
  /** What the path says beside each request's body; absent: nothing. */
  readonly hints?: RequestHints;
  /** The model that requests are lowered to; absent: one that can do everything. */
  readonly target?: LowerTarget;
  /** When the errors were received, epoch milliseconds. */
  readonly now: number;
}

const SECRETS = /sk-|nginx|<html>/;
const RUNS = { numRuns: 60 };

export function embeddingContract<Read, Render>(wire: Wire<Read, Render>, fixtures: EmbeddingFixtures): void {
  describe(`${wire.id}: requests for vectors`, () => requests(wire, fixtures));
  describe(`${wire.id}: answers with vectors`, () => answers(wire, fixtures));
  describe(`${wire.id}: faults`, () => faults(wire, fixtures));
  describe(`${wire.id}: anything at all`, () => survives(wire, fixtures));
}

function requests<Read, Render>(wire: Wire<Read, Render>, fixtures: EmbeddingFixtures): void {
  const target = fixtures.target ?? ABLE;
  for (const [name, { body, expected }] of Object.entries(fixtures.requests)) {
    test(`request ${name} is read`, () => {
      const request = parsed(wire, body, fixtures.hints);
      expect(request.embedding).toEqual(expected);
      expect(request).toMatchObject({ operation: "embed", messages: [], tools: [], stream: false });
    });

    test(`request ${name} asks the same after being rendered from the contract`, () => {
      const request = parsed(wire, body, fixtures.hints);
      const lowered = wire.lower(abroad(request), target);
      if (!lowered.ok) throw new Error(lowered.fault.message);
      const again = parsed(wire, JSON.parse(JSON.stringify(lowered.value.body)), fixtures.hints);
      expect(again.embedding).toEqual(expected);
      expect(again.user).toBe(request.user);
      expect(lowered.value.warnings).toEqual([]);
    });

    test(`request ${name} keeps what the contract does not model`, () => {
      const odd = { ...body, x_vendor_option: { nested: [1, "two"] } };
      const request = parsed(wire, odd, fixtures.hints);
      const lowered = wire.lower(request, target);
      if (!lowered.ok) throw new Error(lowered.fault.message);
      expect(lowered.value.body.x_vendor_option).toEqual({ nested: [1, "two"] });
      expect(odd).toEqual({ ...body, x_vendor_option: { nested: [1, "two"] } });
      expect(wire.beyondContract(request)).toContain("x_vendor_option");
    });

    test(`request ${name} has a path`, () => {
      expect(wire.path(parsed(wire, body, fixtures.hints), target)).toMatch(/^\/[\w%./:-]+$/);
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

function answers<Read, Render>(wire: Wire<Read, Render>, fixtures: EmbeddingFixtures): void {
  for (const [name, { body, expected }] of Object.entries(fixtures.answers)) {
    test(`answer ${name}`, () => {
      const events = wire.readAnswer(body);
      expectWellFormed(events);
      const last = events.at(-1);
      if ("fault" in expected) {
        expect(last?.type === "fault" ? last.fault : null).toMatchObject(expected.fault);
        return;
      }
      expect(vectorsOf(events)).toEqual(expected.vectors);
      const usage = last?.type === "finish" ? last.usage : undefined;
      expect(usage === null ? null : usage?.inputTokens).toBe(expected.inputTokens);
    });
  }

  const vector = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
    minLength: 1,
    maxLength: 40,
  });
  const answered = fc.record({
    vectors: fc.array(vector, { minLength: 1, maxLength: fixtures.maxInputs }),
    tokens: fc.nat({ max: 100_000 }),
    asking: fc.nat(),
  });

  test("vectors that are rendered read back as the same 32-bit floats, in their order", () => {
    const check = ({ vectors, tokens, asking }: { vectors: number[][]; tokens: number; asking: number }) => {
      const ask = fixtures.askings[asking % fixtures.askings.length];
      if (ask === undefined) throw new Error("no way of asking");
      const request = parsed(wire, ask(vectors.map((_, at) => `text ${at}`)), fixtures.hints);
      expect(request.embedding?.inputs).toHaveLength(vectors.length);
      const usage = fixtures.counts ? { ...NO_USAGE, inputTokens: tokens } : null;
      const body = wire.renderAnswer(answerOf(vectors, usage), { ...CONTEXT, request });
      const events = wire.readAnswer(JSON.parse(JSON.stringify(body)));
      expectWellFormed(events);
      // A minus before a zero is lost in JSON, and means nothing in a vector.
      const plain = (values: readonly (readonly number[])[]) =>
        values.map((v) => v.map((n) => Math.fround(n) + 0));
      expect(plain(vectorsOf(events))).toEqual(plain(vectors));
      const last = events.at(-1);
      if (fixtures.counts) expect(last).toMatchObject({ type: "finish", usage: { inputTokens: tokens } });
    };
    fc.assert(fc.property(answered, check), RUNS);
  });

  test("labels of simulated answers are there, and do not get in the way", () => {
    for (const ask of fixtures.askings) {
      const request = parsed(wire, ask(["text"]), fixtures.hints);
      const context = { ...CONTEXT, request, labels: { simulated: true } };
      const body = wire.renderAnswer(answerOf([[1, -0.5]], null), context);
      expect(JSON.stringify(body)).toContain("simulated");
      expect(vectorsOf(wire.readAnswer(body))).toEqual([[1, -0.5]]);
    }
  });
}

function faults<Read, Render>(wire: Wire<Read, Render>, fixtures: EmbeddingFixtures): void {
  for (const [name, { fixture, expected }] of Object.entries(fixtures.errors)) {
    test(`error ${name}`, () => {
      const headers = new Headers(fixture.headers);
      const read = wire.readError(fixture.status, headers, fixture.body, fixtures.now);
      const { kind, code, retryAfterMs, param } = read;
      expect({ kind, code, retryAfterMs, param }).toEqual({
        retryAfterMs: undefined,
        param: undefined,
        ...expected,
      });
      expect(JSON.stringify(wire.renderFault(read, "req_1"))).not.toMatch(SECRETS);
    });
  }

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

function survives<Read, Render>(wire: Wire<Read, Render>, fixtures: EmbeddingFixtures): void {
  const hints = fixtures.hints ?? NO_HINTS;
  const target = fixtures.target ?? ABLE;

  test("random values never throw", () => {
    const check = (value: unknown, status: number) => {
      wire.parseRequest(value, hints);
      expectWellFormed(wire.readAnswer(value));
      wire.readError(status, new Headers(), value, 0);
    };
    fc.assert(fc.property(fc.jsonValue(), fc.integer({ min: 400, max: 599 }), check), { numRuns: 300 });
  });

  test("a stream that nobody asked for ends in a fault", () => {
    const check = (data: string) => {
      expect(readFrames(wire, [{ data }, { data }]).filter(isTerminal)).toHaveLength(1);
    };
    fc.assert(fc.property(fc.string(), check), RUNS);
    expect(readFrames(wire, []).at(-1)?.type).toBe("fault");
  });

  test("requests with one value replaced never throw, and are refused with a code", () => {
    const bodies = Object.values(fixtures.requests).map(({ body }) => body);
    const check = (which: number, { at, value }: { at: number; value: unknown }) => {
      const result = wire.parseRequest(damaged(bodies[which % bodies.length], at, value), hints);
      if (!result.ok) expect(result.fault.code).toMatch(/^[a-z][a-z_]*$/);
      else expect(wire.lower(result.value, target).ok).toBe(true);
    };
    fc.assert(fc.property(fc.nat(), damage, check), { numRuns: 400 });
  });

  test("answers with one value replaced end in exactly one terminal event, and their vectors are numbers", () => {
    const bodies = Object.values(fixtures.answers).map(({ body }) => body);
    const check = (which: number, { at, value }: { at: number; value: unknown }) => {
      const events = wire.readAnswer(damaged(bodies[which % bodies.length], at, value));
      expectWellFormed(events);
      wire.renderAnswer(events, CONTEXT);
    };
    fc.assert(fc.property(fc.nat(), damage, check), { numRuns: 400 });
  });
}

function abroad(request: ModelRequest): ModelRequest {
  return { ...request, strict: false, origin: { wire: "native", body: {}, rewritten: new Set() } };
}

/** A complete answer with `vectors`. */
export function answerOf(
  vectors: readonly (readonly number[])[],
  usage: Extract<StreamEvent, { type: "finish" }>["usage"],
): readonly StreamEvent[] {
  return [
    { type: "start" },
    ...vectors.map((vector, index): StreamEvent => ({ type: "embedding", index, vector })),
    { type: "finish", reason: { unified: "stop", raw: null }, usage },
  ];
}

export function vectorsOf(events: readonly StreamEvent[]): readonly (readonly number[])[] {
  return events.flatMap((event) => (event.type === "embedding" ? [event.vector] : []));
}

/** Exactly one terminal event, at the end; vectors of finite numbers, in the order of their inputs. */
function expectWellFormed(events: readonly StreamEvent[]): void {
  expect(events.filter(isTerminal)).toHaveLength(1);
  const last = events.at(-1);
  expect(last !== undefined && isTerminal(last)).toBe(true);
  const found = events.flatMap((event) => (event.type === "embedding" ? [event] : []));
  expect(found.map(({ index }) => index)).toEqual(found.map((_, at) => at));
  expect(found.every(({ vector }) => vector.length > 0 && vector.every(Number.isFinite))).toBe(true);
  if (last?.type === "finish") expect(found.length).toBeGreaterThan(0);
}
