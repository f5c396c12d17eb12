/**
 * A version put in force by steps, or at once: begun, completed, given up by an operator. Owns where its texts come
 * from: a version of the history, or a text that comes with the wish.
 */
import type { PolicyText } from "../../policy/reading/load.ts";
import { BASE_DOCUMENT } from "../../store/policy-heads.ts";
import { type NoOwnVersion, versionTexts } from "./history/find-version.ts";
import type { PolicyTurn } from "./in-force/policy-control.ts";
import { placeText } from "./place-text.ts";
import { type Act, asGiven, type Schedule, type StagingResult } from "./policy-acts.ts";
import type { PolicyDesk } from "./policy-desk.ts";
import { stagingOf } from "./staging/staging.ts";
import { documentFile, documentTexts } from "./store-documents.ts";

export interface ActivationWish {
  /** A version of the history, or a text: the base, or the overlay of the gateway's own environment. */
  readonly what:
    | { readonly version: string }
    | { readonly text: string; readonly file: string; readonly environment: string | null };
  readonly schedule: Schedule;
  readonly actor: string;
  readonly note: string | null;
}

export type ActivationOutcome =
  | StagingResult
  | { readonly result: "other_environment"; readonly environment: string | null }
  /** The policy is several texts, `files`, and the one given is called as none of them. */
  | { readonly result: "ambiguous"; readonly files: readonly string[] }
  | NoOwnVersion;

/** The smallest step: more of them than a hundred tell nobody anything. */
export const LEAST_STEP_PERCENT = 1;

export function beginActivation(desk: PolicyDesk, wish: ActivationWish): Promise<ActivationOutcome> {
  const { what, schedule, actor, note } = wish;
  const act: Act = { actor, via: "activate", note };
  return desk.control.atNewest(async (turn) => {
    const staging = stagingOf(desk, turn);
    if (staging) return { result: "running", staging };
    if ("version" in what) {
      const found = await versionTexts(desk, what.version);
      return "sources" in found ? turn.stage(found.sources, schedule, act) : found;
    }
    const placed = givenTexts(desk, turn, what);
    if (!("sources" in placed)) return placed;
    const placing: Act = { ...act, text: { file: placed.file, given: what.file } };
    const staged = await turn.stage(placed.sources, schedule, placing);
    return "findings" in staged ? { ...staged, findings: asGiven(placing, staged.findings) } : staged;
  });
}

/** The remaining steps at once. Null: nothing is staged. */
export function completeActivation(
  { control }: PolicyDesk,
  actor: string,
  note: string | null,
): Promise<ActivationOutcome | null> {
  return control.atNewest((turn) => turn.finishStaging({ actor, via: "activate", note }));
}

/** All traffic back to the version before, at once. Null: nothing is staged. */
export function abortActivation(
  { control }: PolicyDesk,
  actor: string,
  note: string | null,
): Promise<ActivationOutcome | null> {
  return control.atNewest((turn) => turn.dropStaging({ actor, via: "activate", note }));
}

type Texts = { readonly sources: readonly PolicyText[]; readonly file: string };

/** The other texts of the policy stay as they are. */
function givenTexts(
  { heads, environment, control }: PolicyDesk,
  { head }: PolicyTurn,
  given: Extract<ActivationWish["what"], { text: string }>,
): Texts | ActivationOutcome {
  if (given.environment !== null && given.environment !== environment) {
    return { result: "other_environment", environment };
  }
  if (heads) {
    const name = given.environment ?? BASE_DOCUMENT;
    const documents = { ...head?.documents, [name]: given.text };
    return { sources: documentTexts(documents, environment), file: documentFile(name) };
  }
  return placeText(control.inForce()?.sources ?? [], given, environment);
}
