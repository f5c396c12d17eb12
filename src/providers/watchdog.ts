/**
 * The limits of one attempt: connect, first token, idle, total. Owns one timer, re-armed lazily so that a
 * chunk costs a timestamp and not a timer, and the abort that ends a call which overstays.
 */
import type { Clock, Timer } from "../core/clock.ts";
import type { AttemptTimeouts } from "../core/deployment.ts";
import { CALLER_LEFT, type Fault, fault } from "../core/faults.ts";
import type { Abortable, Ending } from "./transport.ts";

export interface WatchdogLimits {
  readonly timeouts: AttemptTimeouts;
  /** Milliseconds from the start; takes the place of the total limit once the first content has come. */
  readonly committedTotalMs: number;
  readonly callerSignal: AbortSignal | null;
  /** Ends the call as soon as it aborts: another call may have answered first. Null or absent: only the caller may leave. */
  readonly endSignal?: AbortSignal | null;
  /** Whether the endpoint accepts a connection within so many milliseconds; null: the transport sees to it. */
  readonly canConnect: ((withinMs: number) => Promise<boolean>) | null;
}

/** `connecting`: nothing has come, not even a status. `complete`: all content has, and no end mark. */
type Phase = "connecting" | "first_token" | "idle" | "complete" | "whole";

/**
 * How often the watchdog looks whether the caller is still there. Looking is free for all the calls that end
 * before it; a listener on each caller's signal would cost every call a few microseconds.
 */
const CALLER_LOOK_MS = 400;

/**
 * A stream that goes on without content (pings, the progress of a tool) is alive and yet stalled to whoever reads it:
 * it has so many times the idle limit, from its last content on.
 */
const ALIVE_FACTOR = 3;

/** How long a stream whose answer is all there is waited for: its usage and end mark come at once or never. */
const END_MARK_MS = 2_000;

const LIMIT_MESSAGES = {
  first_token: "The model sent no first token within its limit.",
  idle: "The model stopped sending in the middle of its answer.",
  total: "The model did not complete its answer within its limit.",
} as const;

export const NOT_READ = fault(
  "cancelled",
  "caller_too_slow",
  "The answer was not read in the time that it may take.",
);
const ENDED = fault("cancelled", "call_ended", "The call was not needed any more.");
const UNREACHABLE = fault("outage", "connect_timeout", "The model's endpoint could not be reached in time.");

/** Watches one call from its construction until `stop`. */
export class Watchdog implements Ending {
  readonly #clock: Clock;
  readonly #limits: WatchdogLimits;
  readonly #streaming: boolean;
  #controller: AbortController | null = null;
  #follower: Abortable | null = null;
  #end: (() => void) | null = null;
  readonly #startedAt: number;
  #phase: Phase = "connecting";
  #checked = false;
  #lastActivity: number;
  #lastContent: number;
  /** Since when nobody waits for more of the stream; null: somebody does. */
  #pausedAt: number | null = null;
  #pausedMs = 0;
  #fault: Fault | null = null;
  #timer: Timer | null = null;
  #stopped = false;

  /**
   * A streaming call is watched for first token, silence and total; a whole one for the total alone, since
   * nothing arrives before everything does. A caller that left is noticed within half a second, as `cancelled`;
   * `endSignal` at once.
   */
  constructor(clock: Clock, limits: WatchdogLimits, streaming: boolean) {
    this.#clock = clock;
    this.#limits = limits;
    this.#streaming = streaming;
    this.#startedAt = clock.now();
    this.#lastActivity = this.#startedAt;
    this.#lastContent = this.#startedAt;
    const { callerSignal, endSignal } = limits;
    if (callerSignal?.aborted) this.abort(CALLER_LEFT);
    else if (endSignal?.aborted) this.abort(ENDED);
    else {
      if (endSignal) this.#endWith(endSignal);
      this.#arm(this.#startedAt);
    }
  }

  /** Aborts the call when a limit passes or the caller leaves. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#fault) this.#controller.abort(this.#fault);
    }
    return this.#controller.signal;
  }

  follow(call: Abortable): void {
    this.#follower = call;
    if (this.#fault) call.abort();
  }

  /** Why the call was aborted; null while it was not. */
  get fault(): Fault | null {
    return this.#fault;
  }

  /** The endpoint has answered with a status. */
  answered(): void {
    this.#phase = this.#streaming ? "first_token" : "whole";
  }

