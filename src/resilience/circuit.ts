/**
 * A circuit breaker for one deployment: when to trip, and exactly how many probes find out that it is
 * over. Owns the state machine; knows no fault, no deployment and no clock.
 */
import type { HealthSignal } from "../core/faults.ts";
import type { CircuitSettings } from "../core/settings.ts";
import { RollingWindow } from "./rolling-window.ts";

export type CircuitState = "closed" | "open" | "half-open";

/** Why a circuit opened: a row of failures, the share of failures, the share of slow calls, an operator. */
export type CircuitReason = "failures" | "failure_ratio" | "slow" | "forced";

/** The right to make one call. */
export interface Permit {
  /** It finds out, for a half-open circuit, whether the trouble is over. */
  readonly probe: boolean;
  /** Says how the call went, once: later calls are ignored. `firstTokenMs`: from its start to its first content. */
  settle(health: HealthSignal, nowMs: number, firstTokenMs?: number): void;
}

export interface CircuitView {
  readonly state: CircuitState;
  /** Epoch milliseconds when it entered the state. */
  readonly since: number;
  /** Null while closed. */
  readonly reason: CircuitReason | null;
  /** Epoch milliseconds from which a probe is let through; null while closed, or open until someone resets it. */
  readonly nextProbeAt: number | null;
  /** Counts in the sliding window; empty unless closed. */
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
}

/** Told once of every permit that is settled, whatever state its circuit is in by then, and before it changes. */
export type SettleListener = (
  health: HealthSignal,
  nowMs: number,
  firstTokenMs: number | undefined,
  permit: Permit,
) => void;

/** A circuit that opened. `until` is epoch milliseconds, infinite until a reset. */
export interface Opening {
  readonly reason: CircuitReason;
  readonly until: number;
  /** How long it opens when nothing else is said; a failed probe doubles it. Milliseconds. */
  readonly openMs: number;
}

/** Told when the circuit's own calls opened it, or closed it (null); not of what it was told to do. */
export type TurnListener = (opening: Opening | null, nowMs: number) => void;

const BUCKETS = 10;
const CALLS = 0;
const FAILURES = 1;
const SLOW = 2;
/** Belongs to no generation: settling a permit that passed by the circuit teaches it nothing. */
const BYPASS = -1;

/**
 * closed → open → half-open → closed, or back to open for twice as long, up to `maxOpenMs`.
 *
 * - Closed: a run of bad calls, or a share of bad or slow ones in the window once it holds `minimumCalls`,
 *   opens it. `none` leaves no trace. The window has 10 buckets, so it covers 90 to 100 % of `windowMs`.
 * - Half-open: exactly `probes` permits are let through, and all must be good. A bad one reopens it at once;
 *   so does a slow one where slowness had opened it. `none` gives the permit back to another probe.
 * - A probe's permit is a lease of `maxOpenMs`: one that was lost is given to another probe after that, so
 *   a leak cannot wedge the circuit. Its holder's late success no longer counts; its late failure, within
 *   the same half-open period, still does.
 * - A permit from before the last change of state settles without effect on the circuit.
 * - A request that has nowhere else to go may probe it before its pause is over (`admitEarly`), and a failure then
 *   does not lengthen the pause.
 * - Forced open by an operator, it stays open until `reset`, or for the time that was asked for.
 * - It may adopt a state that another process, which calls the same deployment, has found out.
 *
 * All times are epoch milliseconds; memory is fixed.
 */
export class Circuit {
  #settings: CircuitSettings;
  readonly #onSettle: SettleListener | null;
  readonly #onTurn: TurnListener | null;
  #window: RollingWindow;
  #state: CircuitState = "closed";
  #since: number;
  /** Counts changes of state; a permit of another generation has no say. */
  #generation = 0;
  #consecutive = 0;
  #reason: CircuitReason | null = null;
  #until = 0;
  /** When the pause would have ended that an early probe interrupts; null: it had ended. */
  #interrupted: number | null = null;
  #openMs: number;
  #probes: CircuitPermit[] = [];
  #successes = 0;

  constructor(
    settings: CircuitSettings,
    now: number,
    onSettle: SettleListener | null = null,
    onTurn: TurnListener | null = null,
  ) {
    this.#settings = settings;
    this.#since = now;
    this.#onSettle = onSettle;
    this.#onTurn = onTurn;
    this.#window = windowOf(settings);
    this.#openMs = firstOpenMs(settings);
  }

