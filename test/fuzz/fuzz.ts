/**
 * `npm run fuzz -- [--seconds 120] [--wire ID] [--seed N]`: every parser of every wire, and of HTTP (`--wire http1`),
 * under damaged bytes, for so many seconds each. Fails on anything thrown, on an answer without exactly one terminal event, on an input that
 * takes longer than a second, and on memory that grows with the number of inputs. What failed is printed with the
 * seed that makes it again.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { seededRandom } from "../../src/core/clock.ts";
import { isTerminal, type StreamEvent } from "../../src/core/events.ts";
import { parseJson } from "../../src/core/json.ts";
import type { WireId } from "../../src/core/request.ts";
import { type AnyWire, loadWire } from "../../src/providers/wire-registry.ts";
import type { RenderContext, RequestHints } from "../../src/wires/wire.ts";
import { type Damage, damageBytes } from "./damage.ts";
import { HTTP1_ANSWERS, runHttp1 } from "./http1.ts";

const WIRES = [
  "openai-chat",
  "openai-responses",
  "openai-embeddings",
  "anthropic-messages",
  "bedrock-converse",
  "bedrock-invoke",
  "gemini",
  "gemini-embeddings",
  "native",
] as const satisfies readonly WireId[];

const FIXTURES = join(import.meta.dir, "..", "fixtures");
/** One input may take so long before it counts as a hang. Milliseconds. */
const HANG_MS = 1000;
const MAX_JSON_DEPTH = 64;
/** Growth of the heap over a run, after collection, that still counts as noise. */
const MEMORY_NOISE_BYTES = 96 * 1024 * 1024;

const CONTEXT: RenderContext = {
  requestId: "req_fuzz",
  model: "fuzzed",
  createdAt: 1_758_000_000,
  streamUsage: true,
  estimatedInputTokens: 1,
  request: null,
};

interface Corpus {
  readonly requests: readonly Uint8Array[];
  readonly answers: readonly Uint8Array[];
  readonly streams: readonly Uint8Array[];
}

function corpusOf(wire: AnyWire): Corpus {
  const folder = join(FIXTURES, wire.id);
  let files: readonly string[] = [];
  try {
    files = readdirSync(folder);
  } catch {
    // A wire whose fixtures are made in its test: random bytes are all there is.
  }
  const read = (keep: (file: string) => boolean) =>
    files.filter(keep).map((file) => new Uint8Array(readFileSync(join(folder, file))));
  const json = (file: string) => file.endsWith(".json");
  return {
    requests: withSome(read((file) => json(file) && file.startsWith("request"))),
    answers: withSome(read((file) => json(file) && !file.startsWith("request"))),
    streams: withSome([...read((file) => !json(file)), ...rendered(wire)]),
  };
}

function withSome(found: readonly Uint8Array[]): readonly Uint8Array[] {
  return found.length > 0 ? found : [new TextEncoder().encode('{"a":[{"b":"c"}]}')];
}

/** A stream of the wire's own making: for framings whose fixtures are not bytes. */
function rendered(wire: AnyWire): readonly Uint8Array[] {
  const events: readonly StreamEvent[] = [
    { type: "start" },
    { type: "reasoning", choice: 0, text: "Hm." },
    { type: "text", choice: 0, text: "Hello" },
    { type: "tool_call", choice: 0, index: 0, id: "c1", name: "f" },
    { type: "tool_arguments", choice: 0, index: 0, text: '{"a":1}' },
    { type: "choice_end", choice: 0, reason: { unified: "tool_calls", raw: null } },
    { type: "finish", reason: { unified: "tool_calls", raw: null }, usage: null },
  ];
  let state = wire.renderStart(CONTEXT);
  const frames = events.flatMap((event) => {
    const [after, made] = wire.renderEvent(event, state);
    state = after;
    return made;
  });
  return [wire.framing.encode(frames)];
}

/** Runs one damaged input through one parser; throws when a promise is broken. */
type Target = (wire: AnyWire, bytes: Uint8Array, random: () => number) => void;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

const TARGETS: Readonly<Record<string, { readonly from: keyof Corpus; readonly run: Target }>> = {
  requests: {
    from: "requests",
    run(wire, bytes) {
      const body = parseJson(bytes, MAX_JSON_DEPTH);
      if (!body.ok) return;
      const hints: RequestHints = { contract: {}, strict: false, target: "fuzz", stream: false };
      const parsed = wire.parseRequest(body.value, hints);
      if (!parsed.ok) {
        wire.renderFault(parsed.fault, "req_fuzz");
        return;
      }
      wire.beyondContract(parsed.value);
      const target = {
        modelId: "m",
        capabilities: new Set<never>(),
        maxOutputTokens: 10,
        unsupported: new Set<string>(),
      };
      const lowered = wire.lower(parsed.value, target);
      if (lowered.ok) JSON.stringify(lowered.value.body);
      wire.path(parsed.value, target);
    },
  },
  answers: {
    from: "answers",
    run(wire, bytes) {
      const body = bodyOf(bytes);
      expectOneTerminal(wire.readAnswer(body));
      wire.readError(400 + (bytes.length % 200), new Headers({ "retry-after": "x" }), body, 0);
    },
  },
  frames: {
    from: "streams",
    run: (wire, _damaged, random) => runFrames(wire, wholeStream(wire, random), random),
  },
  streams: {
    from: "streams",
    run(wire, bytes, random) {
      const parser = wire.framing.createParser();
      let state = wire.readStart();
      const events: StreamEvent[] = [];
      const take = (frames: ReturnType<typeof parser.push>) => {
        for (const frame of frames) {
          const [after, made] = wire.step(state, frame);
          state = after;
          events.push(...made);
        }
      };
      for (let at = 0; at < bytes.length; ) {
        const end = at + 1 + Math.floor(random() * 400);
        take(parser.push(bytes.subarray(at, end)));
        at = end;
      }
      take(parser.end());
      events.push(...wire.flush(state));
      if (parser.fault && !events.some(isTerminal)) events.push({ type: "fault", fault: parser.fault });
      expectOneTerminal(events);
      let render = wire.renderStart(CONTEXT);
      for (const event of events) [render] = wire.renderEvent(event, render);
      wire.renderAnswer(events, CONTEXT);
    },
  },
};

