/** The open loop: requests at their times whatever became of the earlier ones, every other one a stream. */
import type { Clock } from "../../src/core/clock.ts";
import { ask, type Endpoint } from "./ask.ts";
import { judge, type Verdict } from "./judge.ts";
import type { TimedPhase } from "./schedule.ts";
import { type Question, questionBody } from "./upstream.ts";

/** Longer than any gateway here may take by its configuration: 8 s, or three attempts of 3 s. */
export const PATIENCE_MS = 12_000;

export interface Seen {
  readonly phase: string;
  readonly stream: boolean;
  readonly verdict: Verdict;
  /** Milliseconds from when the request was due, so that a stall is felt by all it delayed. */
  readonly latencyMs: number;
  /** Milliseconds by which it left late: the machine's, not the gateway's. */
  readonly lagMs: number;
}

export interface Load {
  readonly endpoint: Endpoint;
  readonly questions: readonly Question[];
  readonly phases: readonly TimedPhase[];
  readonly perSecond: number;
  /** When the first request is due, by `performance.now()`. */
  readonly startAt: number;
  readonly clock: Clock;
}

/** Resolves when every request has ended, `PATIENCE_MS` after the last one was due at the latest. */
export async function runLoad(load: Load): Promise<readonly Seen[]> {
  const { startAt } = load;
  const asked: Promise<Seen>[] = [];
  let index = 0;
  for (const phase of load.phases) {
    for (;;) {
      const dueAt = startAt + (index * 1000) / load.perSecond;
      if (dueAt >= startAt + phase.endMs) break;
      const wait = dueAt - performance.now();
      if (wait > 0) await Bun.sleep(wait);
      asked.push(askOne(load, phase, index++, dueAt));
    }
  }
  return Promise.all(asked);
}

async function askOne(load: Load, phase: TimedPhase, index: number, dueAt: number): Promise<Seen> {
  const stream = index % 2 === 0;
  const question = load.questions[(index >> 1) % load.questions.length];
  if (!question) throw new Error("There is no question to ask.");
  const lagMs = performance.now() - dueAt;
  const verdict = await askAndJudge(load.endpoint, question, stream, load.clock);
  return { phase: phase.name, stream, verdict, latencyMs: performance.now() - dueAt, lagMs };
}

export async function askAndJudge(
  endpoint: Endpoint,
  { prompt, answer }: Question,
  stream: boolean,
  clock: Clock,
): Promise<Verdict> {
  const heard = await ask(endpoint, questionBody(prompt, stream), PATIENCE_MS);
  return judge(heard, { stream, text: answer }, clock);
}
