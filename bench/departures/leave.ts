/**
 * Callers who leave, in every place where one can: before a first token, while the ladder waits, in the middle of a
 * race, as the probe of a half-open circuit, midway through a stream. Owns the leaving and what must be true after it.
 */
import { heapStats } from "bun:jsc";
import type { Caller } from "../../src/core/caller.ts";
import { handleInference } from "../../src/gateway/handle-inference.ts";
import { FAKE_CALLER } from "../../src/policy/fake-policy.ts";
import { loadedWire, loadWire } from "../../src/providers/wire-registry.ts";
import { type FakeUpstream, replaceFetch } from "./fake-upstream.ts";
import { createRecordingGateway, type RecordingGateway } from "./gateway.ts";

/** Callers under way at once. */
const WAVE = 2000;
/** Hedges that a use case may save up: so many callers can have two calls at once. */
const AT_RACE = 10;
/** One after the other, and each is noticed within half a second. */
const PROBES = 8;
/** Objects that a departure could leave behind; those of our own classes are each an `Object`. */
const WATCHED = [
  "AbortController",
  "AbortSignal",
  "Function",
  "Object",
  "Promise",
  "ReadableStream",
  "ReadableStreamDefaultReader",
  "Request",
  "Response",
  "Timeout",
] as const;

/** Where the caller is when it leaves; `stream` asks for one. */
interface Place {
  readonly useCase: string;
  readonly stream: boolean;
}

const PLACES: readonly Place[] = [
  { useCase: "silent", stream: false },
  { useCase: "silent", stream: true },
  { useCase: "headers", stream: true },
  { useCase: "throttled", stream: false },
  { useCase: "words", stream: true },
  { useCase: "words", stream: true },
];

export interface Departures {
  readonly departures: number;
  readonly seconds: number;
  /** How many requests ended as what. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly upstreamCalls: number;
  /** Callers who left while two calls were under way for them. */
  readonly hedged: number;
  /** What is left; each must be zero. */
  readonly left: {
    readonly requestsInFlight: number;
    readonly callsInFlight: number;
    readonly upstreamOpen: number;
    readonly failures: number;
    readonly internalErrors: number;
  };
  /** Probes of a half-open circuit whose caller left, and whether the last of them still got its permit. */
  readonly probes: { readonly made: number; readonly lastWasCalled: boolean };
  /** Live objects of each kind beyond those after the warm-up. */
  readonly grown: Readonly<Record<string, number>>;
  readonly heapGrownBytes: number;
}

/** Lets `count` callers leave, and some probes after them. The process's `fetch` is replaced meanwhile. */
export async function leave(count: number): Promise<Departures> {
  await loadWire("openai-chat");
  const upstream = replaceFetch();
  try {
    const recording = createRecordingGateway();
    // What the first calls compile and keep is no leak.
    await wave(recording, upstream, Math.min(WAVE, count));
    const before = await settled();
    const startedAt = performance.now();
    recording.forget();
    for (let gone = 0; gone < count; gone += WAVE)
      await wave(recording, upstream, Math.min(WAVE, count - gone));
    const seconds = (performance.now() - startedAt) / 1000;
    const outcomes = Object.fromEntries(recording.outcomes);
    const after = await settled();
    const { gateway } = recording;
    const rows = gateway.health.report(gateway.clock.now());
    const sum = (value: (row: (typeof rows)[number]) => number) =>
      rows.reduce((total, row) => total + value(row), 0);
    const left = {
      requestsInFlight: gateway.admission.inFlight(),
      callsInFlight: sum(({ inFlight }) => inFlight),
      upstreamOpen: upstream.open,
      failures: sum(({ failures }) => failures),
      internalErrors: recording.internal.length,
    };
    const upstreamCalls = upstream.calls;
    const { hedged } = recording;
    const probes = await leaveAsProbes(recording);
    const grown = Object.fromEntries(WATCHED.map((kind) => [kind, after.counts[kind] - before.counts[kind]]));
    const heapGrownBytes = after.bytes - before.bytes;
    return {
      departures: count,
      seconds,
      outcomes,
      upstreamCalls,
      hedged,
      left,
      probes,
      grown,
      heapGrownBytes,
    };
  } finally {
    upstream.restore();
  }
}

async function wave(recording: RecordingGateway, upstream: FakeUpstream, size: number): Promise<void> {
  const racing = Math.min(AT_RACE, size);
  const callers = Array.from({ length: racing }, () =>
    arrive(recording, { useCase: "hedged", stream: true }),
  );
  // Nothing else is under way: two calls each.
  for (let look = 0; upstream.open < 2 * racing && look < 1000; look++) await Bun.sleep(5);
  await Promise.all(callers.map(leaveEarly));
  const left = Array.from({ length: size - racing }, (_, index) => {
    const caller = arrive(recording, PLACES[index % PLACES.length] ?? { useCase: "silent", stream: false });
    return caller.useCase === "words" ? leaveMidway(caller) : Bun.sleep(30).then(() => leaveEarly(caller));
  });
  await Promise.all(left);
}

interface CallerOnTheWay {
  readonly useCase: string;
  readonly leaving: AbortController;
  readonly answering: Promise<Response>;
}

function arrive({ gateway }: RecordingGateway, { useCase, stream }: Place): CallerOnTheWay {
  const wire = loadedWire("openai-chat");
  const leaving = new AbortController();
  const request = new Request("http://gateway/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: useCase, stream, messages: [{ role: "user", content: "Hello" }] }),
    signal: leaving.signal,
  });
  return { useCase, leaving, answering: handleInference(gateway, { wire }, request, CALLER) };
}

/** As a server does when a socket closes: the request's signal aborts, and an answer's body is cancelled. */
async function leaveEarly({ leaving, answering }: CallerOnTheWay): Promise<void> {
  leaving.abort();
  await (await answering).body?.cancel();
}

async function leaveMidway({ leaving, answering }: CallerOnTheWay): Promise<void> {
  const reader = (await answering).body?.getReader();
  for (let chunk = 0; chunk < 3; chunk++) await reader?.read();
  leaving.abort();
  await reader?.cancel();
}

const CALLER: Caller = { ...FAKE_CALLER, role: "admin" };

/** A circuit that failures opened lets one probe through at a time: one that is not given back is the last. */
async function leaveAsProbes(recording: RecordingGateway): Promise<Departures["probes"]> {
  const { health, clock } = recording.gateway;
  for (let failure = 0; failure < 5; failure++) {
    const permit = health.admit("headers-eu", clock.now());
    if (typeof permit !== "string") permit.settle("bad", clock.now());
  }
  await Bun.sleep(5);
  for (let probe = 0; probe < PROBES; probe++) {
    const caller = arrive(recording, { useCase: "probing", stream: true });
    await Bun.sleep(5);
    await leaveEarly(caller);
  }
  return { made: PROBES, lastWasCalled: recording.last()?.attempts[0]?.result === "fault" };
}

/** Live objects once everything that can be collected is. */
async function settled() {
  for (let round = 0; round < 3; round++) {
    await Bun.sleep(20);
    Bun.gc(true);
  }
  const { objectTypeCounts, heapSize } = heapStats();
  const counts = Object.fromEntries(WATCHED.map((kind) => [kind, objectTypeCounts[kind] ?? 0])) as Record<
    (typeof WATCHED)[number],
    number
  >;
  return { counts, bytes: heapSize };
}