  /**
   * Something arrived. Content ends the first-token limit and starts the silence anew; anything else keeps a stream
   * alive that has begun, for a while.
   */
  touch(content: boolean): void {
    if (this.#phase !== "idle") {
      if (!content) return;
      this.#phase = "idle";
    }
    this.#lastActivity = this.#clock.now();
    if (content) this.#lastContent = this.#lastActivity;
  }

  /** Nobody waits for more: the silence from here on is none of the model's. What the total limit ends still ends. */
  pause(): void {
    this.#pausedAt = this.#clock.now();
  }

  /** Somebody waits again. A silence goes on from where it was. */
  resume(): void {
    if (this.#pausedAt === null) return;
    const pausedMs = this.#clock.now() - this.#pausedAt;
    this.#pausedAt = null;
    this.#pausedMs += pausedMs;
    this.#lastActivity += pausedMs;
    this.#lastContent += pausedMs;
  }

  /** All of the answer has come; what may follow is its usage and the end mark. More content is the silence's again. */
  complete(): void {
    this.#phase = "complete";
    this.#lastActivity = this.#clock.now();
  }

  /** The answer is no longer wanted. The first reason stays. */
  abort(why: Fault): void {
    if (this.#fault || this.#stopped) return;
    this.#fault = why;
    this.stop();
    this.#controller?.abort(why);
    this.#follower?.abort();
  }

  /** The call is over; nothing fires any more. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    if (this.#end) this.#limits.endSignal?.removeEventListener("abort", this.#end);
  }

  #endWith(signal: AbortSignal): void {
    this.#end = () => this.abort(ENDED);
    signal.addEventListener("abort", this.#end, { once: true });
  }

  #arm(now: number): void {
    const wait = Math.max(0, this.#nextLook(now) - now);
    this.#timer = this.#clock.after(Math.min(wait, CALLER_LOOK_MS), this.#look);
  }

  /** When a limit would pass, or an endpoint that is silent is to be asked whether it is there. */
  #nextLook(now: number): number {
    const limit = this.#limitAt();
    // It may be resumed the moment after, and be silent for as long as it may be.
    if (this.#pausedAt !== null) return Math.min(limit, now + this.#limits.timeouts.idle);
    if (this.#phase !== "connecting" || this.#checked || this.#limits.canConnect === null) return limit;
    return Math.min(limit, this.#startedAt + this.#limits.timeouts.connect / 2);
  }

  #limitAt(): number {
    const { timeouts } = this.#limits;
    const total = this.#totalAt();
    if (this.#pausedAt !== null) return total;
    if (this.#phase === "idle") {
      const alive = this.#lastContent + timeouts.idle * ALIVE_FACTOR;
      return Math.min(total, this.#lastActivity + timeouts.idle, alive);
    }
    if (this.#phase === "complete") {
      return Math.min(total, this.#lastActivity + Math.min(timeouts.idle, END_MARK_MS));
    }
    return this.#streaming ? Math.min(total, this.#startedAt + timeouts.firstToken) : total;
  }

  #totalAt(): number {
    const { timeouts, committedTotalMs } = this.#limits;
    const begun = this.#phase === "idle" || this.#phase === "complete";
    return this.#startedAt + (begun ? Math.max(timeouts.total, committedTotalMs) : timeouts.total);
  }

  /** How long the stream's reader, and not the model, was what it waited for. */
  #heldUpMs(now: number): number {
    return this.#pausedMs + (this.#pausedAt === null ? 0 : now - this.#pausedAt);
  }

  readonly #look = (): void => {
    const now = this.#clock.now();
    if (this.#limits.callerSignal?.aborted) {
      this.abort(CALLER_LEFT);
      return;
    }
    if (now >= this.#limitAt()) {
      const begun = this.#phase === "idle" || this.#phase === "complete";
      const code = now >= this.#totalAt() ? "total" : begun ? "idle" : "first_token";
      if (code === "total" && this.#heldUpMs(now) >= this.#limits.timeouts.idle) {
        this.abort(NOT_READ);
        return;
      }
      this.abort(fault("timeout", `${code}_timeout`, LIMIT_MESSAGES[code]));
      return;
    }
    const { canConnect } = this.#limits;
    if (canConnect && this.#phase === "connecting" && now >= this.#nextLook(now)) {
      void this.#checkConnection(canConnect);
    }
    this.#arm(now);
  };

  async #checkConnection(canConnect: (withinMs: number) => Promise<boolean>): Promise<void> {
    this.#checked = true;
    const reached = await canConnect(this.#limits.timeouts.connect / 2);
    if (!reached && this.#phase === "connecting") this.abort(UNREACHABLE);
  }
}
