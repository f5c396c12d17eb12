/** What is answered to a question, by what it asks for: words, vectors or a count. Knows no wire and no pace. */
import type { FinishReason, StreamEvent } from "../../core/events.ts";
import { NO_USAGE } from "../../core/events.ts";
import { ok, type Result } from "../../core/faults.ts";
import { type AnswerSettings, composeAnswer, type SimulatedAnswer } from "./answers.ts";
import { composeVectors } from "./embeddings.ts";
import { countInput, type Question } from "./question.ts";

const STOP: FinishReason = { unified: "stop", raw: "stop" };

/** Faults: `invalid`, where vectors are asked for that nobody makes. */
export function compose(question: Question, settings: AnswerSettings): Result<SimulatedAnswer> {
  if (question.operation === "chat") return ok(composeAnswer(question, settings));
  const usage = { ...NO_USAGE, inputTokens: countInput(question) };
  if (question.embedding === undefined) return ok({ events: [], finish: STOP, usage });
  const vectors = composeVectors(question.embedding, settings.model);
  if (!vectors.ok) return vectors;
  const said = settings.flaw === "empty" ? [] : vectors.value;
  const events = said.map((vector, index): StreamEvent => ({ type: "embedding", index, vector }));
  return ok({ events, finish: STOP, usage });
}
