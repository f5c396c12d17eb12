/**
 * Asks a source again and again: one question at a time, each with an end, a jittered interval between them,
 * a growing pause while it fails. Owns when; knows no source and no policy.
 */
import { type Clock, type Random, sleep, type Timer } from "../../../core/clock.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";
import type { PolicyHead } from "../../../store/policy-heads.ts";
import { digestOfOffer, type Fetched, failedFetch, type PolicySource, type SourceStatus } from "./source.ts";

/** Milliseconds. */
export interface PollPace {
  readonly intervalMs: number;
  /** Share of the interval that chance adds or takes away; 0 for places that nobody else asks. */
  readonly jitter: number;
  /** The pause after a failure doubles from the first to the longest; equal where asking costs nothing. */
  readonly firstBackoffMs: number;
  readonly maxBackoffMs: number;
  /** A question that takes longer is given up. */
  readonly limitMs: number;
}

export interface PollPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** Texts that differ from those that came before; of the store each state of it. Does not reject. */
  onTexts(fetched: Extract<Fetched, { result: "texts" }>): Promise<void>;
  /** After every answer. `before`: how it stood until then. */
  onStatus(status: SourceStatus, before: SourceStatus): void;
}

export type FirstFetch =
  | {
      readonly texts: readonly PolicyText[];
      readonly problem: null;
      readonly head?: PolicyHead;
    }
  | { readonly texts: null; readonly problem: string; readonly head?: never };

export interface SourcePoller {
  /** Asks once, before `start`; settles within `limitMs`. Does not call `onTexts`. */
  first(limitMs: number): Promise<FirstFetch>;
  /** Goes on asking until `stop`. */
  start(): void;
  status(): SourceStatus;
  /** At once: a question under way is given up, not waited for, and its answer is dropped. */
  stop(): void;
}

const STILL_BUSY = "The last question to it is still without an answer.";

export function createSourcePoller(source: PolicySource, pace: PollPace, ports: PollPorts): SourcePoller {
  return new Poller(source, pace, ports);
}

class Poller implements SourcePoller {
  readonly #source: PolicySource;
  readonly #pace: PollPace;
  readonly #ports: PollPorts;
  #stopped = false;
  #asking: AbortController | null = null;
  #status: SourceStatus;
  #seen: string | null = null;
  /** A question that was given up and has not settled: no second one is put beside it. */
  #busy = false;
  #timer: Timer | null = null;
  #lastDelayMs: number;

  constructor(source: PolicySource, pace: PollPace, ports: PollPorts) {
    const { kind, address } = source;
    this.#source = source;
    this.#pace = pace;
    this.#ports = ports;
    this.#lastDelayMs = pace.intervalMs;
    const nothing = { ok: false, lastOkAt: null, lastError: null, failures: 0, revision: null };
    this.#status = { kind, address, ...nothing };
  }

  status(): SourceStatus {
    return this.#status;
  }

  async first(limitMs: number): Promise<FirstFetch> {
    const fetched = await this.#ask(Math.min(limitMs, this.#pace.limitMs));
    this.#note(fetched);
    if (fetched.result === "failed") return { texts: null, problem: fetched.problem };
    if (fetched.result === "unchanged") return { texts: null, problem: "It gave no text." };
    this.#seen = digestOfOffer(fetched);
    const { texts, head } = fetched;
    return { texts, problem: null, ...(head && { head }) };
  }

  start(): void {
    this.#timer = this.#ports.clock.after(this.#lastDelayMs, () => void this.#look());
  }

  stop(): void {
    this.#stopped = true;
    this.#asking?.abort();
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    const fetched = await this.#ask(this.#pace.limitMs);
    if (this.#stopped) return;
    this.#note(fetched);
    if (fetched.result === "texts") {
      const digest = digestOfOffer(fetched);
      if (digest !== this.#seen) {
        this.#seen = digest;
        await this.#ports.onTexts(fetched);
      }
    }
    if (!this.#stopped) this.start();
  }

  /** One question. It never rejects and ends within `limitMs`, whatever the source does. */
  async #ask(limitMs: number): Promise<Fetched> {
    if (this.#busy) return failedFetch(STILL_BUSY);
    this.#busy = true;
    const asking = new AbortController();
    this.#asking = asking;
    const late = sleep(this.#ports.clock, limitMs, asking.signal).then((): Fetched => {
      asking.abort();
      return failedFetch(`It did not answer within ${limitMs / 1000} s.`);
    });
    const answer = askSafely(this.#source, asking.signal).finally(() => {
      this.#busy = false;
    });
    const first = await Promise.race([answer, late]);
    asking.abort();
    return first;
  }

  #note(fetched: Fetched): void {
    const before = this.#status;
    const at = this.#ports.clock.now();
    if (fetched.result === "failed") {
      const failures = before.failures + 1;
      this.#status = { ...before, ok: false, failures, lastError: { at, message: fetched.problem } };
    } else {
      const revision = fetched.result === "texts" ? fetched.revision : before.revision;
      this.#status = { ...before, ok: true, failures: 0, lastOkAt: at, revision };
    }
    this.#lastDelayMs = this.#delayAfter(fetched);
    this.#ports.onStatus(this.#status, before);
  }

  #delayAfter(fetched: Fetched): number {
    const { intervalMs, jitter, firstBackoffMs, maxBackoffMs } = this.#pace;
    const chance = this.#ports.random();
    if (fetched.result === "failed") {
      const doubled = firstBackoffMs * 2 ** Math.min(this.#status.failures - 1, 30);
      const pause = Math.min(maxBackoffMs, doubled);
      // Half of it by chance: a fleet that lost its source together does not return together.
      const backoff = jitter === 0 ? pause : (pause * (1 + chance)) / 2;
      return Math.max(backoff, Math.min(maxBackoffMs, fetched.retryAfterMs ?? 0));
    }
    // A source that names the time is not asked before it.
    if (fetched.nextMs !== undefined) return fetched.nextMs * (1 + jitter * chance);
    return intervalMs * (1 - jitter + 2 * jitter * chance);
  }
}

async function askSafely(source: PolicySource, signal: AbortSignal): Promise<Fetched> {
  try {
    return await source.fetch(signal);
  } catch {
    return failedFetch("It failed in a way that this program did not expect. Please report it.");
  }
}
