/** Feature flags of a document, ready to be evaluated. Owns their cross-checks. */

import type { FlagsProviderSpec, FlagValue } from "../../core/flags.ts";
import type { Condition } from "../../core/rule-context.ts";
import type { PolicyDocument } from "../document/document.ts";
import { milliseconds } from "../document/fields.ts";
import type { WrittenFlag } from "../document/flags.ts";
import { percentOf } from "../document/rollouts.ts";
import type { Path, Report } from "../finding.ts";
import { seedOf } from "../rollouts/choose.ts";
import type { Flag, Variant } from "../rollouts/evaluate-flag.ts";
import { type CompiledFlags, createFlagSet } from "../rollouts/flag-set.ts";
import type { Inventory } from "./deployments.ts";
import { compileScope } from "./routes.ts";

/** Null where the policy has none. `inventory` has no flags yet: a flag cannot depend on another. */
export function compileFlags(
  document: PolicyDocument,
  inventory: Inventory,
  report: Report,
): CompiledFlags | null {
  const flags = new Map<string, Flag>();
  const reads = new Set<string>();
  for (const [name, written] of Object.entries(document.flags)) {
    flags.set(name, compileFlag(name, written, { inventory, report, reads }));
  }
  return flags.size === 0 ? null : createFlagSet(flags, reads);
}

export function compileFlagsProvider({ flags_provider: written }: PolicyDocument): FlagsProviderSpec | null {
  if (written === undefined) return null;
  const { module, export: exported, options, ttl } = written;
  return { module, exported, options, ttlMs: milliseconds(ttl) };
}

interface FlagWorld {
  readonly inventory: Inventory;
  readonly report: Report;
  /** Gets the signals that rules of flags read. */
  readonly reads: Set<string>;
}

function compileFlag(name: string, written: WrittenFlag, { inventory, report, reads }: FlagWorld): Flag {
  const path: Path = ["flags", name];
  const variants = new Map(Object.entries(written.variants));
  checkKinds(name, variants, path, report);
  const variantAt = (variant: string, at: Path): Variant => {
    const value = variants.get(variant);
    if (value !== undefined) return { name: variant, value };
    const message = `The flag "${name}" has no variant "${variant}".`;
    const fix = report.suggest(variant, [...variants.keys()], "Add it under variants.");
    report.error("unknown_variant", at, message, fix);
    return { name: variant, value: false };
  };
  const { rollout } = written;
  return {
    name,
    variants,
    fallback: variantAt(written.default, [...path, "default"]),
    rules: written.rules.map((rule, index) => {
      const at = [...path, "rules", index];
      const { when, reads: read } = compileScope(rule, at, inventory, report);
      for (const signal of read) reads.add(signal);
      return { when: when ?? ALWAYS, variant: variantAt(rule.variant, [...at, "variant"]) };
    }),
    rollout:
      rollout === undefined
        ? null
        : {
            percent: percentOf(rollout.percent),
            variant: variantAt(rollout.variant, [...path, "rollout", "variant"]),
            sticky: rollout.sticky,
            seed: seedOf(`flag ${name}`),
          },
  };
}

const ALWAYS: Condition = () => true;

/** One flag is one kind of value, so that a condition can be checked before it runs. */
function checkKinds(
  name: string,
  variants: ReadonlyMap<string, FlagValue>,
  path: Path,
  report: Report,
): void {
  const kinds = new Set([...variants.values()].map((value) => typeof value));
  if (kinds.size === 1) return;
  const at = [...path, "variants"];
  if (kinds.size === 0) {
    report.error(
      "no_variants",
      at,
      `The flag "${name}" has no variants.`,
      "Give it two, such as on and off.",
    );
    return;
  }
  const message = `The variants of the flag "${name}" are of different kinds.`;
  report.error("mixed_variants", at, message, "Make all of them true or false, all numbers, or all text.");
}
