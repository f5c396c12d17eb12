/**
 * What every deployment says to every question of the drill when nothing is wrong. Owns the comparison that tells a
 * truncated answer from a complete one: simulated deployments say the same each time, so words are proof.
 */
import { type Schema, Validator } from "@cfworker/json-schema";
import type { Clock } from "../../core/clock.ts";
import { bodyOf, PATHS } from "./plan-load.ts";
import type { DrillUseCase, PreparedDrill } from "./prepared-drill.ts";
import { readAnswer } from "./read-answer.ts";

/** Characters at the end of an answer by which it is known to be one. */
const ENDING_CHARS = 24;

export type Completeness = "complete" | "truncated" | "wrong";

export interface ExpectedAnswers {
  /** `text` is said to be a complete answer to that question. */
  judge(useCase: DrillUseCase, prompt: number, text: string): Completeness;
}

export interface Simulator {
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

/** Asks every simulated deployment directly, before anything goes wrong. Rejects where one does not answer. */
export async function learnAnswers(drill: PreparedDrill, simulator: Simulator): Promise<ExpectedAnswers> {
  const known = new Map<string, Set<string>>();
  const endings = new Set<string>();
  const questions = new Map<string, { readonly useCase: DrillUseCase; readonly prompt: number }>();
  for (const useCase of drill.useCases) {
    if (useCase.schema) continue;
    for (const [prompt, words] of useCase.prompts.entries()) {
      questions.set(keyOf(useCase, words), { useCase, prompt });
    }
  }
  const asked = drill.deployments.filter(({ simulated }) => simulated);
  await Promise.all(
    asked.flatMap(({ id }) =>
      [...questions].map(async ([key, { useCase, prompt }]) => {
        const text = await askDirectly(simulator, id, useCase, prompt);
        known.set(key, (known.get(key) ?? new Set()).add(text));
        endings.add(text.slice(-ENDING_CHARS));
      }),
    ),
  );
  const validators = new Map(drill.useCases.map((useCase) => [useCase.id, validatorOf(useCase)]));
  return {
    judge(useCase, prompt, text) {
      if (useCase.schema) return keepsSchema(validators.get(useCase.id) ?? null, text);
      if (known.get(keyOf(useCase, useCase.prompts[prompt] ?? ""))?.has(text)) return "complete";
      // Half a vector is no JSON, and was no answer.
      if (useCase.asks === "embed") return "wrong";
      return endings.has(text.slice(-ENDING_CHARS)) ? "wrong" : "truncated";
    },
  };
}

/** The same words are another question where vectors are asked for. */
function keyOf({ asks }: DrillUseCase, words: string): string {
  return `${asks}|${words}`;
}

async function askDirectly(
  { url, fetch, clock }: Simulator,
  deployment: string,
  useCase: DrillUseCase,
  prompt: number,
): Promise<string> {
  const response = await fetch(`${url}/${encodeURIComponent(deployment)}${PATHS[useCase.asks]}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(bodyOf(useCase, prompt, false)),
  });
  const { text, finish } = await readAnswer(response, clock);
  if (finish === "stop" && text !== "") return text;
  throw new Error(
    `The simulated deployment ${deployment} gave no answer to compare with (status ${response.status}). ` +
      "Give it a larger quota, or ask fewer questions.",
  );
}

function validatorOf({ schema }: DrillUseCase): Validator | null {
  return schema ? new Validator(schema as Schema, "2020-12", true) : null;
}

/** Half an object is not JSON, so what cannot be parsed counts as truncated where it began as an object. */
function keepsSchema(validator: Validator | null, text: string): Completeness {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return /^\s*[[{]/.test(text) ? "truncated" : "wrong";
  }
  return validator?.validate(value).valid === false ? "wrong" : "complete";
}
