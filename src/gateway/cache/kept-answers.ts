/**
 * The answer cache with a memory that outlives the process: loaded in the background when a policy first keeps
 * answers, written off the request path. Owns when to write; a store that fails costs what was kept and never a request.
 */
import type { Clock, Timer } from "../../core/clock.ts";
import type { AnswerBounds, AnswerStore, KeptAnswer } from "../../store/answer-store.ts";
import { type AnswerCache, createAnswerCache } from "./answer-cache.ts";

export const DEFAULT_ANSWER_BOUNDS: AnswerBounds = { count: 20_000, chars: 64 * 1024 * 1024 };

const FLUSH_MS = 1_000;
const RETRY_MS = 10_000;
const SWEEP_MS = 10 * 60_000;
const BATCH = 64;
/** Characters that wait to be written; beyond that the oldest are kept in memory alone. */
const MAX_WAITING_CHARS = 16 * 1024 * 1024;

export interface KeptAnswers extends AnswerCache {
  /** Settles when what an earlier process kept is there, which is loaded now if it was not; never rejects. */
  loaded(): Promise<void>;
  /** Writes what waits, and stops. */
  close(): Promise<void>;
}

export interface KeptAnswersOptions {
  readonly store: AnswerStore;
  readonly clock: Clock;
  readonly bounds?: AnswerBounds;
  /** Told once, until the store is back. */
  report(thrown: unknown): void;
}

export function createKeptAnswers(options: KeptAnswersOptions): KeptAnswers {
  return new Keeper(options);
}

class Keeper implements KeptAnswers {
  readonly #options: KeptAnswersOptions;
  readonly #bounds: AnswerBounds;
  readonly #cache: AnswerCache;
  readonly #waiting = new Map<string, KeptAnswer>();
  #waitingChars = 0;
  #useCases: readonly string[] | null = null;
  #timer: Timer | null = null;
  #sweepTimer: Timer | null = null;
  #writing: Promise<void> | null = null;
  #failing = false;
  #closed = false;
  #loaded: Promise<void> | null = null;

  constructor(options: KeptAnswersOptions) {
    this.#options = options;
    this.#bounds = options.bounds ?? DEFAULT_ANSWER_BOUNDS;
    this.#cache = createAnswerCache(this.#bounds);
  }

  loaded(): Promise<void> {
    this.#loaded ??= this.#load();
    return this.#loaded;
  }

  find(tenant: string, key: string, now: number): KeptAnswer | null {
    return this.#cache.find(tenant, key, now);
  }

  stats(): AnswerBounds {
    return this.#cache.stats();
  }

  keep(answer: KeptAnswer): void {
    if (this.#closed) return;
    this.#cache.keep(answer);
    const place = `${answer.key}\n${answer.tenant}`;
    this.#drop(place);
    this.#waiting.set(place, answer);
    this.#waitingChars += answer.document.length;
    for (const oldest of this.#waiting.keys()) {
      if (this.#waitingChars <= MAX_WAITING_CHARS) break;
      this.#drop(oldest);
    }
    if (!this.#timer && !this.#writing) this.#schedule(this.#failing ? RETRY_MS : FLUSH_MS);
  }

  keepOnly(useCases: readonly string[]): void {
    this.#useCases = useCases;
    // Where nothing is kept there is nothing to load, and no start waits for it.
    if (useCases.length > 0) void this.loaded();
    this.#cache.keepOnly(useCases);
    for (const [place, { useCase }] of this.#waiting) if (!useCases.includes(useCase)) this.#drop(place);
    this.#options.store.keepOnly(useCases).catch((thrown: unknown) => this.#failed(thrown));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#sweepTimer?.cancel();
    await this.#loaded;
    await this.#writing;
    while (this.#waiting.size > 0 && !this.#failing) await this.#write();
  }

  async #load(): Promise<void> {
    const { store, clock } = this.#options;
    try {
      const answers = await store.load(clock.now(), this.#bounds);
      // Oldest first, so that the newest are the last to leave.
      for (const answer of answers.toReversed()) {
        if (this.#useCases === null || this.#useCases.includes(answer.useCase)) this.#cache.keep(answer);
      }
    } catch (thrown) {
      this.#failed(thrown);
    }
    this.#sweepLater();
  }

  #sweepLater(): void {
    if (this.#closed) return;
    const { store, clock } = this.#options;
    this.#sweepTimer = clock.after(SWEEP_MS, () => {
      store
        .sweep(clock.now(), this.#bounds)
        .catch((thrown: unknown) => this.#failed(thrown))
        .then(() => this.#sweepLater());
    });
  }

  #schedule(delayMs: number): void {
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#timer = null;
      this.#writing = this.#write().finally(() => {
        this.#writing = null;
        if (this.#waiting.size > 0 && !this.#closed) this.#schedule(this.#failing ? RETRY_MS : FLUSH_MS);
      });
    });
  }

  /** Never rejects; what could not be written goes on waiting. */
  async #write(): Promise<void> {
    const batch = [...this.#waiting].slice(0, BATCH);
    try {
      await this.#options.store.put(batch.map(([, answer]) => answer));
      this.#failing = false;
      for (const [place, answer] of batch) if (this.#waiting.get(place) === answer) this.#drop(place);
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  #drop(place: string): void {
    const answer = this.#waiting.get(place);
    if (answer && this.#waiting.delete(place)) this.#waitingChars -= answer.document.length;
  }

  #failed(thrown: unknown): void {
    if (!this.#failing) this.#options.report(thrown);
    this.#failing = true;
  }
}
