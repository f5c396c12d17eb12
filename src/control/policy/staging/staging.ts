/** A version that is taking over by steps. Owns its clockwork and who reads which version; decides nothing about it. */
import { type ActivationPlan, type ActivationStage, endOf, stageAt } from "../../../core/activation-plan.ts";
import type { Clock, Timer } from "../../../core/clock.ts";
import type { ConfigSnapshot, SplitSnapshots } from "../../../core/snapshot.ts";
import { seedOf } from "../../../policy/rollouts/choose.ts";
import type { InForce } from "../in-force/in-force.ts";
import type { PolicyTurn, RecordKind } from "../in-force/policy-control.ts";
import type { StagingStatus } from "../policy-acts.ts";
import type { PolicyDesk } from "../policy-desk.ts";
import type { StagedOffer } from "../sources/source.ts";

/** How often what fails again and again is told. */
const REMIND_EVERY_MS = 60 * 60_000;
/** Timers of the platform do not reach further than about 24 days. */
const LONGEST_WAIT_MS = 60 * 60_000;

export class Staging {
  readonly offer: StagedOffer;
  /** Of what the source said when it began. */
  readonly sourceDigest: string;
  readonly #clock: Clock;
  readonly #onDue: () => void;
  #newer: InForce;
  #timer: Timer | null = null;
  readonly #toldAt = new Map<RecordKind, number>();
  /** The step that was told last. */
  step = 0;

  constructor(
    offer: StagedOffer,
    newer: InForce,
    sourceDigest: string,
    ports: { readonly clock: Clock; readonly onDue: () => void },
  ) {
    this.offer = offer;
    this.#newer = newer;
    this.sourceDigest = sourceDigest;
    this.#clock = ports.clock;
    this.#onDue = ports.onDue;
  }

  get newer(): InForce {
    return this.#newer;
  }

  /** Its texts anew, since something outside of them has changed. */
  renew(newer: InForce): void {
    this.#newer = newer;
  }

  stage(): ActivationStage {
    return stageAt(this.offer.plan, this.#clock.now());
  }

  /** Null before the first step. The same callers stay with the newer version for as long as its share grows. */
  split(older: ConfigSnapshot): SplitSnapshots | null {
    const { share } = this.stage();
    if (share === 0) return null;
    const newer = this.#newer.snapshot;
    return { older, newer, share, seed: seedOf(`activation/${this.offer.plan.version}`) };
  }

  status(sourceWaits: boolean): StagingStatus {
    return statusOf(this.offer.plan, this.#clock.now(), sourceWaits);
  }

  /** Calls `onDue` when the next step is due, or after `againMs`. */
  arm(againMs?: number): void {
    this.stop();
    const due = this.stage().next?.at ?? this.#clock.now();
    const wait = againMs ?? Math.max(0, due - this.#clock.now());
    this.#timer = this.#clock.after(Math.min(wait, LONGEST_WAIT_MS), this.#onDue);
  }

  /** Whether a failure of `what` is to be told: the first one, and one an hour for as long as each try fails. */
  isNews(what: RecordKind): boolean {
    const now = this.#clock.now();
    const toldAt = this.#toldAt.get(what);
    if (toldAt !== undefined && now - toldAt < REMIND_EVERY_MS) return false;
    this.#toldAt.set(what, now);
    return true;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}

function statusOf(plan: ActivationPlan, now: number, sourceWaits: boolean): StagingStatus {
  return { ...plan, stage: stageAt(plan, now), endsAt: endOf(plan), sourceWaits };
}

/** What is under way, here or, where it is not valid here, by the store; null: nothing is. */
export function stagingOf({ control, clock }: PolicyDesk, { head }: PolicyTurn): StagingStatus | null {
  const plan = head?.staged?.plan;
  return control.status().staging ?? (plan ? statusOf(plan, clock.now(), false) : null);
}
