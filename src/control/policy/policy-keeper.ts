/**
 * The policy in force and how it changes (D5): read, validated, compiled, swapped whole or by steps, recorded.
 * Owns the rules that a bad policy never replaces a good one, and that a rollback outlasts the text it undid;
 * knows no file system, no network and no HTTP.
 */
import type { ConfigSnapshot, SplitSnapshots } from "../../core/snapshot.ts";
import type { Finding } from "../../policy/finding.ts";
import type { PolicySource } from "../../policy/load.ts";
import type { AuditDetails } from "../../store/audit-store.ts";
import { auditOf, createRecord, type Recorded, type RecordedResult } from "./activation-record.ts";
import { sameTexts } from "./compile-sources.ts";
import type { InForce } from "./in-force.ts";
import { type Judged, judgeHere } from "./judge-here.ts";
import type { Pin } from "./kept-policies.ts";
import type { Act, ActivationResult, Schedule } from "./policy-acts.ts";
import type {
  CheckResult,
  OfferDetails,
  PolicyControl,
  PolicyPorts,
  PolicyStatus,
} from "./policy-control.ts";
import { digestOfTexts } from "./source.ts";
import { type Compiled, StagedActivations } from "./staged-activations.ts";
import type { KeptStaging } from "./staging-place.ts";

/** `pin`: what an earlier process has left. */
export function createPolicyControl(ports: PolicyPorts, pin: Pin | null = null): PolicyControl {
  return new Keeper(ports, pin);
}

interface Offered {
  readonly sources: readonly PolicySource[];
  readonly actor: string;
  readonly note: string | null;
}

interface Put {
  /** What changes in the same moment, before anything is written down. */
  readonly onSwap?: (version: string) => void;
  /** What came of the texts, where it is known; absent: they are judged. */
  readonly compiled?: Compiled;
  /** Whether the policy's own tests decide; default true. */
  readonly tested?: boolean;
}

/** Characters from which on reading and compiling take longer than a request should wait. */
const LARGE = 8_192;

