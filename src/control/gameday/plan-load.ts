/** When the requests of a load are due and what each of them asks. Owns both; follows from the seed alone. */
import { draw } from "../../providers/simulator/schedule.ts";
import type { DrillLoad, DrillUseCase, PreparedDrill } from "./prepared-drill.ts";

/** Milliseconds after the load began at which each request is due, evenly apart; ends with the load. */
export function* arrivals(load: DrillLoad): Generator<number> {
  const { ratePerSecond, durationMs } = load;
  if (ratePerSecond === null) return;
  for (let at = 0; at < durationMs; at += 1000 / rateAt(load, ratePerSecond, at)) yield at;
}

function rateAt({ surges }: DrillLoad, ratePerSecond: number, atMs: number): number {
  let rate = ratePerSecond;
  for (const { startMs, endMs, times } of surges) if (atMs >= startMs && atMs < endMs) rate *= times;
  return rate;
}

/** What one request asks. `prompt` counts the use case's own. */
export interface Question {
  readonly useCase: DrillUseCase;
  readonly prompt: number;
  readonly stream: boolean;
  /** The request, as JSON. */
  readonly body: string;
}

/** The question of the `index`-th request; the bodies are made once. */
export function createQuestions({ useCases, seed }: PreparedDrill): (index: number) => Question {
  const made = new Map<string, Question>();
  const total = useCases.reduce((sum, { weight }) => sum + weight, 0);
  return (index) => {
    const useCase = pick(useCases, total * draw(`${seed}|${index}|use case`));
    const prompt = Math.floor(useCase.prompts.length * draw(`${seed}|${index}|prompt`));
    const stream = draw(`${seed}|${index}|stream`) < useCase.stream;
    const key = `${useCase.id}|${prompt}|${stream}`;
    const known = made.get(key);
    if (known) return known;
    const question = { useCase, prompt, stream, body: JSON.stringify(bodyOf(useCase, prompt, stream)) };
    made.set(key, question);
    return question;
  };
}

function pick(useCases: readonly DrillUseCase[], at: number): DrillUseCase {
  let reached = 0;
  for (const useCase of useCases) {
    reached += useCase.weight;
    if (at < reached) return useCase;
  }
  const last = useCases.at(-1);
  if (!last) throw new RangeError("A drill asks for one use case at least.");
  return last;
}

/** Where each kind of request goes, at the gateway and at a simulated deployment. */
export const PATHS = {
  chat: "/v1/chat/completions",
  embed: "/v1/embeddings",
} as const satisfies Record<DrillUseCase["asks"], string>;

/** Without `model` and `stream`, also what a deployment is asked when its whole answer is to be known. */
export function bodyOf({ id, asks, prompts, schema }: DrillUseCase, prompt: number, stream: boolean): object {
  const words = prompts[prompt] ?? "";
  if (asks === "embed") return { model: id, input: words };
  return {
    model: id,
    messages: [{ role: "user", content: words }],
    ...(stream && { stream: true }),
    ...(schema && { response_format: { type: "json_schema", json_schema: { name: "answer", schema } } }),
  };
}
