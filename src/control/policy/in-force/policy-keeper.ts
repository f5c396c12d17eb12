/**
 * The policy in force and how it changes: read, validated, compiled, swapped whole or by steps, recorded.
 * Owns the rules that a bad policy never replaces a good one, and that a rollback outlasts the text it undid;
 * knows no file system, no network and no HTTP.
 */

import { within } from "../../../core/clock.ts";
import type { ConfigSnapshot, SplitSnapshots } from "../../../core/snapshot.ts";
import type { Finding } from "../../../policy/finding.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";
import type { ActivationHistory } from "../../../store/activation-store.ts";
import type { PolicyDocuments, PolicyHead } from "../../../store/policy-heads.ts";
import { type ActRecorder, recordActs } from "../history/record-acts.ts";
import type { Pin } from "../kept-policies.ts";
import {
  type Act,
  asGiven,
  isFromSource,
  isReturn,
  kindOf,
  type OfferResult,
  type PutResult,
} from "../policy-acts.ts";
import { digestOfTexts, sameTexts } from "../sources/source.ts";
import { StagedActivations } from "../staging/staged-activations.ts";
import type { KeptStaging } from "../staging/staging-place.ts";
import { documentTexts, sameDocuments } from "../store-documents.ts";
import { type Compiled, compileVersion, judgeTexts } from "./compile-version.ts";
import { HeldPin } from "./held-pin.ts";
import type { InForce } from "./in-force.ts";
import { type Offered, offeredAtStart, offeredByHead } from "./offered.ts";
import { oneTry, type TurnActs } from "./one-try.ts";
import type {
  CheckResult,
  PolicyControl,
  PolicyPorts,
  PolicyStatus,
  PolicyTurn,
  WrittenAct,
} from "./policy-control.ts";

/** `pin`: what an earlier process has left. */
export function createPolicyControl(ports: PolicyPorts, pin: Pin | null = null): PolicyControl {
  return new Keeper(ports, pin);
}

interface Put {
  /** What changes in the same moment, before anything is written down. */
  readonly onSwap?: (version: string) => void;
  /** What came of the texts, where it is known; absent: they are judged. */
  readonly compiled?: Compiled;
  /** Whether the policy's own tests decide; default true. */
  readonly tested?: boolean;
  /** The texts were written into the store: an act to be recorded, even where this gateway has the same in force. */
  readonly isWritten?: boolean;
}

/** How often an act is tried while other gateways write first. */
const MAX_TRIES = 20;
/** How long the end waits for an act that is under way. */
const LAST_TURN_MS = 2000;

class Keeper implements PolicyControl {
  readonly #ports: PolicyPorts;
  readonly #staged: StagedActivations;
  #inForce: InForce | null = null;
  #isServing = false;
  #refused: PolicyStatus["refused"] = null;
  readonly #pin: HeldPin;
  /** What the source says now, whether or not it is in force. */
  #offered: Offered | null = null;
  readonly #records: ActRecorder;
  readonly #acts: TurnActs;
  #last: Promise<unknown> = Promise.resolve();

