/**
 * One try of the jobs that go into one request: begun, asked, and what came of it written. Owns the order that loses
 * nothing: the job's end is written before its message is acknowledged, so whoever dies between the two leaves a
 * message that finds its job over.
 */
import { type Job, type JobFault, type MicroBatchShare, NOT_DONE_HERE } from "../../core/jobs.ts";
import { statedAndJitter } from "../../resilience/backoff.ts";
import type { JobEnd } from "../../store/job-store.ts";
import { askInBackground } from "../background/ask-in-background.ts";
import type { InferAnswer } from "../background/infer.ts";
import { untilWritten } from "../background/until-written.ts";
import type { Held } from "./held.ts";
import type { JobWorkPorts } from "./job-ports.ts";
import { judge, noteOf, type Verdict } from "./judge.ts";
import { joined, split } from "./micro-batch.ts";

/** One try of one job. */
interface Try {
  readonly held: Held;
  /** Counted from 1. */
  readonly attempt: number;
}

/** Never rejects. */
export async function runJobs(together: readonly Held[], ports: JobWorkPorts): Promise<void> {
  const begun = await Promise.all(together.map((held) => begin(held, ports)));
  const tries = begun.flatMap((one) => one ?? []);
  const [first] = tries;
  if (!first) return;
  if (tries.length === 1) await runAlone(first, ports);
  else await runBatch(tries, ports);
}

/** Null where there is nothing to try: it is over, or the store cannot say, and then its message comes again. */
async function begin(held: Held, { jobs, queue, clock, report }: JobWorkPorts): Promise<Try | null> {
  const { id } = held.order;
  try {
    const job = await jobs.begin(id, clock.now());
    if (job) return { held, attempt: job.attempts };
    await queue.acknowledge(held.delivery.receipt);
  } catch (thrown) {
    report(id, thrown);
  }
  return null;
}

async function runAlone(one: Try, ports: JobWorkPorts): Promise<void> {
  const { order, signal } = one.held;
  const answer = await asked(order.body, one.held, signal, ports);
  await settle(one, answer, null, ports);
}

async function runBatch(tries: readonly Try[], ports: JobWorkPorts): Promise<void> {
  const [first] = tries;
  if (!first) return;
  const bodies = tries.map(({ held }) => held.order.body);
  ports.events.batched(first.held.order.useCase, tries.length);
  const answer = await asked(
    joined(bodies),
    first.held,
    whenAll(tries.map(({ held }) => held.signal)),
    ports,
  );
  const verdict = answer === null ? null : judge(answer, first.held.order.acceptDegraded);
  const parts = verdict?.type === "succeeded" && answer ? split(answer.body, bodies) : null;
  if (answer && parts) {
    await Promise.all(
      tries.map((one, at) => {
        const part = parts[at];
        return settle(one, part ? { ...answer, body: part.body } : null, part?.share ?? null, ports);
      }),
    );
    return;
  }
  // What is worth repeating is repeated together. Otherwise one of them may be to blame: each for itself.
  if (verdict?.type === "again" && !wasMalformed(answer))
    await Promise.all(tries.map((one) => settle(one, answer, null, ports)));
  else for (const one of tries) await runAlone(one, ports);
}

/** Whether a model did answer, but not a vector for every input: the next answer to all of them would be no better. */
function wasMalformed(answer: InferAnswer | null): boolean {
  return answer?.decision?.attempts.some(({ fault }) => fault?.kind === "malformed") ?? false;
}

/** Null where nobody wants it any more, or the gateway itself failed on it. */
async function asked(
  body: Readonly<Record<string, unknown>>,
  { order }: Held,
  signal: AbortSignal,
  { infer, report }: JobWorkPorts,
): Promise<InferAnswer | null> {
  const answer = await askInBackground(
    signal,
    (given) => infer(order.endpoint, body, order, given, order.headers),
    (thrown) => report(order.id, thrown),
  );
  return typeof answer === "string" ? null : answer;
}

/** Aborted when all of them are: as long as one is wanted, the request is. */
function whenAll(signals: readonly AbortSignal[]): AbortSignal {
  const all = new AbortController();
  let left = signals.length;
  const count = (): void => {
    left--;
    if (left === 0) all.abort();
  };
  for (const signal of signals) {
    if (signal.aborted) count();
    else signal.addEventListener("abort", count, { once: true });
  }
  return all.signal;
}

const BROKEN: JobFault = {
  kind: "internal",
  code: "internal_error",
  message: "The gateway failed on this request.",
};

/** Never rejects: what cannot be written is tried again when its message comes again. */
async function settle(
  one: Try,
  answer: InferAnswer | null,
  share: MicroBatchShare | null,
  ports: JobWorkPorts,
): Promise<void> {
  const { held } = one;
  try {
    const ended = held.ended();
    if (ended !== null) await settleEnded(one, ended, ports);
    else if (answer === null) await again(one, BROKEN, 0, null, ports);
    else await settleAnswered(one, answer, judge(answer, held.order.acceptDegraded), share, ports);
  } catch (thrown) {
    ports.report(held.order.id, thrown);
  }
}

