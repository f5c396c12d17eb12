/** Texts to a compiled policy, with every finding on the way. */
import type { ConfigSnapshot } from "../../../core/snapshot.ts";
import { type CompilePorts, compilePolicy } from "../../../policy/compile/compile.ts";
import type { PolicyDocument } from "../../../policy/document/document.ts";
import type { Finding } from "../../../policy/finding.ts";
import { type PolicyText, parsePolicy } from "../../../policy/reading/load.ts";

export interface CompiledSources {
  readonly built: { readonly snapshot: ConfigSnapshot; readonly document: PolicyDocument } | null;
  readonly findings: readonly Finding[];
}

/** Texts to a snapshot with every finding on the way, the policy's own tests left out: `validate` counts those. */
export function compileSources(sources: readonly PolicyText[], ports: CompilePorts): CompiledSources {
  const parsed = parsePolicy(sources);
  if (!parsed.document) return { built: null, findings: parsed.findings };
  const compiled = compilePolicy(parsed.document, parsed.locate, ports);
  const findings = [...parsed.findings, ...compiled.findings];
  if (!compiled.snapshot) return { built: null, findings };
  return { built: { snapshot: compiled.snapshot, document: parsed.document }, findings };
}