  constructor(ports: PolicyPorts, pin: Pin | null) {
    this.#ports = ports;
    this.#pin = new HeldPin(ports, pin);
    this.#staged = new StagedActivations({
      ports,
      inForce: () => this.#inForce,
      offered: () => this.#offered?.sources ?? null,
      sourceDigest: () => this.#sourceDigest(),
      compile: (sources, tested) => this.#compile(this.#lay(sources), sources, tested),
      refuse: (findings, sources, act) => this.#refuse(findings, sources, act),
      put: async (sources, act, tested) => {
        const isWritten = ports.stored !== undefined;
        if (isWritten) this.#offered = { sources, act };
        return this.#putUnpinned(sources, act, { tested, isWritten });
      },
      savePinAhead: (pin) => this.#pin.saveAhead(pin),
      pinTo: (sources, act, digest) => this.#pinTo(sources, act, digest, false),
      takeOffer: async () => this.#offered && this.#takeOffer(this.#offered),
      catchUp: () => this.#catchUp(),
      inTurn: (work) => this.#inTurn(work),
    });
    this.#records = recordActs(ports, () => this.#pause());
    const staged = this.#staged;
    this.#acts = {
      get head() {
        return ports.stored?.head ?? null;
      },
      replace: (documents, act) => this.#replace(documents, act),
      pin: async (sources, act) => {
        await staged.clear(act);
        return this.#pinTo(sources, act, this.#sourceDigest());
      },
      stage: (sources, schedule, act) => staged.begin(sources, schedule, act),
      finishStaging: (act) => staged.finish(act),
      dropStaging: (act, details = {}) => staged.drop(act, details),
    };
  }

  // Read on every request, and handed on without their owner.
  readonly snapshot = (): ConfigSnapshot => {
    if (!this.#inForce) throw new Error("No policy is in force yet.");
    return this.#inForce.snapshot;
  };
  readonly split = (): SplitSnapshots | null => this.#staged.split();

  get history(): ActivationHistory {
    return this.#records.history;
  }

  inForce(): ReturnType<PolicyControl["inForce"]> {
    return this.#inForce;
  }

  readonly status = (): PolicyStatus => {
    const source = this.#ports.sourceStatus();
    return {
      version: this.#inForce?.snapshot.version ?? null,
      environment: this.#inForce?.snapshot.environment ?? null,
      activatedAt: this.#inForce?.at ?? null,
      files: this.#inForce?.sources.map(({ file }) => file) ?? [],
      warnings: this.#inForce?.warnings ?? [],
      refused: this.#refused,
      overrides: this.#ports.overlay?.list() ?? [],
      staging: this.#staged.status(),
      ...(source && { source }),
      pinned: this.#pin.told(),
    };
  };

  async check(sources: readonly PolicyText[], asTheyAre = false): Promise<CheckResult> {
    const texts = asTheyAre ? sources : this.#lay(sources);
    const question = { texts, tested: true, before: this.#inForce };
    const { built, findings } = await judgeTexts(this.#ports, question);
    if (!built) return { result: "refused", findings };
    return { result: "valid", version: built.snapshot.version, findings, changes: built.changes };
  }

  offer(sources: readonly PolicyText[], actor: string) {
    return this.#inTurn(() => {
      this.#offered = { sources, act: { actor, via: "source", note: null } };
      return this.#takeOffer(this.#offered);
    });
  }

  follow(head: PolicyHead) {
    return this.#inTurn(() => this.#takeIn(head));
  }

  atNewest<T>(work: (turn: PolicyTurn) => Promise<T>) {
    return this.#inTurn(async () => {
      for (let tries = 1; ; tries++) {
        await this.#catchUp();
        const attempt = oneTry(this.#acts);
        const done = await work(attempt.turn);
        if (!attempt.overtaken || tries === MAX_TRIES) return done;
      }
    });
  }

  restore(sources: readonly PolicyText[], actor: string) {
    return this.#inTurn(() => this.#put(sources, { actor, via: "restore", note: null }, { tested: false }));
  }

  unpin(act: Act) {
    return this.#inTurn(async (): Promise<PutResult | null> => {
      if (!this.#pin.now || !this.#inForce) return null;
      await this.#staged.clear(act);
      const put = await this.#put(this.#offered?.sources ?? this.#inForce.sources, act, {
        onSwap: this.#unpinned,
      });
      if (put.result === "refused") return put;
      await this.#setPin(null);
      if (put.result === "unchanged") await this.#records.audit(act, "unchanged", put.version);
      return put;
    });
  }

  restorePin(offered: readonly PolicyText[] | null) {
    return this.#inTurn(async () => {
      const { now: pin } = this.#pin;
      if (!pin || (offered && digestOfTexts(offered) !== pin.sourceDigest)) return null;
      const { actor, note } = pin;
      // What was laid over the pinned texts since then still is.
      const again: Act = { actor, via: "rollback", note, again: true };
      const put = await this.#put(pin.sources, again, { tested: false });
      // Kept anew, by this gateway: another one on the same data may have left it, and take it away.
      await this.#setPin(put.result === "refused" ? null : pin);
      if (put.result !== "refused") this.#offered = offeredAtStart(offered);
      return put;
    });
  }

  recompile(actor: string, via: "recompile" | "rollout" | "alias" = "recompile", note: string | null = null) {
    return this.#inTurn(async () => {
      const before = this.#inForce;
      if (!before) return null;
      const put = await this.#put(before.sources, { actor, via, note }, { tested: false });
      await this.#staged.renew();
      return put;
    });
  }

  resumeStaging({ plan, older, newer, sourceDigest }: KeptStaging, offered: readonly PolicyText[] | null) {
    return this.#inTurn(async () => {
      if (this.#pin.now && this.#pin.now.at >= plan.at) return "over";
      const act: Act = { actor: "start", via: "restore", note: null };
      const put = await this.#put(older, act, { tested: false });
      if (put.result === "refused") return "lost";
      this.#offered = offeredAtStart(offered);
      const adopted = await this.#staged.adopt({ plan, sources: newer }, false, sourceDigest);
      return adopted ? "resumed" : "lost";
    });
  }

  async close(): Promise<void> {
    this.#staged.halt();
    // An act under way is written down like any other.
    await within(this.#ports.clock, LAST_TURN_MS, this.#last);
    await Promise.all([this.#records.close(), this.#pin.close()]);
  }

  noteRefused(findings: readonly Finding[]): void {
    this.#refused = { at: this.#ports.clock.now(), findings };
  }

  /** One change at a time: each sees what the one before has left. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  async #catchUp(): Promise<void> {
    const newer = await this.#ports.stored?.newer();
    if (newer) await this.#takeIn(newer);
  }

  async #takeIn(head: PolicyHead): Promise<OfferResult> {
    if (!this.#ports.stored?.take(head)) return { result: "held", version: this.snapshot().version };
    const { environment } = this.#ports.compile;
    const offered = await offeredByHead(this.#ports, head, this.#inForce === null);
    this.#offered = offered;
    const { plan = null, documents = {} } = head.staged ?? {};
    const put = await this.#staged.yieldTo(plan, () => this.#takeOffer(offered));
    if (plan && !this.#staged.running && put.result !== "refused") {
      const staged = { plan, sources: documentTexts(documents, environment) };
      await this.#staged.adopt(staged, true, digestOfTexts(offered.sources));
    }
    return put;
  }

  async #replace(documents: PolicyDocuments, act: WrittenAct) {
    const { stored, compile } = this.#ports;
    if (!stored) return { result: "conflict" } as const;
    const sources = documentTexts(documents, compile.environment);
    const ended = stored.head?.staged?.plan;
    if (stored.head && !ended && sameDocuments(stored.head.documents, documents)) {
      return this.#putUnpinned(sources, act, {});
    }
    const compiled = await this.#compile(this.#lay(sources), sources, true);
    if (compiled.made) {
      await this.#pause();
      const { actor, note, via } = act;
      if (!(await stored.write({ actor, note, via, documents }))) return { result: "overtaken" } as const;
      this.#offered = { sources, act };
      await this.#staged.supersede(act, { superseded: true }, ended);
    }
    return this.#putUnpinned(sources, act, { compiled, isWritten: true });
  }

  async #takeOffer({ sources, act }: Offered): Promise<OfferResult> {
    const { now: pin } = this.#pin;
    const held = this.#staged.running && !sameTexts(sources, this.#inForce?.sources ?? []);
    if (pin?.sourceDigest === digestOfTexts(sources) || held) {
      this.#refused = null;
      return { result: "held", version: this.snapshot().version };
    }
    return this.#putUnpinned(sources, act, {});
  }

  async #putUnpinned(sources: readonly PolicyText[], act: Act, how: Put): Promise<PutResult> {
    const { now: pin } = this.#pin;
    const put = await this.#put(sources, act, { ...how, onSwap: this.#unpinned });
    if (pin && put.result !== "refused") await this.#setPin(null);
    return put;
  }

  async #pinTo(
    sources: readonly PolicyText[],
    act: Act,
    sourceDigest: string | null,
    tested = true,
  ): Promise<PutResult> {
    const { actor, note } = act;
    const at = this.#ports.clock.now();
    const pinned = (version: string) => {
      this.#pin.now = { version, at, actor, note, sourceDigest: sourceDigest ?? "", sources };
      this.#refused = null;
    };
    const put = await this.#put(sources, act, { onSwap: pinned, tested });
    if (put.result === "unchanged") pinned(put.version);
    // Also where it was refused: it may have been kept before it was to be in force.
    await this.#pin.save();
    return put;
  }

  /** Digest of the texts that the source offers now, also while a pin or a staging holds them back. */
  #sourceDigest(): string {
    if (this.#offered === null && this.#pin.now) return this.#pin.now.sourceDigest;
    return digestOfTexts(this.#offered?.sources ?? this.#inForce?.sources ?? []);
  }

  readonly #unpinned = (): void => {
    this.#pin.now = null;
  };

  #lay(sources: readonly PolicyText[]): readonly PolicyText[] {
    return this.#ports.overlay?.lay(sources) ?? sources;
  }

  #compile(texts: readonly PolicyText[], sources: readonly PolicyText[], tested: boolean) {
    return compileVersion(this.#ports, { texts, sources, tested, before: this.#inForce });
  }

  async #put(sources: readonly PolicyText[], act: Act, how: Put = {}): Promise<PutResult> {
    const before = this.#inForce;
    const previousVersion = before?.snapshot.version ?? null;
    // A version that is gone back to is put in force as it was.
    const bare = isReturn(act) && !act.again;
    const texts = bare ? sources : this.#lay(sources);
    if (before && act.via !== "recompile" && !how.isWritten && sameTexts(before.texts, texts)) {
      if (isFromSource(act)) this.#refused = null;
      const { version } = before.snapshot;
      this.#inForce = { ...before, sources };
      return { result: "unchanged", version, previousVersion, findings: before.warnings, changes: [] };
    }
    const compiled = how.compiled ?? (await this.#compile(texts, sources, how.tested ?? true));
    const { findings } = compiled;
    if (!compiled.made) return this.#refuse(findings, sources, act);
    const { made, paths, changes, validatedAt } = compiled;
    await this.#pause();
    this.#inForce = made;
    if (isFromSource(act) || how.isWritten) this.#refused = null;
    const { version } = made.snapshot;
    how.onSwap?.(version);
    this.#ports.onActivated(made.snapshot, previousVersion, kindOf(act), validatedAt);
    this.#ports.overlay?.settle(sources, bare);
    const result = isReturn(act) ? "rolled_back" : "activated";
    const told = { act, sources: texts, findings, previousVersion, version, paths, changes };
    await this.#pause();
    await this.#records.record({ result, ...told }, sources);
    this.#isServing = true;
    return { result: "activated", version, previousVersion, findings, changes };
  }

  async #refuse(
    findings: readonly Finding[],
    sources: readonly PolicyText[],
    act: Act,
  ): Promise<Extract<PutResult, { result: "refused" }>> {
    const previousVersion = this.#inForce?.snapshot.version ?? null;
    if (isFromSource(act)) this.noteRefused(findings);
    const told = { sources: asGiven(act, sources), findings: asGiven(act, findings) };
    this.#ports.onRefused(told.findings);
    await this.#records.record({ result: "refused", act, ...told, previousVersion }, sources);
    return { result: "refused", findings: told.findings };
  }

  /** Nobody is served before the first activation is over. */
  async #pause(): Promise<void> {
    if (this.#isServing) await this.#ports.pause?.();
  }

  async #setPin(pin: Pin | null): Promise<void> {
    this.#pin.now = pin;
    await this.#pin.save();
  }
}