  /** A permit, or null when the circuit refuses. May turn an open circuit half-open. */
  admit(now: number): Permit | null {
    if (this.#state === "closed") return new CircuitPermit(this, this.#generation, now, false);
    if (this.#state === "open") {
      if (now < this.#until) return null;
      this.#enter("half-open", now);
    }
    if (!this.#probeIsFree(now)) return null;
    const oldest = this.#probes[0];
    if (oldest && this.#used() >= this.#settings.probes) this.#probes.shift();
    const permit = new CircuitPermit(this, this.#generation, now, true);
    this.#probes.push(permit);
    return permit;
  }

  /**
   * A probe of an open circuit once its first pause is over, however much longer the present one is; null otherwise.
   * For a request that has nowhere else to go: pauses grow so that few requests are wasted on what is down, and where
   * everything is down none is wasted. Never against an operator's order.
   */
  admitEarly(now: number): Permit | null {
    if (this.#state !== "open" || this.#reason === "forced") return null;
    if (now < this.#since + firstOpenMs(this.#settings)) return null;
    const interrupted = this.#until;
    this.#enter("half-open", now);
    this.#interrupted = interrupted;
    return this.admit(now);
  }

  /** A permit whatever the state, for a call that has nowhere else to go. It is no probe: the circuit ignores it. */
  admitAnyway(now: number): Permit {
    return new CircuitPermit(this, BYPASS, now, false);
  }

  /** What `admit` would answer now, without side effects. */
  wouldAdmit(now: number): boolean {
    if (this.#state === "closed") return true;
    if (this.#state === "open") return now >= this.#until;
    return this.#probeIsFree(now);
  }

  view(now: number): CircuitView {
    return {
      state: this.#state,
      since: this.#since,
      reason: this.#reason,
      nextProbeAt: this.#nextProbeAt(now),
      calls: this.#window.total(CALLS, now),
      failures: this.#window.total(FAILURES, now),
      slow: this.#window.total(SLOW, now),
    };
  }

  get reason(): CircuitReason | null {
    return this.#reason;
  }

  /** Closes it with an empty window, whatever happened before. */
  reset(now: number): void {
    this.#clear(now);
  }

  /** Opens it until `reset`, or until `until`, after which it is probed as any other. */
  forceOpen(now: number, until = Number.POSITIVE_INFINITY): void {
    this.#hold("forced", until, now);
  }

  /** Whether an operator's order to stay open is in force. */
  isOrdered(now: number): boolean {
    return this.#reason === "forced" && this.#state === "open" && now < this.#until;
  }

  /** Opens as another process has, or closes (null). */
  adopt(opening: Opening | null, now: number): void {
    if (opening === null) {
      if (this.#state !== "closed") this.#clear(now);
      return;
    }
    this.#openMs = Math.min(opening.openMs, this.#settings.maxOpenMs);
    this.#hold(opening.reason, opening.until, now);
  }

  /** New settings from now on; the state stays, a half-open period starts over when the number of probes changes. */
  reconfigure(settings: CircuitSettings, now: number): void {
    const previous = this.#settings;
    this.#settings = settings;
    if (settings.windowMs !== previous.windowMs) this.#window = windowOf(settings);
    if (this.#state === "closed") this.#openMs = firstOpenMs(settings);
    // Fewer probes than are under way or have succeeded would leave none to end the period.
    if (this.#state === "half-open" && settings.probes !== previous.probes) this.#enter("half-open", now);
  }

  /** For permits alone. */
  settled(permit: CircuitPermit, health: HealthSignal, now: number, firstTokenMs: number | undefined): void {
    this.#onSettle?.(health, now, firstTokenMs, permit);
    if (health === "none") {
      this.#takeBack(permit);
      return;
    }
    if (permit.generation !== this.#generation) return;
    const slow = firstTokenMs !== undefined && firstTokenMs > this.#settings.slowMs;
    if (this.#state === "half-open") this.#settleProbe(permit, health, slow, now);
    else this.#settleCall(health, slow, now);
  }

  #settleCall(health: HealthSignal, slow: boolean, now: number): void {
    this.#window.add(CALLS, now);
    if (slow) this.#window.add(SLOW, now);
    if (health === "bad") {
      this.#window.add(FAILURES, now);
      this.#consecutive++;
    } else {
      this.#consecutive = 0;
    }
    if (slow || health === "bad") {
      const reason = this.#tripReason(now);
      if (reason) this.#open(reason, now + this.#openMs, now);
    }
  }

  #tripReason(now: number): CircuitReason | null {
    const { consecutiveFailures, minimumCalls, failureRatio, slowRatio } = this.#settings;
    if (this.#consecutive >= consecutiveFailures) return "failures";
    const calls = this.#window.total(CALLS, now);
    if (calls < minimumCalls) return null;
    const failures = this.#window.total(FAILURES, now);
    if (failures > 0 && failures >= failureRatio * calls) return "failure_ratio";
    const slow = this.#window.total(SLOW, now);
    return slow > 0 && slow >= slowRatio * calls ? "slow" : null;
  }

  #settleProbe(permit: CircuitPermit, health: HealthSignal, slow: boolean, now: number): void {
    const held = this.#takeBack(permit);
    const stillSlow = slow && this.#reason === "slow";
    if (health === "bad" || stillSlow) {
      this.#open(health === "bad" ? "failures" : "slow", this.#nextPauseEnd(now), now);
    } else if (held) {
      this.#successes++;
      if (this.#successes >= this.#settings.probes) this.#close(now);
    }
  }

  /** After a failed probe. An early one took nothing from the pause that it interrupted, and adds nothing to it. */
  #nextPauseEnd(now: number): number {
    if (this.#interrupted !== null) return Math.max(this.#interrupted, now + firstOpenMs(this.#settings));
    this.#openMs = Math.min(this.#openMs * 2, this.#settings.maxOpenMs);
    return now + this.#openMs;
  }

  /** False when the permit is no probe under way: another generation's, or its lease went to another. */
  #takeBack(permit: CircuitPermit): boolean {
    const index = this.#probes.indexOf(permit);
    if (index >= 0) this.#probes.splice(index, 1);
    return index >= 0;
  }

  #used(): number {
    return this.#probes.length + this.#successes;
  }

  #probeIsFree(now: number): boolean {
    return this.#used() < this.#settings.probes || this.#leaseEnd() <= now;
  }

  /** When the oldest probe's lease ends. Probes are in the order they were issued. */
  #leaseEnd(): number {
    const oldest = this.#probes[0];
    return oldest ? oldest.issuedAt + this.#settings.maxOpenMs : Number.POSITIVE_INFINITY;
  }

  #nextProbeAt(now: number): number | null {
    if (this.#state === "closed") return null;
    if (this.#state === "open") return Number.isFinite(this.#until) ? this.#until : null;
    return this.#probeIsFree(now) ? now : this.#leaseEnd();
  }

  #open(reason: CircuitReason, until: number, now: number): void {
    this.#hold(reason, until, now);
    this.#onTurn?.({ reason, until, openMs: this.#openMs }, now);
  }

  #hold(reason: CircuitReason, until: number, now: number): void {
    this.#reason = reason;
    this.#until = until;
    this.#enter("open", now);
  }

  #close(now: number): void {
    this.#clear(now);
    this.#onTurn?.(null, now);
  }

  #clear(now: number): void {
    this.#reason = null;
    this.#openMs = firstOpenMs(this.#settings);
    this.#enter("closed", now);
  }

  #enter(state: CircuitState, now: number): void {
    this.#state = state;
    this.#since = now;
    this.#interrupted = null;
    this.#generation++;
    this.#consecutive = 0;
    this.#probes = [];
    this.#successes = 0;
    this.#window.clear();
  }
}

class CircuitPermit implements Permit {
  readonly generation: number;
  readonly issuedAt: number;
  readonly probe: boolean;
  readonly #circuit: Circuit;
  #settled = false;

  constructor(circuit: Circuit, generation: number, issuedAt: number, probe: boolean) {
    this.#circuit = circuit;
    this.generation = generation;
    this.issuedAt = issuedAt;
    this.probe = probe;
  }

  settle(health: HealthSignal, nowMs: number, firstTokenMs?: number): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#circuit.settled(this, health, nowMs, firstTokenMs);
  }
}

function windowOf(settings: CircuitSettings): RollingWindow {
  return new RollingWindow(3, BUCKETS, Math.max(1, settings.windowMs / BUCKETS));
}

function firstOpenMs(settings: CircuitSettings): number {
  return Math.min(settings.openMs, settings.maxOpenMs);
}