async function settleEnded(
  { held, attempt }: Try,
  why: NonNullable<ReturnType<Held["ended"]>>,
  ports: JobWorkPorts,
): Promise<void> {
  const { jobs, queue } = ports;
  if (why === "lost") return;
  if (why === "stopped") {
    await jobs.giveBack(held.order.id, attempt);
    await queue.release(held.delivery.receipt, 0);
    return;
  }
  // Whoever cancelled it has written so already.
  if (why === "expired") await concludeExpired(held, null, ports);
  await queue.acknowledge(held.delivery.receipt);
}

async function settleAnswered(
  one: Try,
  answer: InferAnswer,
  verdict: Verdict,
  share: MicroBatchShare | null,
  ports: JobWorkPorts,
): Promise<void> {
  const { held } = one;
  if (verdict.type === "again") return again(one, verdict.fault, verdict.retryAfterMs, answer, ports);
  const note = noteOf(answer, share);
  const result = JSON.stringify(answer.body);
  if (result.length > ports.limits.maxResultChars) {
    const message = `The answer has ${result.length} characters, and ${ports.limits.maxResultChars} are kept.`;
    const fault = { kind: "too_large", code: "result_too_large", message };
    await conclude(held, { status: "failed", fault, answer: note, result: null }, ports);
  } else if (verdict.type === "failed") {
    await conclude(held, { status: "failed", fault: verdict.fault, answer: note, result }, ports);
  } else await conclude(held, { status: "succeeded", fault: null, answer: note, result }, ports);
  await ports.queue.acknowledge(held.delivery.receipt);
}

async function again(
  { held, attempt }: Try,
  fault: JobFault,
  retryAfterMs: number,
  answer: InferAnswer | null,
  ports: JobWorkPorts,
): Promise<void> {
  const { jobs, queue, clock, random, limits, events, snapshot } = ports;
  const { id, useCase } = held.order;
  const maxAttempts = snapshot().useCases.get(useCase)?.jobs.maxAttempts ?? 1;
  if (attempt >= maxAttempts) return bury(held, fault, answer, ports);
  const delay = Math.ceil(statedAndJitter(random, retryAfterMs, limits, attempt - 1));
  const at = clock.now() + delay;
  if (at >= held.expiresAt) {
    await concludeExpired(held, fault, ports);
    await queue.acknowledge(held.delivery.receipt);
    return;
  }
  if (!(await jobs.retry(id, attempt, at, fault))) return;
  events.retried(useCase, fault.kind);
  await queue.release(held.delivery.receipt, delay);
}

/** Given up: to the dead letters, from where it can be put back. */
export async function bury(
  held: Held,
  fault: JobFault,
  answer: InferAnswer | null,
  ports: JobWorkPorts,
): Promise<void> {
  const note = answer && noteOf(answer, null);
  const result = answer === null ? null : JSON.stringify(answer.body);
  await conclude(held, { status: "failed", fault, answer: note, result, dead: true }, ports);
  await ports.queue.bury(held.delivery, `${fault.kind} (${fault.code})`);
}

/** Null: nothing was tried. */
export async function concludeExpired(
  of: Concerned,
  last: JobFault | null,
  ports: JobWorkPorts,
): Promise<void> {
  const after = last === null ? "" : ` Its last try ended with ${last.kind} (${last.code}).`;
  const fault = { kind: "expired", code: "deadline_exceeded", message: `It was not done in time.${after}` };
  await conclude(of, { status: "expired", fault, answer: null, result: null }, ports);
}

/** It went to a queue that others empty, too, and never came here: what became of it is theirs to tell. */
export async function concludeUnseen(of: Concerned, ports: JobWorkPorts): Promise<void> {
  const message =
    "Its time is over and it never came to this replica. Another may have done it: its webhook was told then.";
  const fault = { kind: "expired", code: NOT_DONE_HERE, message };
  await conclude(of, { status: "expired", fault, answer: null, result: null, tell: false }, ports);
}

/** Whose end it is. */
interface Concerned {
  readonly order: Pick<Job, "id" | "useCase">;
}

type End = Pick<JobEnd, "status" | "fault" | "answer" | "result"> & {
  readonly dead?: boolean;
  readonly tell?: boolean;
};

async function conclude({ order }: Concerned, end: End, ports: JobWorkPorts): Promise<void> {
  const { jobs, clock, nextId, events } = ports;
  const whole: JobEnd = { dead: false, tell: true, ...end, at: clock.now(), messageId: nextId("msg") };
  const job = await untilWritten(clock, () => jobs.conclude(order.id, whole));
  if (job) events.ended(order.useCase, end.status, whole.dead);
  if (job?.webhook && whole.tell) ports.ended();
}
