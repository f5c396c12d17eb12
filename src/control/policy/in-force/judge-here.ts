/** Texts judged where one stands, in one go: what becomes of them, with every finding. Owns what a verdict is. */
import type { ConfigSnapshot } from "../../../core/snapshot.ts";
import type { CompilePorts } from "../../../policy/compile/compile.ts";
import { diffDocuments } from "../../../policy/diff.ts";
import type { PolicyDocument } from "../../../policy/document/document.ts";
import type { Finding } from "../../../policy/finding.ts";
import { type PolicyText, testPolicy } from "../../../policy/reading/load.ts";
import { describeChanges } from "../history/describe-changes.ts";
import { compileSources } from "./compile-sources.ts";

export interface Judged {
  /** Null: it must not be put in force. */
  readonly built: {
    readonly snapshot: ConfigSnapshot;
    readonly document: PolicyDocument;
    /** From what was in force: dotted paths, and in words. */
    readonly paths: readonly string[];
    readonly changes: readonly string[];
  } | null;
  readonly findings: readonly Finding[];
  /** When the texts were read and fitted the schema, by the judge's own clock; absent: judged in one go. */
  readonly validatedAt?: number;
}

/** `tested`: a policy that breaks a promise of its own is not put in force. */
export function judgeHere({
  sources,
  before,
  ports,
  tested,
}: {
  readonly sources: readonly PolicyText[];
  readonly before: { readonly document: PolicyDocument } | null;
  readonly ports: CompilePorts;
  readonly tested: boolean;
}): Judged {
  const { built, findings } = compileSources(sources, ports);
  if (!built) return { built: null, findings };
  if (tested) {
    const { failed, findings: broken } = testPolicy(built, sources);
    if (failed.length > 0) return { built: null, findings: [...findings, ...broken] };
  }
  const paths = before ? diffDocuments(before.document, built.document) : [];
  const changes = describeChanges(paths, before?.document, built.document);
  return { built: { ...built, paths, changes }, findings };
}
