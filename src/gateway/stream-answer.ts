/**
 * A committed stream: events in, bytes out, until the one terminal event. Owns the law after the first event:
 * no fallback that the caller could notice, a fault travels in-band unless the policy lets the next deployment
 * go on, and every circuit learns how its part really ended.
 */
import type { Attempt } from "../core/decision.ts";
import { type FinishReason, NO_USAGE, type StreamEvent, sumUsage, type Usage } from "../core/events.ts";
import { CALLER_LEFT, FAULTS, type Fault } from "../core/faults.ts";
import type { StreamReply } from "../providers/send.ts";
import type { Frame } from "../wires/frame.ts";
import type { RenderContext, Warning } from "../wires/wire.ts";
import { createUsageMeter, priceUsage, type UsageMeter } from "./account.ts";
import { AnswerSource, type PulledAnswer } from "./answer-source.ts";
import type { Climbed } from "./climb-ports.ts";
import { conclude, firstTokenOf } from "./conclude.ts";
import type { Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";
import { type Recovery, recoverStream } from "./recover-stream.ts";
import { createTold, type Told } from "./told.ts";
import { lacksUsage } from "./told-usage.ts";

/** Pulled by the caller's socket, so that a slow reader slows the provider and nothing piles up here. */
export function streamFrames(
  gateway: Gateway,
  exchange: Exchange,
  climbed: Climbed,
  reply: StreamReply,
  context: RenderContext,
): ReadableStream<Uint8Array> {
  const answer = new StreamedAnswer(gateway, exchange, climbed, reply, context);
  return new ReadableStream<Uint8Array>(new AnswerSource(gateway, exchange, answer));
}

/** One deployment's part of an answer. */
interface Leg {
  readonly climbed: Climbed;
  readonly reply: StreamReply;
  /** Of what its provider said. */
  readonly meter: UsageMeter;
  /** Present from the second leg on. */
  readonly continues: Attempt["continues"] | null;
}

class StreamedAnswer implements PulledAnswer {
  readonly #gateway: Gateway;
  readonly #exchange: Exchange;
  /** Null where the policy does not let a broken stream be continued. */
  readonly #told: Told | null;
  /** When the caller was told something; whoever goes on later is not the first. */
  readonly #firstTokenMs: number | null;
  #state: unknown;
  #leg: Leg;
  #pending: readonly StreamEvent[] | null;
  /** What the legs before this one used. */
  #usedBefore: Usage = NO_USAGE;
  /** The present leg ended by it, and nothing has been done about that yet. */
  #broken: Fault | null = null;
  /** Another deployment is being looked for; the answer ends with that search, even if nobody waits for it any more. */
  #recovering = false;
  /** Why the answer was abandoned during a recovery. */
  #left: Fault | null = null;
  /** The attempts where no leg is under way: of a recovery that failed, or up to a leg that broke. Complete as they are. */
  #settled: readonly Attempt[] | null = null;
  #over = false;

  constructor(
    gateway: Gateway,
    exchange: Exchange,
    climbed: Climbed,
    reply: StreamReply,
    context: RenderContext,
  ) {
    const { plan, request, wire } = exchange;
    this.#gateway = gateway;
    this.#exchange = exchange;
    this.#told = plan?.streamRecovery === "continue" && request ? createTold(request) : null;
    this.#state = wire.renderStart(context);
    this.#firstTokenMs = firstTokenOf(climbed.attempts[climbed.attempts.length - 1]);
    this.#leg = { climbed, reply, meter: createUsageMeter(), continues: null };
    this.#pending = reply.head;
  }

  get over(): boolean {
    return this.#over;
  }

  async next(): Promise<readonly Frame[]> {
    if (this.#broken) {
      const why = this.#broken;
      this.#broken = null;
      if (await this.#goOn(why)) return NO_FRAMES;
      return this.#render([{ type: "fault", fault: why }]);
    }
    const events = this.#pending ?? (await this.#leg.reply.rest?.next()) ?? [];
    this.#pending = null;
    const last = events[events.length - 1];
    if (this.#told === null || last?.type !== "fault" || FAULTS[last.fault.kind].next === "stop") {
      return this.#render(events);
    }
    // What came with the fault is told first; the fault itself may never have to be.
    const frames = this.#render(events.slice(0, -1));
    if (this.#told.text() === null) return [...frames, ...this.#render([last])];
    this.#broken = last.fault;
    return frames;
  }

  abandon(why: Fault): void {
    if (this.#recovering) {
      // Its call hears of that by the caller's signal, and what it used is on record only once it is over.
      this.#left ??= why;
      return;
    }
    this.#letGo(why);
    this.#end(null, why);
  }

  giveUp(why: Fault): readonly Frame[] {
    this.#letGo(why);
    return this.#render([{ type: "fault", fault: why }]);
  }

  #letGo(why: Fault): void {
    if (this.#broken) this.#breakOff(this.#broken);
    this.#leg.reply.rest?.cancel(why);
  }

  #render(events: readonly StreamEvent[]): readonly Frame[] {
    const { wire } = this.#exchange;
    const rendered: Frame[] = [];
    for (const event of events) {
      // What of a second answer was told before is not told, but counts.
      if (!this.#leg.continues) this.#leg.meter.see(event);
      this.#told?.see(event);
      const [after, frames] = wire.renderEvent(this.#stated(event), this.#state);
      this.#state = after;
      for (const frame of frames) rendered.push(frame);
      if (event.type === "finish") this.#end(event.reason, null);
      else if (event.type === "fault") this.#end(null, event.fault);
    }
    return rendered;
  }

  #stated(event: StreamEvent): StreamEvent {
    if (this.#leg.continues) return this.#summed(event);
    if (!lacksUsage(event, this.#exchange.wire)) return event;
    return { ...event, usage: this.#usage(), estimated: true };
  }

  /** The caller is told what all legs used together. */
  #summed(event: StreamEvent): StreamEvent {
    if (event.type === "usage") return { type: "usage", usage: sumUsage(this.#usedBefore, event.usage) };
    if (event.type !== "finish") return event;
    const own = event.usage ?? this.#usage();
    // What a leg that broke off has used is a guess in any case.
    return { ...event, usage: sumUsage(this.#usedBefore, own), estimated: true };
  }

  /** The next deployment takes over. False where none can: then the fault is the caller's to know. */
  async #goOn(why: Fault): Promise<boolean> {
    const { plan, request } = this.#exchange;
    const told = this.#told?.text();
    if (!plan || !request || told === null || told === undefined) return false;
    const usage = this.#usage();
    const { left: gone, overflowed } = this.#leg.climbed;
    const before = { attempts: this.#breakOff(why), left: gone, overflowed };
    let recovery: Recovery;
    this.#recovering = true;
    try {
      recovery = await recoverStream(this.#gateway, this.#exchange, request, plan, before, told, why);
    } finally {
      this.#recovering = false;
    }
    const left = this.#left ?? (this.#exchange.callerSignal.aborted ? CALLER_LEFT : null);
    if (!recovery.ok) {
      this.#settled = recovery.attempts;
      if (left) this.#end(null, left);
      else this.#gateway.metrics.streamRecovery(plan.useCase, "failed");
      return left !== null;
    }
    const { climbed, reply, mode, meter } = recovery.value;
    this.#gateway.metrics.streamRecovery(plan.useCase, mode);
    this.#usedBefore = sumUsage(this.#usedBefore, usage);
    this.#settled = null;
    this.#leg = { climbed, reply, meter, continues: { mode, chars: told.length } };
    noteMoreWarnings(this.#exchange, reply.warnings);
    if (left) this.abandon(left);
    else this.#pending = reply.head;
    return true;
  }

  /** The present leg as it ended: its permit given back, its attempt on record. */
  #breakOff(why: Fault): readonly Attempt[] {
    const { climbed } = this.#leg;
    climbed.settle(FAULTS[why.kind].health, lastFirstToken(climbed));
    this.#settled = this.#attempts(why);
    return this.#settled;
  }

  #end(finish: FinishReason | null, why: Fault | null): void {
    if (this.#over) return;
    this.#over = true;
    const { climbed } = this.#leg;
    climbed.settle(why ? FAULTS[why.kind].health : "good", lastFirstToken(climbed));
    conclude(this.#gateway, this.#exchange, {
      outcome: why ? (why.kind === "cancelled" ? "cancelled" : "failed") : "answered",
      status: 200,
      rung: climbed.rung,
      degraded: null,
      attempts: this.#settled ?? this.#attempts(why),
      deployment: climbed.deployment,
      finish,
      fault: why,
      firstTokenMs: this.#firstTokenMs,
    });
  }

  /** The attempts with the last one as it ended, in place of how it stood when its first content came. */
  #attempts(why: Fault | null): readonly Attempt[] {
    const { climbed, continues } = this.#leg;
    const last = climbed.attempts[climbed.attempts.length - 1];
    if (!last) return climbed.attempts;
    const usage = this.#usage();
    const ended: Attempt = {
      ...last,
      usage,
      cost: priceUsage(climbed.deployment, usage),
      durationMs: this.#gateway.clock.now() - this.#exchange.arrivedAt - last.startedAtMs,
      ...(continues && { continues }),
      ...(why && { result: "fault" as const, fault: { kind: why.kind, code: why.code } }),
    };
    return [...climbed.attempts.slice(0, -1), ended];
  }

  #usage(): Usage {
    return this.#leg.meter.usage(this.#exchange.plan?.estimatedInputTokens ?? 0);
  }
}

/** The caller has the headers already; the record can still say it. */
function noteMoreWarnings(exchange: Exchange, more: readonly Warning[]): void {
  if (more.length === 0) return;
  exchange.warnings = [...new Set([...exchange.warnings, ...more.map(({ control }) => control)])];
}

const NO_FRAMES: readonly Frame[] = [];

function lastFirstToken(climbed: Climbed): number | undefined {
  return climbed.attempts[climbed.attempts.length - 1]?.firstTokenMs;
}