class Keeper implements PolicyControl {
  readonly #ports: PolicyPorts;
  readonly #staged: StagedActivations;
  #inForce: InForce | null = null;
  #isServing = false;
  #refused: PolicyStatus["refused"] = null;
  #pin: Pin | null;
  /** What the source says now, whether or not it is in force. */
  #offered: Offered | null = null;
  /** The revision that was last written from here; 0: none. */
  #written = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(ports: PolicyPorts, pin: Pin | null) {
    this.#ports = ports;
    this.#pin = pin;
    this.#staged = new StagedActivations({
      ports,
      inForce: () => this.#inForce,
      offered: () => this.#offered?.sources ?? null,
      sourceDigest: () => this.#sourceDigest(),
      compile: (sources, tested) => this.#compile(this.#lay(sources), sources, tested),
      refuse: (findings, sources, act) => this.#refuse(findings, sources, act),
      put: async (sources, act, tested) => {
        const put = await this.#put(sources, act, { tested });
        if (this.#pin && put.result !== "refused") await this.#setPin(null);
        return put;
      },
      pinTo: (sources, act, digest) => this.#pinTo(sources, act, digest, false),
      takeOffer: async () => this.#offered && this.#takeOffer(this.#offered),
      inTurn: (work) => this.#inTurn(work),
    });
  }

  // Read on every request, and handed on without their owner.
  readonly snapshot = (): ConfigSnapshot => {
    if (!this.#inForce) throw new Error("No policy is in force yet.");
    return this.#inForce.snapshot;
  };
  readonly split = (): SplitSnapshots | null => this.#staged.split();

  inForce(): ReturnType<PolicyControl["inForce"]> {
    return this.#inForce;
  }

  readonly status = (): PolicyStatus => {
    const source = this.#ports.sourceStatus();
    const pin = this.#pin;
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
      pinned: pin && { version: pin.version, at: pin.at, actor: pin.actor, note: pin.note },
    };
  };

  async check(sources: readonly PolicySource[], asTheyAre = false): Promise<CheckResult> {
    const { built, findings } = await this.#judge(asTheyAre ? sources : this.#lay(sources), true);
    if (!built) return { result: "refused", findings };
    return { result: "valid", version: built.snapshot.version, findings, changes: built.changes };
  }

  offer(sources: readonly PolicySource[], actor: string, { note, staged, revision }: OfferDetails = {}) {
    return this.#inTurn(async (): Promise<ActivationResult> => {
      if (Number(revision ?? this.#written) < this.#written) {
        return { result: "held", version: this.snapshot().version };
      }
      const offered = { sources, actor, note: note ?? null };
      this.#offered = offered;
      // Where the source itself says what is staged, whoever changed it has written that down.
      if (staged !== undefined) await this.#staged.yieldTo(staged?.plan.id ?? null);
      const put = await this.#takeOffer(offered);
      if (staged && !this.#staged.running && put.result !== "refused") {
        await this.#staged.adopt(staged, true, digestOfTexts(sources));
      }
      return put;
    });
  }

  restore(sources: readonly PolicySource[], actor: string) {
    return this.#inTurn(() => this.#put(sources, { actor, via: "restore", note: null }, { tested: false }));
  }

  replace(sources: readonly PolicySource[], act: Act, commit: () => Promise<number | null>) {
    return this.#inTurn(async () => {
      const compiled = await this.#compile(this.#lay(sources), sources, true);
      if (compiled.made) {
        await this.#pause();
        const written = await commit();
        if (written === null) return { result: "conflict" } as const;
        this.#written = written;
        await this.#staged.supersede(act, { superseded: true });
      }
      return this.#put(sources, act, { compiled });
    });
  }

  pin(sources: readonly PolicySource[], act: Act) {
    return this.#inTurn(async () => {
      await this.#staged.clear(act);
      return this.#pinTo(sources, act, this.#sourceDigest());
    });
  }

  unpin(act: Act) {
    return this.#inTurn(async (): Promise<ActivationResult | null> => {
      if (!this.#pin || !this.#inForce) return null;
      await this.#staged.clear(act);
      const put = await this.#put(this.#offered?.sources ?? this.#inForce.sources, act, {
        onSwap: this.#unpinned,
      });
      if (put.result === "refused") return put;
      await this.#setPin(null);
      if (put.result === "unchanged") await this.#audit(act, "unchanged", put.version);
      return put;
    });
  }

  restorePin(offered: readonly PolicySource[] | null) {
    return this.#inTurn(async () => {
      const pin = this.#pin;
      if (!pin || (offered && digestOfTexts(offered) !== pin.sourceDigest)) return null;
      const { actor, note } = pin;
      // What was laid over the pinned texts since then still is.
      const again: Act = { actor, via: "rollback", note, again: true };
      const put = await this.#put(pin.sources, again, { tested: false });
      if (put.result === "refused") await this.#setPin(null);
      else this.#offered = asStart(offered);
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

  stage(sources: readonly PolicySource[], schedule: Schedule, act: Act) {
    return this.#inTurn(() => this.#staged.begin(sources, schedule, act));
  }

  finishStaging(act: Act) {
    return this.#inTurn(() => this.#staged.finish(act));
  }

  dropStaging(act: Act, details: AuditDetails = {}) {
    return this.#inTurn(() => this.#staged.drop(act, details));
  }

  resumeStaging({ plan, older, newer, sourceDigest }: KeptStaging, offered: readonly PolicySource[] | null) {
    return this.#inTurn(async () => {
      const act: Act = { actor: "start", via: "restore", note: null };
      const put = await this.#put(older, act, { tested: false });
      if (put.result === "refused") return false;
      this.#offered = asStart(offered);
      return this.#staged.adopt({ plan, sources: newer }, false, sourceDigest);
    });
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

  async #takeOffer({ sources, actor, note }: Offered): Promise<ActivationResult> {
    const pin = this.#pin;
    const held = this.#staged.running && !sameTexts(sources, this.#inForce?.sources ?? []);
    if (pin?.sourceDigest === digestOfTexts(sources) || held) {
      this.#refused = null;
      return { result: "held", version: this.snapshot().version };
    }
    const put = await this.#put(sources, { actor, via: "source", note }, { onSwap: this.#unpinned });
    if (pin && put.result !== "refused") await this.#setPin(null);
    return put;
  }

  async #pinTo(
    sources: readonly PolicySource[],
    act: Act,
    sourceDigest: string | null,
    tested = true,
  ): Promise<ActivationResult> {
    const { actor, note } = act;
    const at = this.#ports.clock.now();
    const pinned = (version: string) => {
      this.#pin = { version, at, actor, note, sourceDigest: sourceDigest ?? "", sources };
      this.#refused = null;
    };
    const put = await this.#put(sources, act, { onSwap: pinned, tested });
    if (put.result === "unchanged") pinned(put.version);
    if (put.result !== "refused") await this.#setPin(this.#pin);
    return put;
  }

  /** Of what the source says, or of what it last said that is held back. */
  #sourceDigest(): string {
    if (this.#offered === null && this.#pin) return this.#pin.sourceDigest;
    return digestOfTexts(this.#offered?.sources ?? this.#inForce?.sources ?? []);
  }

  readonly #unpinned = (): void => {
    this.#pin = null;
  };

  #lay(sources: readonly PolicySource[]): readonly PolicySource[] {
    return this.#ports.overlay?.lay(sources) ?? sources;
  }

  async #compile(
    texts: readonly PolicySource[],
    sources: readonly PolicySource[],
    tested: boolean,
  ): Promise<Compiled> {
    const judged = await this.#judge(texts, tested);
    const { built, findings, validatedAt } = judged;
    if (!built) return { made: null, findings };
    const { document, paths, changes } = built;
    const snapshot = { ...built.snapshot, keys: [...built.snapshot.keys, ...this.#ports.extraKeys] };
    const at = this.#ports.clock.now();
    const made: InForce = { snapshot, document, sources, texts, warnings: findings, at };
    return { made, findings, paths, changes, ...(validatedAt !== undefined && { validatedAt }) };
  }

  /** Large texts elsewhere, where there is an elsewhere. Nothing is in force yet at the start: nobody waits. */
  #judge(texts: readonly PolicySource[], tested: boolean): Judged | Promise<Judged> {
    const { compile: ports, judge } = this.#ports;
    const question = { sources: texts, before: this.#inForce, ports, tested };
    const size = texts.reduce((sum, { text }) => sum + text.length, 0);
    return judge && this.#inForce && size >= LARGE ? judge(question) : judgeHere(question);
  }

  async #put(sources: readonly PolicySource[], act: Act, how: Put = {}): Promise<ActivationResult> {
    const before = this.#inForce;
    const previousVersion = before?.snapshot.version ?? null;
    // A version that is gone back to is put in force as it was.
    const isReturn = act.via === "rollback" || act.via === "return";
    const bare = isReturn && !act.again;
    const texts = bare ? sources : this.#lay(sources);
    if (before && act.via !== "recompile" && sameTexts(before.texts, texts)) {
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
    if (isFromSource(act)) this.#refused = null;
    const { version } = made.snapshot;
    how.onSwap?.(version);
    this.#ports.onActivated(made.snapshot, previousVersion, act.via, validatedAt);
    this.#ports.overlay?.settle(sources, bare);
    const result = isReturn ? "rolled_back" : "activated";
    const recorded = {
      result,
      act,
      sources: texts,
      findings,
      previousVersion,
      version,
      paths,
      changes,
    } as const;
    await this.#pause();
    await this.#record(recorded, sources);
    this.#isServing = true;
    return { result: "activated", version, previousVersion, findings, changes };
  }

  async #refuse(
    findings: readonly Finding[],
    sources: readonly PolicySource[],
    act: Act,
  ): Promise<Extract<ActivationResult, { result: "refused" }>> {
    const previousVersion = this.#inForce?.snapshot.version ?? null;
    if (isFromSource(act)) this.noteRefused(findings);
    this.#ports.onRefused(findings);
    await this.#record({ result: "refused", act, sources, findings, previousVersion }, sources);
    return { result: "refused", findings };
  }

  /** Nobody is served before the first activation is over. */
  async #pause(): Promise<void> {
    if (this.#isServing) await this.#ports.pause?.();
  }

  /** A disk that is full must not keep a good policy from serving. */
  async #record(recorded: Recorded, lastGood: readonly PolicySource[]): Promise<void> {
    const { clock, ids, activations } = this.#ports;
    const { activation, texts } = createRecord(recorded, ids.next("act"), clock.now());
    try {
      if (recorded.result !== "refused") {
        await this.#pause();
        await this.#ports.saveLastGood(lastGood);
      }
      await activations.record(activation, texts);
    } catch (thrown) {
      this.#ports.onRecordFailed(thrown);
    }
    await this.#ports.audit(auditOf(recorded, clock.now()));
  }

  async #audit(act: Act, result: RecordedResult, version: string): Promise<void> {
    const recorded = { result, act, sources: [], findings: [], previousVersion: version, version };
    await this.#ports.audit(auditOf(recorded, this.#ports.clock.now()));
  }

  async #setPin(pin: Pin | null): Promise<void> {
    this.#pin = pin;
    try {
      await this.#ports.savePin(pin);
    } catch (thrown) {
      this.#ports.onRecordFailed(thrown);
    }
  }
}

function isFromSource({ via }: Act): boolean {
  return via === "source" || via === "unpin" || via === "recompile";
}

function asStart(sources: readonly PolicySource[] | null): Offered | null {
  return sources && { sources, actor: "start", note: null };
}
