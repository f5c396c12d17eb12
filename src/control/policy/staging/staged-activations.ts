/**
 * A version that takes over by steps: begun, stepped, completed, given up. Owns what each of these writes down
 * and in which order; policy-keeper.ts puts versions in force and calls one of these at a time.
 */
import { type ActivationPlan, stageAt } from "../../../core/activation-plan.ts";
import type { SplitSnapshots } from "../../../core/snapshot.ts";
import { diffDocuments } from "../../../policy/diff.ts";
import type { Finding } from "../../../policy/finding.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";
import type { AuditDetails } from "../../../store/audit-store.ts";
import { describeChanges } from "../history/describe-changes.ts";
import type { Compiled } from "../in-force/compile-version.ts";
import type { InForce } from "../in-force/in-force.ts";
import type { Overtaken } from "../in-force/one-try.ts";
import type { PolicyPorts, RecordKind } from "../in-force/policy-control.ts";
import type { Pin } from "../kept-policies.ts";
import type { Act, OfferResult, PutResult, Schedule, StagingResult, StagingStatus } from "../policy-acts.ts";
import { digestOfTexts, type StagedOffer, sameTexts } from "../sources/source.ts";
import { Staging } from "./staging.ts";
import { notKept, type StagingMove, type Written } from "./staging-place.ts";

/** What stages need of whoever puts versions in force. */
export interface StagingCore {
  readonly ports: PolicyPorts;
  inForce(): InForce | null;
  /** What the source says now; null: it has not said anything. */
  offered(): readonly PolicyText[] | null;
  sourceDigest(): string;
  /** `tested`: whether the policy's own tests decide, too. */
  compile(sources: readonly PolicyText[], tested: boolean): Promise<Compiled>;
  refuse(findings: readonly Finding[], sources: readonly PolicyText[], act: Act): Promise<PutResult>;
  put(sources: readonly PolicyText[], act: Act, tested: boolean): Promise<PutResult>;
  /** The pin that `pinTo` leaves, before it. Rejects where it cannot be written. */
  savePinAhead(pin: Pin): Promise<void>;
  pinTo(sources: readonly PolicyText[], act: Act, digest: string | null): Promise<PutResult>;
  /** The source's text is put in force, unless something holds it back. */
  takeOffer(): Promise<OfferResult | null>;
  /** Takes in what is newer in the store, where the policy lives there. Rejects where it cannot be read. */
  catchUp(): Promise<void>;
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}

/** How long until what could not be completed is tried again. */
const AGAIN_MS = 1000;
/** Changes in words that the audit log takes. */
const MAX_AUDITED = 20;

export class StagedActivations {
  readonly #core: StagingCore;
  readonly #ports: PolicyPorts;
  #staging: Staging | null = null;
  #split: SplitSnapshots | null = null;
  #isHalted = false;

  constructor(core: StagingCore) {
    this.#core = core;
    this.#ports = core.ports;
  }

  get running(): boolean {
    return this.#staging !== null;
  }

  split(): SplitSnapshots | null {
    return this.#split;
  }

