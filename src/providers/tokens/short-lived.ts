/**
 * A value that expires, such as a token: kept while it is good, renewed ahead of its end by one caller at a
 * time. Owns when to ask again; knows nothing of what is asked.
 */
import type { Clock } from "../../core/clock.ts";
import { CredentialsUnavailable } from "./unavailable.ts";

export interface Lease<T> {
  readonly value: T;
  /** Epoch milliseconds, by the clock of this machine or its issuer's; null: it does not say. */
  readonly expiresAt: number | null;
}

/** Renewed this long before the end, or in the middle of a shorter life. */
const AHEAD_MS = 5 * 60_000;
/** Too close to its end to be sent. */
const MARGIN_MS = 5_000;
/** A value that does not expire may still be replaced where it is kept. */
const RECHECK_MS = 15 * 60_000;
/** Between two attempts while the old value is good, and between two that a provider's refusal asked for. */
const PAUSE_MS = 10_000;
/** How long a refusal stands when there is no value. */
const REFUSAL_MS = 1_000;
/** Longer than this, nobody waits. */
const LIMIT_MS = 10_000;

interface Held<T> {
  readonly value: T;
  readonly renewAt: number;
  readonly endsAt: number;
}

export class ShortLived<T> {
  readonly #what: string;
  readonly #clock: Clock;
  readonly #obtain: () => Promise<Lease<T>>;
  #held: Held<T> | null = null;
  #renewal: Promise<T> | null = null;
  #failure: { readonly thrown: CredentialsUnavailable; readonly at: number } | null = null;
  #triedAt = Number.NEGATIVE_INFINITY;
  /** Whether the value was refused, and no renewal has been tried since. */
  #doubted = false;
  /** When a renewal for a doubt ended last. */
  #followedAt = Number.NEGATIVE_INFINITY;

  /** `what` names whose credentials these are, for messages. */
  constructor(what: string, clock: Clock, obtain: () => Promise<Lease<T>>) {
    this.#what = what;
    this.#clock = clock;
    this.#obtain = obtain;
  }

  /**
   * The value while it is good, at once; else a promise of a new one, which rejects with
   * `CredentialsUnavailable`. A renewal ahead of the end happens in the background, and when it fails the old
   * value serves until its end. One that was doubted is waited for a renewal of, and serves again if that fails.
   */
  current(): T | Promise<T> {
    const now = this.#clock.now();
    const held = this.#held;
    if (held === null || now >= held.endsAt) return this.#wait(now);
    if (this.#doubted && now - this.#followedAt >= PAUSE_MS) return this.#follow(held, now);
    if (now >= held.renewAt && now - this.#triedAt >= PAUSE_MS) this.#renew(now).catch(() => {});
    return held.value;
  }

  /**
   * A provider refused `value`, whatever its end: the next call has it renewed, unless another one took its place
   * meanwhile. No sooner than ten seconds after the last time, or a wrong key would be asked for with every call.
   */
  doubt(value: T): void {
    if (this.#held?.value === value) this.#doubted = true;
  }

  #follow({ value }: Held<T>, now: number): Promise<T> {
    return this.#renew(now)
      .catch(() => value)
      .finally(() => {
        this.#doubted = false;
        this.#followedAt = this.#clock.now();
      });
  }

  #wait(now: number): Promise<T> {
    const failure = this.#failure;
    if (failure !== null && now - failure.at < REFUSAL_MS) return Promise.reject(failure.thrown);
    return this.#renew(now);
  }

  #renew(now: number): Promise<T> {
    if (this.#renewal !== null) return this.#renewal;
    this.#triedAt = now;
    const renewal = this.#attempt().finally(() => {
      this.#renewal = null;
    });
    this.#renewal = renewal;
    return renewal;
  }

  #attempt(): Promise<T> {
    return new Promise((resolve, reject) => {
      let late = false;
      const fail = (thrown: unknown): void => {
        const unavailable = new CredentialsUnavailable(this.#what, thrown);
        this.#failure = { thrown: unavailable, at: this.#clock.now() };
        reject(unavailable);
      };
      const timer = this.#clock.after(LIMIT_MS, () => {
        late = true;
        fail(new Error("Nobody answered in time."));
      });
      this.#obtain().then(
        (lease) => {
          timer.cancel();
          // One that comes too late for those who waited serves the next, unless a later attempt was quicker.
          if (!late || this.#failure !== null) this.#hold(lease);
          resolve(lease.value);
        },
        (thrown) => {
          timer.cancel();
          if (!late) fail(thrown);
        },
      );
    });
  }

  #hold({ value, expiresAt }: Lease<T>): void {
    const now = this.#clock.now();
    this.#failure = null;
    if (expiresAt === null) {
      this.#held = { value, renewAt: now + RECHECK_MS, endsAt: Number.POSITIVE_INFINITY };
      return;
    }
    const left = expiresAt - this.#clock.wall();
    const ahead = Math.min(AHEAD_MS, Math.max(0, left / 2));
    this.#held = { value, renewAt: now + left - ahead, endsAt: now + left - MARGIN_MS };
  }
}
