/** A rollout as it is written, and where. Owns finding it; the verbs change it. */
import { failed, ok, type Result } from "../../core/faults.ts";
import type { PolicyDocument } from "../../policy/document/document.ts";
import { type PolicyText, parsePolicy } from "../../policy/reading/load.ts";
import { readYaml } from "../../policy/reading/yaml-source.ts";
import { suggestion } from "../../policy/suggest.ts";
import type { OpenPart } from "../policy/edit/open-part.ts";

type WrittenRollout = PolicyDocument["rollouts"][number];

export interface OpenRollout extends OpenPart {
  readonly kind: "rollout";
  readonly written: WrittenRollout;
}

/** Faults: `invalid` where the policy is not valid, `not_found` where it has no such rollout. */
export function openRollout(sources: readonly PolicyText[], name: string): Result<OpenRollout> {
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
  return ok({ kind: "rollout", subject: name, written, source, path: ["rollouts", index] });
}

function hasRollouts(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "rollouts");
}
