/** A part of the policy's text that a verb changes, and the change as data. Owns how values become an edit. */
import { failed, ok, type Result } from "../../../core/faults.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";
import { editText, type ScalarEdit } from "./edit-text.ts";

export interface OpenPart {
  /** What orders call it: a rollout's name, or `alias:name`. */
  readonly subject: string;
  readonly written: unknown;
  /** The text that has it. */
  readonly source: PolicyText;
  /** `["rollouts", 3]` */
  readonly path: readonly (string | number)[];
}

/** What a verb does to the policy's texts. */
export interface PartChange {
  readonly subject: string;
  readonly file: string;
  readonly before: string;
  /** The file's text afterwards; `before` where nothing is to change. */
  readonly after: string;
  /** `rollouts[3].canary.weight: 5 → 25` */
  readonly changes: readonly string[];
  /** The same as data, each by its path within the part. */
  readonly values: readonly PartValue[];
}

export interface PartValue {
  /** Within the part; empty: all of it. */
  readonly path: readonly (string | number)[];
  readonly to: number | string;
}

/** One value that is to be another. */
export interface Wish {
  readonly path: readonly (string | number)[];
  /** Null: it is not written yet. */
  readonly from: number | string | null;
  readonly to: number | string;
}

/** Fault: `invalid` where the text is written in a way that cannot be changed without changing more. */
export function changePart(
  { subject, source, path: root }: OpenPart,
  wishes: readonly Wish[],
): Result<PartChange> {
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
  return ok({ subject, file, before, after: edited.text, changes, values });
}

function dotted(path: readonly (string | number)[]): string {
  return path
    .map((part, i) => (typeof part === "number" ? `[${part}]` : i === 0 ? part : `.${part}`))
    .join("");
}
