/**
 * The policy in force and how it changes (D5): read, validated, compiled, swapped whole, recorded. Owns the
 * rules that a bad policy never replaces a good one, and that a rollback outlasts the text it undid; knows no
 * file system, no network and no HTTP.
 */
import type { Clock } from "../../core/clock.ts";
import type { Ids } from "../../core/ids.ts";
import type { ConfigSnapshot, KeySpec } from "../../core/snapshot.ts";
import { type CompilePorts, compilePolicy } from "../../policy/compile.ts";
import { diffDocuments } from "../../policy/diff.ts";
import type { PolicyDocument } from "../../policy/document.ts";
import type { Finding } from "../../policy/finding.ts";
import { type PolicySource, parsePolicy, testPolicy } from "../../policy/load.ts";
import type { AuditRecord } from "../../store/audit-store.ts";
import type { ActivationStore } from "../../store/ports.ts";
import { auditOf, createRecord, type Recorded, type RecordedResult } from "./activation-record.ts";
import { describeChanges } from "./describe-changes.ts";
import type { Act, ActivationResult } from "./policy-acts.ts";
import type { Pin } from "./policy-files.ts";
import { digestOfTexts, type SourceStatus } from "./source.ts";

/** Where policy texts come from, and where the last good ones are kept. */
export interface PolicyPorts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly activations: ActivationStore;
  readonly compile: CompilePorts;
  /** Keys that the program adds to those of the policy. */
  readonly extraKeys: readonly KeySpec[];
  saveLastGood(sources: readonly PolicySource[]): Promise<void>;
  savePin(pin: Pin | null): Promise<void>;
  /** Does not reject. */
  audit(record: AuditRecord): Promise<void>;
  sourceStatus(): SourceStatus | null;
  onActivated(snapshot: ConfigSnapshot): void;
  onRefused(findings: readonly Finding[]): void;
  /** Records that could not be kept: serving goes on. */
  onRecordFailed(thrown: unknown): void;
}

export interface PolicyStatus {
  readonly version: string | null;
  readonly environment: string | null;
  readonly activatedAt: number | null;
  readonly files: readonly string[];
  /** Of the policy in force: warnings. */
  readonly warnings: readonly Finding[];
  /** Of a newer text that was refused and waits for its fix; null when there is none. */
  readonly refused: { readonly at: number; readonly findings: readonly Finding[] } | null;
  /** Where texts come from, and whether it answers. */
  readonly source?: SourceStatus;
  /** A rollback that holds the source's present text back. */
  readonly pinned?: Pick<Pin, "version" | "at" | "actor" | "note"> | null;
}

export interface PolicyControl {
  /** The snapshot in force. Throws before the first activation: nothing may serve without a policy. */
  snapshot(): ConfigSnapshot;
  /** The texts in force, and what they say; null before the first activation. */
  inForce(): { readonly sources: readonly PolicySource[]; readonly document: PolicyDocument } | null;
  status(): PolicyStatus;
  /** What would come of `sources`. Changes and records nothing. */
  check(sources: readonly PolicySource[]): CheckResult;
  /**
   * Puts the source's texts in force, or refuses them and changes nothing. The same texts again do nothing, and
   * neither do those that a rollback holds back.
   */
  offer(sources: readonly PolicySource[], actor: string, note?: string | null): Promise<ActivationResult>;
  /** Puts texts in force that were good once, whatever their tests say today: the alternative is no policy. */
  restore(sources: readonly PolicySource[], actor: string): Promise<ActivationResult>;
  /**
   * Checks `sources`, lets `commit` write them where the source reads them, and puts them in force, with no
   * other change in between. `commit` says false where somebody else wrote first: then nothing happens.
   */
  replace(
    sources: readonly PolicySource[],
    act: Act,
    commit: () => Promise<boolean>,
  ): Promise<ActivationResult | { readonly result: "conflict" }>;
  /** Puts `sources` in force until the source has other texts than now, also over restarts. */
  pin(sources: readonly PolicySource[], act: Act): Promise<ActivationResult>;
  /** Puts the source's texts in force again. Null: nothing was pinned. */
  unpin(act: Act): Promise<ActivationResult | null>;
  /**
   * At the start: puts the pinned texts in force, where the source says what they hold back, or nothing. Null:
   * nothing is pinned, or the source has other texts.
   */
  restorePin(offered: readonly PolicySource[] | null): Promise<ActivationResult | null>;
  /** Puts the texts in force into force anew: what lies outside them, such as a profile's regions, has changed. */
  recompile(actor: string): Promise<ActivationResult | null>;
  /** Shows findings of a text that was refused before the policy in force took its place. */
  noteRefused(findings: readonly Finding[]): void;
}

