/**
 * What operators have ordered of rollouts and model aliases whose policy is written elsewhere, laid over its texts.
 * Owns the rule that an order holds until the own text of what it is about changes; knows no disk and no fleet.
 */
import { digestOf } from "../../policy/digest.ts";
import { type PolicyText, parsePolicy } from "../../policy/reading/load.ts";
import { changePart, type OpenPart, type PartValue } from "../policy/edit/open-part.ts";
import { canHold, openSubject } from "./open-subject.ts";

export const ROLLOUT_VERBS = ["set", "promote", "abort", "release", "move"] as const;
export type RolloutVerb = (typeof ROLLOUT_VERBS)[number];

export interface RolloutOverride {
  /** What it is about: a rollout's name, or `alias:name` for a model alias. */
  readonly rollout: string;
  readonly verb: RolloutVerb;
  /** SHA-256 of that as its text has it. */
  readonly basis: string;
  /** In place of what is written; none: the text holds again. */
  readonly values: readonly PartValue[];
  /** Epoch milliseconds, later than every order before it; with `origin` it tells which of two is the newer. */
  readonly at: number;
  readonly origin: string;
  readonly actor: string;
  readonly note: string | null;
}

export interface LaidOver {
  readonly sources: readonly PolicyText[];
  readonly applied: readonly RolloutOverride[];
  /** Those that have ended: what they are about is gone, has another text, or cannot be as they say any more. */
  readonly over: readonly RolloutOverride[];
}

/** Texts that are not valid come back as they are, and end no order. */
export function layOver(sources: readonly PolicyText[], overrides: readonly RolloutOverride[]): LaidOver {
  if (overrides.length === 0 || parsePolicy(sources).document === null) {
    return { sources, applied: [], over: [] };
  }
  const applied: RolloutOverride[] = [];
  const over: RolloutOverride[] = [];
  let texts = sources;
  for (const override of overrides) {
    const opened = openSubject(texts, override.rollout);
    if (!opened.ok || basisOf(opened.value) !== override.basis || !canHold(opened.value, override.values)) {
      over.push(override);
      continue;
    }
    const changed = changePart(opened.value, wishesOf(override, opened.value));
    if (!changed.ok) {
      over.push(override);
      continue;
    }
    const { file, after } = changed.value;
    texts = texts.map((source) => (source.file === file ? { file, text: after } : source));
    applied.push(override);
  }
  return { sources: texts, applied, over };
}

/** Of the rollout or alias alone: what else the policy says may change. */
export function basisOf({ written }: Pick<OpenPart, "written">): string {
  return digestOf(written);
}

export function isNewer(a: Pick<RolloutOverride, "at" | "origin">, b: typeof a | undefined): boolean {
  if (b === undefined) return true;
  return a.at === b.at ? a.origin > b.origin : a.at > b.at;
}

function wishesOf({ values }: RolloutOverride, { path }: OpenPart) {
  // What is written there does not matter: an order says what is to be, not from what.
  return values.map((value) => ({ path: [...path, ...value.path], from: null, to: value.to }));
}
