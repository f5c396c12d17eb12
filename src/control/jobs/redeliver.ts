/** Has the end of a job told again, for its owner. Owns why that is refused. */
import { failed, ok, type Result } from "../../core/faults.ts";
import { isJobOver, type Job } from "../../core/jobs.ts";
import { type JobPorts, unknownJob } from "./job-ports.ts";

/** Faults: `not_found`, or `invalid` where it is not over or has no webhook. */
export async function redeliverJob(ports: JobPorts, tenant: string, id: string): Promise<Result<Job>> {
  const { jobs, clock } = ports;
  const told = await jobs.redeliver(tenant, id, clock.now());
  if (told) {
    ports.ended();
    return ok(told);
  }
  const job = await jobs.get(tenant, id);
  if (!job) return { ok: false, fault: unknownJob() };
  const why = isJobOver(job.status) ? "has no webhook" : "is not over";
  return failed("invalid", "nothing_to_deliver", `The job ${why}: there is nothing to deliver.`);
}