export type CheckResult =
  | {
      readonly result: "valid";
      readonly version: string;
      readonly findings: readonly Finding[];
      /** From the policy in force, in words. */
      readonly changes: readonly string[];
    }
  | { readonly result: "refused"; readonly findings: readonly Finding[] };

interface InForce {
  readonly snapshot: ConfigSnapshot;
  readonly document: PolicyDocument;
  readonly sources: readonly PolicySource[];
  readonly warnings: readonly Finding[];
  readonly at: number;
}

/** `pin`: what an earlier process has left. */
export function createPolicyControl(ports: PolicyPorts, pin: Pin | null = null): PolicyControl {
  return new Keeper(ports, pin);
}

class Keeper implements PolicyControl {
  readonly #ports: PolicyPorts;
  #inForce: InForce | null = null;
  #refused: PolicyStatus["refused"] = null;
  #pin: Pin | null;
  /** What the source says now, whether or not it is in force. */
  #offered: readonly PolicySource[] | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(ports: PolicyPorts, pin: Pin | null) {
    this.#ports = ports;
    this.#pin = pin;
  }

  // Read on every request, and handed on without its owner.
  readonly snapshot = (): ConfigSnapshot => {
    if (!this.#inForce) throw new Error("No policy is in force yet.");
    return this.#inForce.snapshot;
  };

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
      ...(source && { source }),
      pinned: pin && { version: pin.version, at: pin.at, actor: pin.actor, note: pin.note },
    };
  };

  check(sources: readonly PolicySource[]): CheckResult {
    const { built, findings } = compileAndTest(sources, this.#ports.compile);
    if (!built) return { result: "refused", findings };
    const { changes } = this.#changesTo(built.document);
    return { result: "valid", version: built.snapshot.version, findings, changes };
  }

  offer(sources: readonly PolicySource[], actor: string, note: string | null = null) {
    return this.#inTurn(async (): Promise<ActivationResult> => {
      this.#offered = sources;
      const pin = this.#pin;
      if (pin?.sourceDigest === digestOfTexts(sources)) {
        this.#refused = null;
        return { result: "held", version: pin.version };
      }
      const put = await this.#put(sources, { actor, via: "source", note }, this.#unpinned);
      if (pin && put.result !== "refused") await this.#setPin(null);
      return put;
    });
  }

  restore(sources: readonly PolicySource[], actor: string) {
    return this.#inTurn(() =>
      this.#put(sources, { actor, via: "restore", note: null }, () => {}, compileSources),
    );
  }

  replace(sources: readonly PolicySource[], act: Act, commit: () => Promise<boolean>) {
    return this.#inTurn(async () => {
      const checked = this.check(sources);
      if (checked.result === "valid" && !(await commit())) return { result: "conflict" } as const;
      return this.#put(sources, act);
    });
  }

  pin(sources: readonly PolicySource[], act: Act) {
    return this.#inTurn(async () => {
      const heldBack = this.#offered ?? this.#inForce?.sources ?? [];
      const sourceDigest =
        this.#offered === null && this.#pin ? this.#pin.sourceDigest : digestOfTexts(heldBack);
      const { actor, note } = act;
      const at = this.#ports.clock.now();
      const put = await this.#put(sources, act, (version) => {
        this.#pin = { version, at, actor, note, sourceDigest, sources };
        this.#refused = null;
      });
      if (put.result === "activated") await this.#setPin(this.#pin);
      return put;
    });
  }

  unpin(act: Act) {
    return this.#inTurn(async (): Promise<ActivationResult | null> => {
      if (!this.#pin || !this.#inForce) return null;
      const put = await this.#put(this.#offered ?? this.#inForce.sources, act, this.#unpinned);
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
      const put = await this.#put(pin.sources, { actor, via: "rollback", note }, () => {}, compileSources);
      if (put.result === "refused") await this.#setPin(null);
      else this.#offered = offered;
      return put;
    });
  }

  recompile(actor: string) {
    return this.#inTurn(async () => {
      const act: Act = { actor, via: "recompile", note: null };
      return this.#inForce ? this.#put(this.#inForce.sources, act, () => {}, compileSources) : null;
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

  readonly #unpinned = (): void => {
    this.#pin = null;
  };

  /** `onSwap`: what changes in the same moment, before anything is written down. */
  async #put(
    sources: readonly PolicySource[],
    act: Act,
    onSwap: (version: string) => void = () => {},
    compile = compileAndTest,
  ): Promise<ActivationResult> {
    const before = this.#inForce;
    const previousVersion = before?.snapshot.version ?? null;
    const fromSource = act.via === "source" || act.via === "unpin" || act.via === "recompile";
    if (before && act.via !== "recompile" && sameTexts(before.sources, sources)) {
      if (fromSource) this.#refused = null;
      const { version } = before.snapshot;
      return { result: "unchanged", version, previousVersion, findings: before.warnings, changes: [] };
    }
    const { built, findings } = compile(sources, this.#ports.compile);
    if (!built) {
      if (fromSource) this.noteRefused(findings);
      this.#ports.onRefused(findings);
      await this.#record({ result: "refused", act, sources, findings, previousVersion });
      return { result: "refused", findings };
    }
    const { paths, changes } = this.#changesTo(built.document);
    const snapshot = { ...built.snapshot, keys: [...built.snapshot.keys, ...this.#ports.extraKeys] };
    const at = this.#ports.clock.now();
    this.#inForce = { snapshot, document: built.document, sources, warnings: findings, at };
    if (fromSource) this.#refused = null;
    const { version } = snapshot;
    onSwap(version);
    this.#ports.onActivated(snapshot);
    const result = act.via === "rollback" ? "rolled_back" : "activated";
    await this.#record({ result, act, sources, findings, previousVersion, version, paths, changes });
    return { result: "activated", version, previousVersion, findings, changes };
  }

  #changesTo(document: PolicyDocument) {
    const before = this.#inForce?.document;
    const paths = before ? diffDocuments(before, document) : [];
    return { paths, changes: describeChanges(paths, before, document) };
  }

  /** A disk that is full must not keep a good policy from serving. */
  async #record(recorded: Recorded): Promise<void> {
    const { clock, ids, activations } = this.#ports;
    const { activation, texts } = createRecord(recorded, ids.next("act"), clock.now());
    try {
      if (recorded.result !== "refused") await this.#ports.saveLastGood(recorded.sources);
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

export interface CompiledSources {
  readonly built: { readonly snapshot: ConfigSnapshot; readonly document: PolicyDocument } | null;
  readonly findings: readonly Finding[];
}

/** Texts to a snapshot with every finding on the way, the policy's own tests left out: `validate` counts those. */
export function compileSources(sources: readonly PolicySource[], ports: CompilePorts): CompiledSources {
  const parsed = parsePolicy(sources);
  if (!parsed.document) return { built: null, findings: parsed.findings };
  const compiled = compilePolicy(parsed.document, parsed.locate, ports);
  const findings = [...parsed.findings, ...compiled.findings];
  if (!compiled.snapshot) return { built: null, findings };
  return { built: { snapshot: compiled.snapshot, document: parsed.document }, findings };
}

/** What new texts are judged by: a policy that breaks a promise of its own is not put in force. */
function compileAndTest(sources: readonly PolicySource[], ports: CompilePorts): CompiledSources {
  const compiled = compileSources(sources, ports);
  if (!compiled.built) return compiled;
  const tested = testPolicy(compiled.built, sources);
  if (tested.failed.length === 0) return compiled;
  return { built: null, findings: [...compiled.findings, ...tested.findings] };
}

function sameTexts(a: readonly PolicySource[], b: readonly PolicySource[]): boolean {
  return a.length === b.length && a.every((source, i) => source.text === b[i]?.text);
}
