/**
 * How much a model shall think, in OpenAI's words, of which none of its models takes all. Owns
 * which model takes which, and what another dialect's caller, who cannot know, is served with instead.
 */
import { EFFORTS, type Effort, type ModelRequest, type ReasoningControl } from "../core/request.ts";
import { effortOf } from "./effort.ts";
import { nameOf } from "./losses.ts";
import { modelBehind } from "./model-version.ts";
import type { LowerTarget, Warning } from "./wire.ts";

/**
 * "All models before `gpt-5.1` ... do not support `none`. The `gpt-5-pro` model ... only supports `high`. `xhigh` is
 * supported for all models after `gpt-5.1-codex-max`" (reasoning_effort, API reference). What it does not say, its API
 * does: "'minimal' is not supported with the 'gpt-5.1' model", "'none' is not supported with the 'gpt-5.1-codex' model.
 * Supported values are: 'low', 'medium', and 'high'", "'high' is not supported with the 'gpt-5.1-chat-latest' model.
 * Supported values are: 'medium'". The first that fits.
 */
const TAKEN: readonly (readonly [RegExp, readonly Effort[]])[] = [
  [/gpt-5(?:\.\d+)?-chat/, ["medium"]],
  [/gpt-5-pro/, ["high"]],
  [/gpt-5\.\d+-pro/, ["medium", "high", "xhigh"]],
  [/gpt-5(?:\.1)?-codex(?!-max)/, ["low", "medium", "high"]],
  [/gpt-5\.\d+-codex/, ["low", "medium", "high", "xhigh"]],
  [/gpt-5\.1(?!\d)/, ["none", "low", "medium", "high"]],
  [/gpt-5\.\d/, ["none", "low", "medium", "high", "xhigh"]],
  [/gpt-5/, ["minimal", "low", "medium", "high"]],
];
/** Of the o-series, of gpt-oss, of the servers that imitate the API, and of a name that says nothing. */
const USUAL: readonly Effort[] = ["low", "medium", "high"];

/** What is sent for a wish to think so much. */
export function askedEffort({ effort, budgetTokens = 0 }: ReasoningControl): Effort {
  return effort ?? effortOf(budgetTokens);
}

export interface FittedEffort {
  /** Null: the model's default is the least that it can be asked for. */
  readonly effort: Effort | null;
  readonly warning: Warning | null;
}

/**
 * The effort of another dialect's caller as the target takes it: the next higher, else its highest, and for none at all
 * its lowest. A budget is an effort by our reckoning alone, so that nobody is told of its next. What an arm says in the
 * caller's place stands.
 */
export function fitEffort(
  reasoning: ReasoningControl,
  { origin }: ModelRequest,
  target: LowerTarget,
): FittedEffort {
  const asked = askedEffort(reasoning);
  const known = target.imitates === true ? undefined : takenBy(modelBehind(target));
  const taken = known ?? USUAL;
  if (taken.includes(asked) || origin.rewritten.has("reasoning")) return { effort: asked, warning: null };
  const control = nameOf("reasoning", origin.wire);
  const warn = (why: string): Warning => ({ control, message: `\`${control}\` ${why}.` });
  if (asked === "none" && known === undefined) {
    const why = "cannot be `none` for the model that was chosen and was not sent";
    return { effort: null, warning: warn(why) };
  }
  const effort = taken.find((one) => EFFORTS.indexOf(one) > EFFORTS.indexOf(asked)) ?? taken.at(-1) ?? null;
  if (asked === "none") {
    const why = "cannot be `none` for the model that was chosen; the least was asked for";
    return { effort, warning: warn(why) };
  }
  const why = `is not one of the chosen model's efforts: ${effort} was sent`;
  return { effort, warning: reasoning.effort === undefined ? null : warn(why) };
}

function takenBy(modelId: string): readonly Effort[] | undefined {
  return TAKEN.find(([pattern]) => pattern.test(modelId))?.[1];
}
