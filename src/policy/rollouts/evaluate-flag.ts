/** One feature flag for one subject. Owns the order: rules, then the rollout, then the default. */

import type { FlagDetails, FlagSubject, FlagValue } from "../../core/flags.ts";
import type { Stickiness } from "../../core/rollouts.ts";
import type { Condition } from "../../core/rule-context.ts";
import { inShare } from "./choose.ts";
import { stickyKey } from "./sticky-key.ts";

export interface Flag {
  readonly name: string;
  readonly variants: ReadonlyMap<string, FlagValue>;
  readonly fallback: Variant;
  readonly rules: readonly { readonly when: Condition; readonly variant: Variant }[];
  readonly rollout: {
    readonly percent: number;
    readonly variant: Variant;
    readonly sticky: Stickiness;
    readonly seed: number;
  } | null;
}

export interface Variant {
  readonly name: string;
  readonly value: FlagValue;
}

/** What the policy says, or what the remote source says where it has one of the flag's values at hand. */
export function evaluateFlag(flag: Flag, subject: FlagSubject): FlagDetails {
  const { context, caller, user, userDigest, random, remote } = subject;
  const elsewhere = remote?.lookUp(flag.name, flag.fallback.value, caller, user);
  if (elsewhere && isOneOf(flag, elsewhere.value)) return elsewhere;
  for (const { when, variant } of flag.rules) {
    if (when(context)) return { value: variant.value, variant: variant.name, reason: "TARGETING_MATCH" };
  }
  const { rollout, fallback } = flag;
  if (rollout === null) return { value: fallback.value, variant: fallback.name, reason: "DEFAULT" };
  const taken = inShare(rollout.seed, stickyKey(rollout.sticky, caller, userDigest), rollout.percent, random);
  const { value, name } = taken ? rollout.variant : fallback;
  return { value, variant: name, reason: "SPLIT" };
}

/** A value that the policy does not know cannot be compared with anything in it. */
function isOneOf({ variants }: Flag, value: FlagValue): boolean {
  for (const known of variants.values()) if (known === value) return true;
  return false;
}
