/**
 * The policy in force and how it changes (D5): read, validated, compiled, swapped whole, recorded. Owns the
 * rule that a bad policy never replaces a good one; knows no file system and no HTTP.
 */
import type { Clock } from "../../core/clock.ts";
import type { Ids } from "../../core/ids.ts";
import type { ConfigSnapshot, KeySpec } from "../../core/snapshot.ts";
import { type CompilePorts, compilePolicy } from "../../policy/compile.ts";
import { diffDocuments } from "../../policy/diff.ts";
import type { PolicyDocument } from "../../policy/document.ts";
import type { Finding } from "../../policy/finding.ts";
import { type PolicySource, parsePolicy } from "../../policy/load.ts";
import type { ActivationStore } from "../../store/ports.ts";

/** Where policy texts come from, and where the last good ones are kept. */
export interface PolicyPorts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly activations: ActivationStore;
  readonly compile: CompilePorts;
  /** Keys that the program adds to those of the policy. */
  readonly extraKeys: readonly KeySpec[];
  saveLastGood(sources: readonly PolicySource[]): Promise<void>;
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
}

export interface PolicyControl {
  /** The snapshot in force. Throws before the first activation: nothing may serve without a policy. */
  snapshot(): ConfigSnapshot;
  status(): PolicyStatus;
  /** Puts `sources` in force, or refuses them and changes nothing. The same texts again do nothing. */
  activate(sources: readonly PolicySource[], actor: string): Promise<ActivationResult>;
  /** Puts the texts in force into force anew: what lies outside them, such as a profile's regions, has changed. */
  recompile(actor: string): Promise<ActivationResult | null>;
  /** Shows findings of a text that was refused before the policy in force took its place. */
  noteRefused(findings: readonly Finding[]): void;
}

export type ActivationResult =
  | {
      readonly result: "activated" | "unchanged";
      readonly version: string;
      readonly findings: readonly Finding[];
    }
  | { readonly result: "refused"; readonly findings: readonly Finding[] };

interface InForce {
  readonly snapshot: ConfigSnapshot;
  readonly document: PolicyDocument;
  readonly sources: readonly PolicySource[];
  readonly warnings: readonly Finding[];
  readonly at: number;
}

export function createPolicyControl(ports: PolicyPorts): PolicyControl {
  let inForce: InForce | null = null;
  let refused: PolicyStatus["refused"] = null;

  const record = async (
    result: "activated" | "refused",
    actor: string,
    sources: readonly PolicySource[],
    before: InForce | null,
    findings: readonly Finding[],
  ): Promise<void> => {
    const changed =
      result === "activated" && before && inForce ? diffDocuments(before.document, inForce.document) : [];
    try {
      if (result === "activated") await ports.saveLastGood(sources);
      await ports.activations.record({
        id: ports.ids.next("act"),
        at: ports.clock.now(),
        actor,
        source: sources.map((source) => source.file).join(" + "),
        result,
        version: result === "activated" ? (inForce?.snapshot.version ?? null) : null,
        previousVersion: before?.snapshot.version ?? null,
        changes: changed,
        findings: findings.map(
          (finding) => `${finding.file}:${finding.line}:${finding.column} ${finding.message}`,
        ),
      });
    } catch (thrown) {
      ports.onRecordFailed(thrown);
    }
  };

  const putInForce = async (sources: readonly PolicySource[], actor: string): Promise<ActivationResult> => {
    const before = inForce;
    const compiled = compileSources(sources, ports.compile);
    if (!compiled.built) {
      refused = { at: ports.clock.now(), findings: compiled.findings };
      ports.onRefused(compiled.findings);
      await record("refused", actor, sources, before, compiled.findings);
      return { result: "refused", findings: compiled.findings };
    }
    const { snapshot: policySnapshot, document } = compiled.built;
    const snapshot = { ...policySnapshot, keys: [...policySnapshot.keys, ...ports.extraKeys] };
    inForce = { snapshot, document, sources, warnings: compiled.findings, at: ports.clock.now() };
    refused = null;
    ports.onActivated(snapshot);
    await record("activated", actor, sources, before, compiled.findings);
    return { result: "activated", version: snapshot.version, findings: compiled.findings };
  };

  return {
    snapshot() {
      if (!inForce) throw new Error("No policy is in force yet.");
      return inForce.snapshot;
    },
    status: () => ({
      version: inForce?.snapshot.version ?? null,
      environment: inForce?.snapshot.environment ?? null,
      activatedAt: inForce?.at ?? null,
      files: inForce?.sources.map((source) => source.file) ?? [],
      warnings: inForce?.warnings ?? [],
      refused,
    }),
    noteRefused(findings) {
      refused = { at: ports.clock.now(), findings };
    },
    async activate(sources, actor) {
      if (!inForce || !sameTexts(inForce.sources, sources)) return putInForce(sources, actor);
      refused = null;
      return { result: "unchanged", version: inForce.snapshot.version, findings: inForce.warnings };
    },
    recompile: async (actor) => (inForce ? putInForce(inForce.sources, actor) : null),
  };
}

export interface CompiledSources {
  readonly built: { readonly snapshot: ConfigSnapshot; readonly document: PolicyDocument } | null;
  readonly findings: readonly Finding[];
}

/** Texts to a snapshot with every finding on the way: what `validate` prints and activation decides by. */
export function compileSources(sources: readonly PolicySource[], ports: CompilePorts): CompiledSources {
  const parsed = parsePolicy(sources);
  if (!parsed.document) return { built: null, findings: parsed.findings };
  const compiled = compilePolicy(parsed.document, parsed.locate, ports);
  const findings = [...parsed.findings, ...compiled.findings];
  if (!compiled.snapshot) return { built: null, findings };
  return { built: { snapshot: compiled.snapshot, document: parsed.document }, findings };
}

function sameTexts(a: readonly PolicySource[], b: readonly PolicySource[]): boolean {
  return a.length === b.length && a.every((source, i) => source.text === b[i]?.text);
}
