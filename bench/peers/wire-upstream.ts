/**
 * A provider of every wire with one fixed answer: under /whole/{wire} at once, under /stream/{wire} as
 * `CHUNKS` pieces of text, each written on its own. The answers are rendered by the wires themselves before
 * anything is measured. `PORT`.
 */
import type { StreamEvent } from "../../src/core/events.ts";
import type { WireId } from "../../src/core/request.ts";
import { type AnyWire, loadWire } from "../../src/providers/wire-registry.ts";
import type { RenderContext } from "../../src/wires/wire.ts";
import { ANSWER_TEXT, CHUNK_EVERY_MS, CHUNKS, PROVIDER_WIRES } from "../wire-load.ts";

const CONTEXT: RenderContext = {
  requestId: "bench",
  model: "bench-large-1",
  createdAt: 1_767_225_600,
  streamUsage: true,
  estimatedInputTokens: 93,
  request: null,
};
const END = { unified: "stop", raw: null } as const;

function answerOf(texts: readonly string[]): readonly StreamEvent[] {
  const usage = {
    inputTokens: 93,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: texts.length,
    reasoningTokens: 0,
  };
  return [
    { type: "start" },
    { type: "usage", usage },
    ...texts.map((text): StreamEvent => ({ type: "text", choice: 0, text })),
    { type: "choice_end", choice: 0, reason: END },
    { type: "finish", reason: END, usage },
  ];
}

/** One piece of bytes for each event that renders to any. */
function piecesOf(wire: AnyWire): readonly Uint8Array[] {
  const texts = Array.from({ length: CHUNKS }, () => " customer");
  let state = wire.renderStart(CONTEXT);
  const pieces: Uint8Array[] = [];
  for (const event of answerOf(texts)) {
    const [after, frames] = wire.renderEvent(event, state);
    state = after;
    if (frames.length > 0) pieces.push(wire.framing.encode(frames));
  }
  return pieces;
}

function streamOf(pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  let timer: Timer | undefined;
  return new ReadableStream({
    start(controller) {
      let at = 0;
      const next = () => {
        const piece = pieces[at++];
        if (piece) controller.enqueue(piece);
        if (at < pieces.length) timer = setTimeout(next, CHUNK_EVERY_MS);
        else controller.close();
      };
      next();
    },
    cancel: () => clearTimeout(timer),
  });
}

const whole = new Map<string, string>();
const streams = new Map<string, { readonly type: string; readonly pieces: readonly Uint8Array[] }>();
for (const id of PROVIDER_WIRES) {
  const wire = await loadWire(id satisfies WireId);
  whole.set(id, JSON.stringify(wire.renderAnswer(answerOf([ANSWER_TEXT]), CONTEXT)));
  streams.set(id, { type: wire.framing.contentType, pieces: piecesOf(wire) });
}

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT),
  idleTimeout: 60,
  async fetch(request) {
    const [, kind, wire = ""] = new URL(request.url).pathname.split("/");
    await request.arrayBuffer();
    const stream = kind === "stream" ? streams.get(wire) : undefined;
    if (stream) return new Response(streamOf(stream.pieces), { headers: { "content-type": stream.type } });
    const body = whole.get(wire);
    if (body === undefined) return new Response("no such wire", { status: 404 });
    return new Response(body, { headers: { "content-type": "application/json" } });
  },
});