  status(): StagingStatus | null {
    const staging = this.#staging;
    if (!staging) return null;
    const offered = this.#core.offered();
    return staging.status(offered !== null && this.#waits(staging, offered));
  }

  async begin(
    sources: readonly PolicyText[],
    schedule: Schedule,
    act: Act,
  ): Promise<StagingResult | Overtaken> {
    const before = this.#core.inForce();
    if (!before) return { result: "conflict" };
    if (this.#staging) return { result: "running", staging: this.#staging.status(false) };
    const compiled = await this.#core.compile(sources, true);
    const { findings } = compiled;
    if (!compiled.made) return this.#core.refuse(findings, sources, act);
    const { made, changes } = compiled;
    const { version } = made.snapshot;
    const previousVersion = before.snapshot.version;
    if (sameTexts(made.texts, before.texts)) {
      return { result: "unchanged", version, previousVersion, findings, changes: [] };
    }
    const { clock, ids } = this.#ports;
    const { actor, note } = act;
    const plan = {
      id: ids.next("stg"),
      version,
      previousVersion,
      at: clock.now(),
      ...schedule,
      actor,
      note,
    };
    const staging = this.#make({ plan, sources }, made, this.#core.sourceDigest());
    if (staging.stage().phase === "complete") return this.#complete(staging, act, null);
    const written = await this.#write(staging, null, "begin", act);
    if (written !== "written") return { result: written };
    const { startsAt, stepPercent, stepEveryMs } = schedule;
    const told = { previousVersion, startsAt, stepPercent, stepEveryMs, note };
    await this.#audit("policy.staged", actor, plan, { ...told, changes: changes.slice(0, MAX_AUDITED) });
    this.#take(staging);
    await this.#step();
    return { result: "staged", version, previousVersion, staging: staging.status(false), findings, changes };
  }

  /** Null: nothing is staged. */
  async finish(act: Act): Promise<StagingResult | Overtaken | null> {
    return this.#staging && this.#complete(this.#staging, act, this.#staging.offer.plan.id);
  }

  /** All traffic is the older version's again. Null: nothing is staged. */
  async drop(act: Act, details: AuditDetails): Promise<StagingResult | Overtaken | null> {
    const staging = this.#staging;
    const inForce = this.#core.inForce();
    if (!inForce) return null;
    if (!staging) return this.#dropElsewhere(inForce, act, details);
    const { plan, sources } = staging.offer;
    const { isSource } = this.#ports.stagingPlace;
    if (isSource) {
      const written = await this.#write(staging, plan.id, "drop", act);
      if (written !== "written") return { result: written };
    }
    await this.supersede(act, details);
    const offered = this.#core.offered();
    // A version that was given up does not come back with the next look at the source.
    if (offered && sameTexts(offered, sources) && !isSource) {
      const stays: Act = { ...act, via: "activate" };
      await this.#core.pinTo(inForce.sources, stays, digestOfTexts(offered));
    } else await this.#core.takeOffer();
    if (!isSource) await this.#write(staging, plan.id, "drop", act);
    const { snapshot, document, warnings } = inForce;
    const before = staging.newer.document;
    const changes = describeChanges(diffDocuments(before, document), before, document);
    const { version } = snapshot;
    return { result: "activated", version, previousVersion: plan.version, findings: warnings, changes };
  }

  /** Ends one that only other gateways serve, since it is not valid here. */
  async #dropElsewhere(
    inForce: InForce,
    act: Act,
    details: AuditDetails,
  ): Promise<StagingResult | Overtaken | null> {
    const { stored } = this.#ports;
    const head = stored?.head;
    const plan = head?.staged?.plan;
    if (!stored || !head || !plan) return null;
    if (!(await stored.write({ ...head, staged: null }))) return { result: "overtaken" };
    await this.supersede(act, details, plan);
    const { snapshot, warnings } = inForce;
    const { version } = snapshot;
    return { result: "activated", version, previousVersion: plan.version, findings: warnings, changes: [] };
  }

  /**
   * Ends the staging because another policy was or will be written. `plan`: pass it where this gateway never adopted it.
   */
  async supersede(act: Act, details: AuditDetails, plan = this.#staging?.offer.plan): Promise<void> {
    if (!plan) return;
    const { share } = stageAt(plan, this.#ports.clock.now());
    this.forget();
    const action = act.via === "return" ? "policy.returned" : "policy.activation_aborted";
    const told = { previousVersion: plan.previousVersion, share, note: act.note, ...details };
    await this.#audit(action, act.actor, plan, told);
  }

  /** Ends the staging before what only this gateway keeps, such as a pin, takes its place. False: it goes on. */
  async clear(act: Act): Promise<boolean> {
    const staging = this.#staging;
    if (!staging) return true;
    if ((await this.#write(staging, staging.offer.plan.id, "drop", act)) !== "written") return false;
    await this.supersede(act, { superseded: true });
    return true;
  }

  /** Goes on with what another gateway, or an earlier process, has begun. False: it is not valid here. */
  async adopt(offer: StagedOffer, tested: boolean, sourceDigest: string): Promise<boolean> {
    const { made, findings } = await this.#core.compile(offer.sources, tested);
    if (!made) {
      const { actor, note } = offer.plan;
      await this.#core.refuse(findings, offer.sources, { actor, via: "activate", note });
      return false;
    }
    const staging = this.#make(offer, made, sourceDigest);
    // Steps that were taken meanwhile were told by whoever took them, or by nobody who is left.
    staging.step = staging.stage().step;
    this.#take(staging);
    return true;
  }

  /**
   * The store says that `plan` is under way; null: nothing is. A staging of another plan has ended elsewhere: it takes no
   * more steps, and callers stay with the version they have until `follow` has put in force what came of it.
   */
  async yieldTo<T>(plan: ActivationPlan | null, follow: () => Promise<T>): Promise<T> {
    if (!this.#staging || this.#staging.offer.plan.id === plan?.id) return follow();
    this.#end();
    try {
      return await follow();
    } finally {
      this.forget();
    }
  }

  /** Ends the staging: from now on everybody reads what is in force. */
  forget(): void {
    this.#end();
    this.#split = null;
    this.#ports.onStaged(null, 0);
  }

  /** No step is taken any more; what is kept of it goes on with the next start. */
  halt(): void {
    this.#isHalted = true;
    this.#staging?.stop();
  }

  #end(): void {
    this.#staging?.stop();
    this.#staging = null;
  }

  /** Compiles its texts again, since what lies outside or over them has changed. */
  async renew(): Promise<void> {
    const staging = this.#staging;
    if (!staging) return;
    const { made } = await this.#core.compile(staging.offer.sources, false);
    if (made) staging.renew(made);
    this.#spread();
  }

  #make(offer: StagedOffer, newer: InForce, sourceDigest: string): Staging {
    const onDue = () => void this.#core.inTurn(() => this.#due());
    return new Staging(offer, newer, sourceDigest, { clock: this.#ports.clock, onDue });
  }

  #take(staging: Staging): void {
    this.#staging = staging;
    this.#spread();
    staging.arm();
  }

  #spread(): void {
    const older = this.#core.inForce()?.snapshot;
    if (!this.#staging || !older) return;
    this.#split = this.#staging.split(older);
    this.#ports.onStaged(this.#staging.newer.snapshot, this.#split?.share ?? 0);
  }

  /** A step that somebody has put an end to elsewhere is not taken. */
  async #due(): Promise<void> {
    if (this.#isHalted) return;
    try {
      await this.#core.catchUp();
    } catch (thrown) {
      this.#failedAgain("head", thrown);
    }
    await this.#step();
  }

  async #step(): Promise<void> {
    const staging = this.#staging;
    if (!staging) return;
    const { step, steps, share, phase } = staging.stage();
    const isNew = step > staging.step;
    staging.step = step;
    this.#spread();
    if (phase !== "complete") staging.arm();
    const { plan } = staging.offer;
    if (isNew) {
      const told = { previousVersion: plan.previousVersion, share, step, steps };
      await this.#audit("policy.activation_step", "activation", plan, told);
    }
    if (phase !== "complete") return;
    const { actor, note } = plan;
    const onFailed = (thrown: unknown) => this.#failedAgain("staging", thrown);
    try {
      const done = await this.#complete(staging, { actor, via: "activate", note }, plan.id, onFailed);
      if (done.result === "conflict" || done.result === "overtaken") staging.arm(AGAIN_MS);
    } catch (thrown) {
      onFailed(thrown);
      staging.arm(AGAIN_MS);
    }
  }

  /** Each try by itself comes here: somebody must know why it fails, but not every second. */
  #failedAgain(what: RecordKind, thrown: unknown): void {
    if (this.#staging?.isNews(what)) this.#ports.onRecordFailed(what, thrown);
  }

  /**
   * Rejects where it cannot be written down: nothing is done then. What this gateway keeps by itself is removed last, so
   * that a process which is killed on the way leaves the plan, or the pin that has taken its place, or both.
   */
  async #complete(
    staging: Staging,
    act: Act,
    from: string | null,
    onFailed?: (thrown: unknown) => void,
  ): Promise<StagingResult | Overtaken> {
    const { isSource } = this.#ports.stagingPlace;
    const { sources } = staging.offer;
    const offered = this.#core.offered();
    const waits = offered !== null && this.#waits(staging, offered);
    const isOffered = offered !== null && sameTexts(offered, sources);
    const isPinned = !isSource && !isOffered;
    if (isSource) {
      const written = await this.#write(staging, from, "finish", act);
      if (written !== "written") return { result: written };
    }
    if (isPinned) await this.#keepPin(staging, act, onFailed);
    this.#end();
    // Whatever its tests say today: it has served a part of the traffic already.
    const put = isPinned
      ? await this.#core.pinTo(sources, act, staging.sourceDigest)
      : await this.#core.put(sources, act, false);
    if (!isSource) await this.#write(staging, from, "finish", act, onFailed);
    this.forget();
    if (waits && !isOffered) await this.#core.takeOffer();
    return put;
  }

  /** Before it is in force: a version that a restart would lose is not. */
  async #keepPin(
    { newer, offer, sourceDigest }: Staging,
    { actor, note }: Act,
    onFailed = this.#failed,
  ): Promise<void> {
    const { version } = newer.snapshot;
    const at = this.#ports.clock.now();
    try {
      await this.#core.savePinAhead({ version, at, actor, note, sourceDigest, sources: offer.sources });
    } catch (thrown) {
      onFailed(thrown);
      throw notKept(thrown);
    }
  }

  /** The source has said something new since it began. */
  #waits({ sourceDigest }: Staging, offered: readonly PolicyText[]): boolean {
    return !this.#ports.stagingPlace.isSource && digestOfTexts(offered) !== sourceDigest;
  }

  /** Rejects where the store, or the beginning of what this gateway keeps, cannot be written: nothing is done then. */
  async #write(
    staging: Staging,
    from: string | null,
    to: StagingMove["to"],
    { actor, note }: Act,
    onFailed = this.#failed,
  ): Promise<Written> {
    const older = this.#core.inForce()?.sources ?? [];
    const { offer, sourceDigest } = staging;
    try {
      const move = { from, to, staged: offer, older, sourceDigest, actor, note };
      return await this.#ports.stagingPlace.write(move);
    } catch (thrown) {
      if (this.#ports.stagingPlace.isSource) throw thrown;
      onFailed(thrown);
      if (to === "begin") throw notKept(thrown);
      // What only this gateway keeps must not keep anybody from going back.
      return "written";
    }
  }

  readonly #failed = (thrown: unknown): void => this.#ports.onRecordFailed("staging", thrown);

  async #audit(action: string, actor: string, plan: ActivationPlan, told: AuditDetails): Promise<void> {
    const { clock, instance } = this.#ports;
    const details = { ...told, activation: plan.id, ...(instance !== undefined && { gateway: instance }) };
    await this.#ports.audit({ at: clock.now(), actor, action, subject: plan.version, details });
  }
}