const corpora = new Map<string, Corpus>();

function knownCorpus(wire: AnyWire): Corpus {
  const corpus = corpora.get(wire.id) ?? corpusOf(wire);
  corpora.set(wire.id, corpus);
  return corpus;
}

function wholeStream(wire: AnyWire, random: () => number): Uint8Array {
  const { streams } = knownCorpus(wire);
  return streams[Math.floor(random() * streams.length)] ?? new Uint8Array();
}

/** Damage inside frames that are whole: checksums of a framing would keep all of it from the wire. */
function runFrames(wire: AnyWire, bytes: Uint8Array, random: () => number): void {
  const parser = wire.framing.createParser();
  const frames = [...parser.push(bytes), ...parser.end()];
  let state = wire.readStart();
  const events: StreamEvent[] = [];
  for (const frame of frames) {
    const isHit = random() < 0.3;
    const data = isHit ? decoder.decode(damageBytes(encoder.encode(frame.data), random).bytes) : frame.data;
    const [after, made] = wire.step(
      state,
      random() < 0.05 ? { ...frame, data, exception: true } : { ...frame, data },
    );
    state = after;
    events.push(...made);
    if (random() < 0.05) break;
  }
  events.push(...wire.flush(state));
  expectOneTerminal(events);
  wire.renderAnswer(events, CONTEXT);
}

function bodyOf(bytes: Uint8Array): unknown {
  const text = decoder.decode(bytes);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function expectOneTerminal(events: readonly StreamEvent[]): void {
  const terminals = events.filter(isTerminal).length;
  const last = events[events.length - 1];
  if (terminals !== 1 || !last || !isTerminal(last)) {
    throw new Error(`${terminals} terminal events, the last event is ${last?.type ?? "none"}`);
  }
}

interface Outcome {
  readonly runs: number;
  readonly failure: string | null;
}

type Run = (bytes: Uint8Array, random: () => number) => void;

function fuzz(corpus: readonly Uint8Array[], run: Run, seconds: number, firstSeed: number): Outcome {
  const until = performance.now() + seconds * 1000;
  Bun.gc(true);
  const heapBefore = process.memoryUsage().heapUsed;
  let runs = 0;
  for (let seed = firstSeed; performance.now() < until; seed++) {
    const random = seededRandom(seed);
    const original = corpus[Math.floor(random() * corpus.length)] ?? new Uint8Array();
    const damage: Damage = damageBytes(original, random);
    const startedAt = performance.now();
    try {
      run(damage.bytes, random);
    } catch (thrown) {
      const said = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      return { runs, failure: `--seed ${seed} (${damage.how}): ${said}` };
    }
    const took = performance.now() - startedAt;
    if (took > HANG_MS)
      return { runs, failure: `--seed ${seed} (${damage.how}): took ${Math.round(took)} ms` };
    runs++;
  }
  Bun.gc(true);
  const grown = process.memoryUsage().heapUsed - heapBefore;
  if (grown > MEMORY_NOISE_BYTES)
    return { runs, failure: `the heap grew by ${Math.round(grown / 2 ** 20)} MiB` };
  return { runs, failure: null };
}

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    seconds: { type: "string", default: "120" },
    wire: { type: "string" },
    seed: { type: "string", default: "1" },
  },
});
const isWanted = (id: string) => values.wire === undefined || values.wire === id;
const ids = WIRES.filter(isWanted);
if (ids.length === 0 && !isWanted("http1")) {
  console.error(`--wire ${values.wire}: choose one of ${WIRES.join(", ")}, http1`);
  process.exit(2);
}
let failed = 0;
const report = (id: string, name: string, corpus: readonly Uint8Array[], run: Run): void => {
  const { runs, failure } = fuzz(corpus, run, Number(values.seconds), Number(values.seed));
  console.log(`${id.padEnd(20)} ${name.padEnd(9)} ${String(runs).padStart(9)} inputs  ${failure ?? "ok"}`);
  if (failure !== null) failed++;
};
for (const id of ids) {
  const wire = await loadWire(id);
  for (const [name, { from, run }] of Object.entries(TARGETS)) {
    report(id, name, knownCorpus(wire)[from], (bytes, random) => run(wire, bytes, random));
  }
}
if (isWanted("http1")) report("http1", "answers", HTTP1_ANSWERS, runHttp1);
console.log(failed === 0 ? "nothing was thrown, nothing hung, nothing grew" : `${failed} parsers failed`);
process.exit(failed === 0 ? 0 : 1);
