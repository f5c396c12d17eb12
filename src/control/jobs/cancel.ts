/** Ends a job early, for its owner. Owns why that is refused. */
import { failed, ok, type Result } from "../../core/faults.ts";
import type { Job } from "../../core/jobs.ts";
import { type JobPorts, unknownJob } from "./job-ports.ts";

/**
 * It never runs, or its call is given up within a second. One that was cancelled stays so. Faults: `not_found`, or
 * `invalid` when it is over.
 */
export async function cancelJob(ports: JobPorts, tenant: string, id: string): Promise<Result<Job>> {
  const { jobs, queue, clock, nextId } = ports;
  const job = await jobs.get(tenant, id);
  if (!job) return { ok: false, fault: unknownJob() };
  const ended = await jobs.conclude(id, {
    status: "cancelled",
    at: clock.now(),
    fault: { kind: "cancelled", code: "cancelled", message: "It was cancelled." },
    answer: null,
    result: null,
    dead: false,
    tell: true,
    messageId: nextId("msg"),
  });
  if (ended) {
    ports.cancelled(id);
    ports.ended();
    // Where that fails, or it is in hand, whoever receives it finds the job over.
    await queue.withdraw(id).catch(() => false);
    return ok(ended);
  }
  const now = (await jobs.get(tenant, id)) ?? job;
  if (now.status === "cancelled") return ok(now);
  const message = `The job has ${now.status} and cannot be cancelled any more.`;
  return failed("invalid", "job_not_cancellable", message);
}
