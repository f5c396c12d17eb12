/**
 * Plays bytes out at a deployment's pace. Owns timers; knows neither what the bytes mean nor who reads them.
 */
import type { Clock, Timer } from "../../core/clock.ts";

/** Bytes that leave together with the token of that number, counted from 0. */
export interface Step {
  readonly bytes: Uint8Array;
  readonly atToken: number;
}

export interface Script {
  readonly steps: readonly Step[];
  /** After the last step: a proper end, silence with the connection open, or the connection dropped. */
  readonly ending: "end" | "stall" | "cut";
  readonly firstTokenMs: number;
  /** 0: everything at once after the first token's delay. */
  readonly tokensPerSecond: number;
}

/** Where bytes go. Exactly one `end` or `cut` comes last, or nothing after `write` when it stalls. */
export interface Sink {
  write(bytes: Uint8Array): void;
  end(bytes: Uint8Array): void;
  cut(): void;
}

/** Shorter timers cost more than they show: faster tokens leave in groups. */
const SHORTEST_TIMER_MS = 5;

/** Clients drop what they have not yet handed on when the connection breaks: they get this long to do so. */
export const CUT_AFTER_MS = 20;

/** Begins at once; without delays everything is written before it returns and no timer is made. */
export function play(script: Script, clock: Clock, sink: Sink): { cancel(): void } {
  const { steps, ending } = script;
  const startedAt = clock.now();
  let timer: Timer | null = null;
  let at = 0;
  const advance = () => {
    timer = null;
    const elapsed = clock.now() - startedAt;
    const from = at;
    for (let step = steps[at]; step && dueAt(step, script) <= elapsed; step = steps[at]) at++;
    const bytes = joined(steps, from, at);
    const next = steps[at];
    if (!next && ending === "end") {
      sink.end(bytes);
      return;
    }
    if (bytes.length > 0 || !next) sink.write(bytes);
    if (next)
      timer = clock.after(Math.max(SHORTEST_TIMER_MS, Math.ceil(dueAt(next, script) - elapsed)), advance);
    else if (ending === "cut") timer = clock.after(CUT_AFTER_MS, sink.cut);
  };
  advance();
  return { cancel: () => timer?.cancel() };
}

/** The bytes of a run of steps; those of a single one are not copied. */
function joined(steps: readonly Step[], from: number, to: number): Uint8Array {
  if (to - from === 1) return steps[from]?.bytes ?? NOTHING;
  return to === from ? NOTHING : Buffer.concat(steps.slice(from, to).map((step) => step.bytes));
}

const NOTHING = new Uint8Array(0);

/** Milliseconds after the start at which a step leaves. */
function dueAt(step: Step, script: Script): number {
  if (script.tokensPerSecond <= 0) return script.firstTokenMs;
  return script.firstTokenMs + Math.max(0, step.atToken) * (1000 / script.tokensPerSecond);
}
