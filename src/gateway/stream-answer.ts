/**
 * A committed stream: events in, bytes out, until the one terminal event. Owns the law after the first
 * event: no fallback, a fault travels in-band, and the circuit learns how the stream really ended.
 */
import type { FinishReason, StreamEvent } from "../core/events.ts";
import { FAULTS, type Fault, fault } from "../core/faults.ts";
import type { ProviderReply } from "../providers/send.ts";
import type { Climb } from "../resilience/ladder.ts";
import type { Frame } from "../wires/frame.ts";
import type { RenderContext } from "../wires/wire.ts";
import { createUsageMeter, priceUsage } from "./account.ts";
import { conclude } from "./conclude.ts";
import type { Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";

/** A climb that found an answer. */
export type Climbed = Extract<Climb<ProviderReply>, { ok: true }>;

/** Pulled by the caller's socket, so that a slow reader slows the provider and nothing piles up here. */
export function streamFrames(
  gateway: Gateway,
  exchange: Exchange,
  climbed: Climbed,
  reply: Extract<ProviderReply, { kind: "stream" }>,
  context: RenderContext,
): ReadableStream<Uint8Array> {
  const { wire } = exchange;
  const meter = createUsageMeter();
  let state = wire.renderStart(context);
  let pending: readonly StreamEvent[] | null = reply.head;
  let over = false;

  const end = (finish: FinishReason | null, why: Fault | null): void => {
    if (over) return;
    over = true;
    climbed.settle(why ? FAULTS[why.kind].health : "good", lastFirstToken(climbed));
    conclude(gateway, exchange, {
      outcome: why ? (why.kind === "cancelled" ? "cancelled" : "failed") : "answered",
      status: 200,
      rung: climbed.rung,
      degraded: null,
      attempts: withUsage(
        gateway,
        exchange,
        climbed,
        meter.usage(exchange.plan?.estimatedInputTokens ?? 0),
        why,
      ),
      deployment: climbed.deployment,
      finish,
      fault: why,
    });
  };
  const render = (events: readonly StreamEvent[]): readonly Frame[] => {
    const rendered: Frame[] = [];
    for (const event of events) {
      meter.see(event);
      const [after, frames] = wire.renderEvent(event, state);
      state = after;
      for (const frame of frames) rendered.push(frame);
      if (event.type === "finish") end(event.reason, null);
      else if (event.type === "fault") end(null, event.fault);
    }
    return rendered;
  };

  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        while (!over) {
          const events: readonly StreamEvent[] = pending ?? (await reply.rest?.next()) ?? [];
          pending = null;
          const frames = render(events);
          if (frames.length > 0) {
            controller.enqueue(wire.framing.encode(frames));
            break;
          }
        }
        if (over) controller.close();
      } catch (thrown) {
        gateway.reportInternal(exchange.requestId, thrown);
        const why = fault("internal", "internal_error", "The gateway failed in the middle of this stream.");
        reply.rest?.cancel(why);
        end(null, why);
        controller.error(thrown);
      }
    },
    cancel() {
      const why = fault("cancelled", "caller_left", "The caller left before the answer was complete.");
      reply.rest?.cancel(why);
      end(null, why);
    },
  });
}

function lastFirstToken(climbed: Climbed): number | undefined {
  return climbed.attempts[climbed.attempts.length - 1]?.firstTokenMs;
}

/** The last attempt as it ended, in place of how it stood when its first content came. */
function withUsage(
  gateway: Gateway,
  exchange: Exchange,
  climbed: Climbed,
  usage: ReturnType<ReturnType<typeof createUsageMeter>["usage"]>,
  why: Fault | null,
): Climbed["attempts"] {
  const last = climbed.attempts[climbed.attempts.length - 1];
  if (!last) return climbed.attempts;
  const ended = {
    ...last,
    usage,
    cost: priceUsage(climbed.deployment, usage),
    durationMs: gateway.clock.now() - exchange.arrivedAt - last.startedAtMs,
    ...(why && { result: "fault" as const, fault: { kind: why.kind, code: why.code } }),
  };
  return [...climbed.attempts.slice(0, -1), ended];
}
