/**
 * What operators have ordered of rollouts whose policy is written elsewhere, laid over its texts. Owns the rule that an
 * order holds until the rollout's own text changes; knows no disk and no fleet.
 */
import { digestOf } from "../../policy/digest.ts";
import { type PolicySource, parsePolicy } from "../../policy/load.ts";
import { changeRollout, type OpenRollout, openRollout } from "./open-rollout.ts";

export const ROLLOUT_VERBS = ["set", "promote", "abort", "release"] as const;
export type RolloutVerb = (typeof ROLLOUT_VERBS)[number];

export interface RolloutOverride {
  readonly rollout: string;
  readonly verb: RolloutVerb;
  /** SHA-256 of the rollout as its text has it. */
  readonly basis: string;
  /** In place of what is written; none: the text holds again. */
  readonly values: readonly {
    /** Within the rollout: `["canary", "weight"]`. */
    readonly path: readonly (string | number)[];
    readonly to: number | string;
  }[];
  /** Epoch milliseconds, later than every order before it; with `origin` it tells which of two is the newer. */
  readonly at: number;
  readonly origin: string;
  readonly actor: string;
  readonly note: string | null;
}

export interface LaidOver {
  readonly sources: readonly PolicySource[];
  readonly applied: readonly RolloutOverride[];
  /** Their rollout is gone, or has another text. */
  readonly over: readonly RolloutOverride[];
}

/** Texts that are not valid come back as they are, and end no order. */
export function layOver(sources: readonly PolicySource[], overrides: readonly RolloutOverride[]): LaidOver {
  if (overrides.length === 0 || parsePolicy(sources).document === null) {
    return { sources, applied: [], over: [] };
  }
  const applied: RolloutOverride[] = [];
  const over: RolloutOverride[] = [];
  let texts = sources;
  for (const override of overrides) {
    const opened = openRollout(texts, override.rollout);
    if (!opened.ok || basisOf(opened.value) !== override.basis) {
      over.push(override);
      continue;
    }
    const changed = changeRollout(opened.value, wishesOf(override, opened.value));
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

/** Of the rollout alone: what else the policy says may change. */
export function basisOf({ written }: Pick<OpenRollout, "written">): string {
  return digestOf(written);
}

export function isNewer(a: Pick<RolloutOverride, "at" | "origin">, b: typeof a | undefined): boolean {
  if (b === undefined) return true;
  return a.at === b.at ? a.origin > b.origin : a.at > b.at;
}

function wishesOf({ values }: RolloutOverride, { path }: OpenRollout) {
  // What is written there does not matter: an order says what is to be, not from what.
  return values.map((value) => ({ path: [...path, ...value.path], from: null, to: value.to }));
}
