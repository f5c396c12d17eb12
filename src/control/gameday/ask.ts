/**
 * One request of the load, from when it is due to what became of it. Owns the caller's patience and its honesty: an
 * answer counts as complete only where its words prove it.
 */
import type { Clock } from "../../core/clock.ts";
import type { ExpectedAnswers } from "./expected-answers.ts";
import type { Ending, Observation } from "./observation.ts";
import { PATHS, type Question } from "./plan-load.ts";
import { type ReadAnswer, readAnswer } from "./read-answer.ts";

export interface AskPorts {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** The gateway's. */
  readonly url: string;
  readonly key: string;
  readonly expected: ExpectedAnswers;
  /** Requests under way, for whoever ends the drill. */
  readonly active: Set<AbortController>;
}

/** A request without an end this long after its deadline hangs. */
const HUNG_AFTER_MS = 5_000;
/** What the way to the gateway and back may take, and this process when it is busy. */
const LATE_AFTER_MS = 250;

/** Never rejects. `dueAt` is when it should have left, by the ports' clock. */
export async function ask(ports: AskPorts, question: Question, dueAt: number): Promise<Observation> {
  const { clock, active } = ports;
  const { deadlineMs } = question.useCase;
  const leave = new AbortController();
  let hung = false;
  const sentAt = clock.now();
  const timer = clock.after(deadlineMs + HUNG_AFTER_MS, () => {
    hung = true;
    leave.abort();
  });
  active.add(leave);
  let response: Response | null = null;
  let read: ReadAnswer | null = null;
  try {
    response = await ports.fetch(`${ports.url}${PATHS[question.useCase.asks]}`, {
      method: "POST",
      headers: { authorization: `Bearer ${ports.key}`, "content-type": "application/json" },
      body: question.body,
      signal: leave.signal,
    });
    read = await readAnswer(response, clock);
  } catch {
    // No response at all: what it was is told by what is missing.
  }
  timer.cancel();
  active.delete(leave);
  const endedAt = clock.now();
  const gaveUp = leave.signal.aborted ? (hung ? "hung" : "cancelled") : null;
  const header = (name: string) => response?.headers.get(`x-pointsman-${name}`) ?? null;
  const attempts = Number.parseInt(header("attempts") ?? "", 10);
  const firstAt = question.stream ? (read?.firstAt ?? null) : null;
  return {
    useCase: question.useCase.id,
    ending: gaveUp ?? endingOf(response, read, question, ports.expected),
    rung: header("rung"),
    region: header("region"),
    attempts: Number.isNaN(attempts) ? null : attempts,
    code: read === null ? "connection_lost" : (read.error ?? read.defect),
    latencyMs: endedAt - dueAt,
    firstTokenMs: firstAt === null ? null : firstAt - dueAt,
    late: endedAt - sentAt > deadlineMs + LATE_AFTER_MS,
    lagMs: Math.max(0, sentAt - dueAt),
  };
}

function endingOf(
  response: Response | null,
  read: ReadAnswer | null,
  { useCase, prompt }: Question,
  expected: ExpectedAnswers,
): Ending {
  if (!response || !read) return "dropped";
  if (response.status >= 400) {
    return /^\d+$/.test(response.headers.get("retry-after") ?? "") ? "refused" : "failed";
  }
  if (read.ended && read.error === null && read.defect === null && read.finish !== null) {
    if (response.headers.has("x-pointsman-degraded")) return "degraded";
    if (read.finish === "content_filter") return "interrupted";
    if (read.finish !== "stop") return "answered";
    const verdict = expected.judge(useCase, prompt, read.text);
    return verdict === "complete" ? "answered" : verdict;
  }
  // A part of an answer that says it is one: the caller was told.
  if (read.ended && read.error === null && response.headers.has("x-pointsman-partial")) return "interrupted";
  return read.error === null ? "dropped" : "interrupted";
}
