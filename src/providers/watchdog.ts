/**
 * The limits of one attempt: connect, first token, idle, total. Owns one timer, re-armed lazily so that a
 * chunk costs a timestamp and not a timer, and the abort that ends a call which overstays.
 */
import type { Clock, Timer } from "../core/clock.ts";
import type { AttemptTimeouts } from "../core/deployment.ts";
import { type Fault, fault } from "../core/faults.ts";

export interface WatchdogLimits {
  readonly timeouts: AttemptTimeouts;
  /** Milliseconds from the start; takes the place of the total limit once the first content has come. */
  readonly committedTotalMs: number;
  readonly callerSignal: AbortSignal | null;
}

type Phase = "first_token" | "idle" | "whole";

export interface Watchdog {
  /** Aborts the call when a limit passes or the caller leaves. */
  readonly signal: AbortSignal;
  /** Why the call was aborted; null while it was not. */
  fault(): Fault | null;
  /** An event arrived and the silence starts anew; the first content ends the first-token limit. */
  touch(content: boolean): void;
  /** The caller left, or the answer is no longer wanted. */
  abort(why: Fault): void;
  /** The call is over; nothing fires any more. */
  stop(): void;
}

const LIMIT_MESSAGES: Readonly<Record<Phase | "total", string>> = {
  first_token: "The model sent no first token within its limit.",
  idle: "The model stopped sending in the middle of its answer.",
  whole: "The model did not answer within its limit.",
  total: "The model did not complete its answer within its limit.",
};

/**
 * `streaming` calls are watched for first token, silence and total; whole ones for the total alone, since
 * nothing arrives before everything does. `callerSignal` aborts as `cancelled`.
 */
export function startWatchdog(
  clock: Clock,
  { timeouts, committedTotalMs, callerSignal }: WatchdogLimits,
  streaming: boolean,
): Watchdog {
  const controller = new AbortController();
  const startedAt = clock.now();
  let phase: Phase = streaming ? "first_token" : "whole";
  let lastActivity = startedAt;
  let ended: Fault | null = null;
  let timer: Timer | null = null;
  let stopped = false;

  const totalAt = (): number =>
    startedAt + (phase === "idle" ? Math.max(timeouts.total, committedTotalMs) : timeouts.total);
  const dueAt = (): number => {
    const total = totalAt();
    if (phase === "whole") return total;
    return Math.min(total, lastActivity + (phase === "first_token" ? timeouts.firstToken : timeouts.idle));
  };
  const arm = (): void => {
    timer = clock.after(Math.max(0, dueAt() - clock.now()), check);
  };
  const check = (): void => {
    const now = clock.now();
    if (now < dueAt()) {
      arm();
      return;
    }
    const limit = phase !== "whole" && now >= totalAt() ? "total" : phase;
    end(fault("timeout", limit === "whole" ? "total_timeout" : `${limit}_timeout`, LIMIT_MESSAGES[limit]));
  };
  const end = (why: Fault): void => {
    if (ended || stopped) return;
    ended = why;
    stop();
    controller.abort(why);
  };
  const leave = (): void => end(fault("cancelled", "caller_left", "The caller left before the answer."));
  const stop = (): void => {
    // The listener stays: it goes with the request, and taking it off costs more than the flag it finds.
    stopped = true;
    timer?.cancel();
  };

  if (callerSignal?.aborted) leave();
  else {
    callerSignal?.addEventListener("abort", leave, { once: true });
    arm();
  }
  return {
    signal: controller.signal,
    fault: () => ended,
    touch(content) {
      if (phase === "first_token") {
        if (!content) return;
        phase = "idle";
      }
      lastActivity = clock.now();
    },
    abort: end,
    stop,
  };
}
