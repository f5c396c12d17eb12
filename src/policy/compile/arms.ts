/** One arm of a rollout, with its deployments found. Owns what an arm's written form means. */
import type { Experiment, RequestChange } from "../../core/plan.ts";
import type { Sampling } from "../../core/request.ts";
import type { Arm } from "../../core/rollouts.ts";
import type { WrittenArm } from "../document/rollouts.ts";
import { textTokens } from "../estimates/estimate-tokens.ts";
import type { Path, Report } from "../finding.ts";
import { seedOf } from "../rollouts/choose.ts";
import type { Inventory } from "./deployments.ts";
import { compileLadder } from "./ladder.ts";

/** As written: a model's name, or a map; absent: what serves today. */
export type AnyArm = string | WrittenArm | undefined;

export interface ArmWorld {
  readonly rollout: string;
  readonly inventory: Inventory;
  readonly report: Report;
}

export function compileArm(name: string, written: AnyArm, weight: number, path: Path, world: ArmWorld): Arm {
  const full = inFull(written);
  const change = compileChange(full);
  return {
    name,
    label: `${world.rollout}/${name}`,
    experiment: experimentOf(world.rollout, name, change),
    weight,
    seed: seedOf(name),
    ladder: compileArmLadder(written, path, world),
    change,
  };
}

export function inFull(written: AnyArm): WrittenArm {
  return typeof written === "string" ? { model: written } : (written ?? {});
}

function experimentOf(rollout: string, arm: string, change: RequestChange | null): Experiment {
  const prompt = change?.prompt;
  return prompt ? { rollout, arm, prompt: `${prompt.id}@${prompt.version}` } : { rollout, arm };
}

function compileArmLadder(written: AnyArm, path: Path, { inventory, report }: ArmWorld): Arm["ladder"] {
  const { model, ladder } = inFull(written);
  if (ladder !== undefined) {
    const rungs = compileLadder(ladder, [...path, "ladder"], { inventory, report });
    return { rungs, replaces: true };
  }
  if (model === undefined) return null;
  const alone = { primary: model, cross_region: "auto", fallback: [] } as const;
  const at = typeof written === "string" ? path : [...path, "model"];
  return { rungs: compileLadder({ ...alone, fallback: [] }, at, { inventory, report }), replaces: false };
}

/** Null where the arm changes nothing but who is asked. */
function compileChange({ system_prompt: prompt, parameters }: WrittenArm): RequestChange | null {
  if (prompt === undefined && parameters === undefined) return null;
  return {
    prompt:
      prompt === undefined
        ? null
        : {
            id: prompt.id,
            version: String(prompt.version),
            text: prompt.text,
            place: prompt.place,
            tokens: Math.ceil(textTokens(prompt.text)),
          },
    sampling: parameters === undefined ? null : compileSampling(parameters),
    reasoning: parameters?.reasoning === undefined ? null : { effort: parameters.reasoning },
  };
}

function compileSampling(written: NonNullable<WrittenArm["parameters"]>): Sampling | null {
  const { temperature, top_p: topP, top_k: topK, max_tokens: maxTokens, seed, stop } = written;
  const { frequency_penalty: frequencyPenalty, presence_penalty: presencePenalty } = written;
  const sampling: Sampling = {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(stop !== undefined && { stop }),
    ...(seed !== undefined && { seed }),
    ...(frequencyPenalty !== undefined && { frequencyPenalty }),
    ...(presencePenalty !== undefined && { presencePenalty }),
  };
  return Object.keys(sampling).length === 0 ? null : sampling;
}
