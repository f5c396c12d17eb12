/** A rollout as it is written, and where. Owns finding it; the verbs change it. */
import { failed, ok, type Result } from "../../core/faults.ts";
import type { PolicyDocument } from "../../policy/document.ts";
import { type PolicySource, parsePolicy } from "../../policy/load.ts";
import { suggestion } from "../../policy/suggest.ts";
import { readYaml } from "../../policy/yaml-source.ts";
import { editText, type ScalarEdit } from "./edit-text.ts";

type WrittenRollout = PolicyDocument["rollouts"][number];

export interface OpenRollout {
  readonly written: WrittenRollout;
  /** The text that has it. */
  readonly source: PolicySource;
  /** `["rollouts", 3]` */
  readonly path: readonly (string | number)[];
}

/** What a verb does to the policy's texts. */
export interface RolloutChange {
  readonly rollout: string;
  readonly file: string;
  readonly before: string;
  /** The file's text afterwards; `before` where nothing is to change. */
  readonly after: string;
  /** `rollouts[3].canary.weight: 5 → 25` */
  readonly changes: readonly string[];
  /** The same as data, each by its path within the rollout. */
  readonly values: readonly { readonly path: readonly (string | number)[]; readonly to: number | string }[];
}

/** One value that is to be another. */
export interface Wish {
  readonly path: readonly (string | number)[];
  /** Null: it is not written yet. */
  readonly from: number | string | null;
  readonly to: number | string;
}

/** Faults: `invalid` where the policy is not valid, `not_found` where it has no such rollout. */
export function openRollout(sources: readonly PolicySource[], name: string): Result<OpenRollout> {
  const { document } = parsePolicy(sources);
  if (document === null) {
    const message = "The policy is not valid, so nothing is changed. `pointsman validate` says where.";
    return failed("invalid", "policy_invalid", message);
  }
  const index = document.rollouts.findIndex((rollout) => rollout.name === name);
  const written = document.rollouts[index];
  // An overlay's list replaces the one before it whole.
  const source = sources.findLast((one) => hasRollouts(readYaml(one).value));
  if (written === undefined || source === undefined) {
    const names = document.rollouts.map((rollout) => rollout.name);
    const hint = suggestion(name, names, "The policy has none.");
    return failed("not_found", "unknown_rollout", `There is no rollout of that name. ${hint}`);
  }
  return ok({ written, source, path: ["rollouts", index] });
}

function hasRollouts(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "rollouts");
}

/** Fault: `invalid` where the text is written in a way that cannot be changed without changing more. */
export function changeRollout(
  { written, source, path: root }: OpenRollout,
  wishes: readonly Wish[],
): Result<RolloutChange> {
  const needed = wishes.filter(({ from, to }) => from !== to);
  const edits: ScalarEdit[] = needed.map(({ path, to }) => ({ path, value: to }));
  const edited = editText(source.text, edits);
  const changes = needed.map(({ path, from, to }) => `${dotted(path)}: ${from ?? "not written"} → ${to}`);
  if (!edited.ok) {
    const message = `${source.file} cannot be changed here: ${edited.why}. Change it by hand: ${changes.join(", ")}.`;
    return failed("invalid", "policy_not_editable", message);
  }
  const { file, text: before } = source;
  const values = needed.map(({ path, to }) => ({ path: path.slice(root.length), to }));
  return ok({ rollout: written.name, file, before, after: edited.text, changes, values });
}

function dotted(path: readonly (string | number)[]): string {
  return path
    .map((part, i) => (typeof part === "number" ? `[${part}]` : i === 0 ? part : `.${part}`))
    .join("");
}
