/** Events as the caller's wire says them: whole, or as a stream. Owns what a wire is told beside the events. */
import type { StreamEvent } from "../core/events.ts";
import type { Frame } from "../wires/frame.ts";
import type { RenderContext, Warning } from "../wires/wire.ts";
import type { Exchange } from "./exchange.ts";
import { labelledResponse, type Served } from "./response-headers.ts";

export const JSON_TYPE = "application/json";

/** `model`: as the caller is told it. */
export function renderContext(
  exchange: Exchange,
  model: string,
  simulated: boolean,
  warnings: readonly Warning[],
): RenderContext {
  const context: RenderContext = {
    requestId: exchange.requestId,
    model,
    createdAt: Math.floor(exchange.arrivedAt / 1000),
    streamUsage: exchange.request?.streamUsage ?? false,
    estimatedInputTokens: exchange.plan?.estimatedInputTokens ?? 0,
    request: exchange.request,
  };
  const { overflow, cacheUse } = exchange;
  const isKept = cacheUse === "hit" || cacheUse === "stale";
  if (!simulated && warnings.length === 0 && overflow === null && !isKept) return context;
  const labels = {
    ...(simulated && { simulated: true }),
    ...(warnings.length > 0 && { warnings }),
    ...(overflow !== null && { overflow: overflow.how }),
    ...(isKept && { cache: cacheUse }),
  };
  return { ...context, labels };
}

/** Events that are all there, as the caller wants them: whole or as a stream. */
export function renderedResponse(
  exchange: Exchange,
  served: Served,
  events: readonly StreamEvent[],
  context: RenderContext,
  status: number,
): Response {
  if (exchange.request?.stream) {
    const last = events[events.length - 1];
    const usage = last?.type === "finish" ? last.usage : null;
    // All is here already: a dialect that counts at the beginning begins with what it will end with.
    const counted = usage === null ? context : { ...context, estimatedInputTokens: usage.inputTokens };
    return eventStreamResponse(exchange, served, renderAll(exchange, events, counted), status);
  }
  const body = JSON.stringify(exchange.wire.renderAnswer(events, context));
  return labelledResponse(exchange, served, JSON_TYPE, status, body);
}

/** A stream, or all the bytes of one. */
export function eventStreamResponse(
  exchange: Exchange,
  served: Served,
  body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>,
  status: number,
): Response {
  const response = labelledResponse(exchange, served, exchange.wire.framing.contentType, status, body);
  const { headers } = response;
  headers.set("cache-control", "no-cache");
  // Reverse proxies that buffer would turn a stream into a wait.
  headers.set("x-accel-buffering", "no");
  return response;
}

function renderAll(
  exchange: Exchange,
  events: readonly StreamEvent[],
  context: RenderContext,
): Uint8Array<ArrayBuffer> {
  const { wire } = exchange;
  let state = wire.renderStart(context);
  const rendered: Frame[] = [];
  for (const event of events) {
    const [after, frames] = wire.renderEvent(event, state);
    state = after;
    for (const frame of frames) rendered.push(frame);
  }
  return wire.framing.encode(rendered);
}
