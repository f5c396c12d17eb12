/** The work on jobs, joined to a running gateway: the queue's workers, and who tells of their ends. */
import type { Infer } from "../control/background/infer.ts";
import { startTelling } from "../control/jobs/deliver.ts";
import { DEFAULT_JOB_WORK_LIMITS, type JobPorts } from "../control/jobs/job-ports.ts";
import { startJobRunner } from "../control/jobs/job-runner.ts";
import type { Clock, Random } from "../core/clock.ts";
import type { Ids } from "../core/ids.ts";
import type { JobMetrics } from "../gateway/metrics/job-metrics.ts";
import type { JobQueue } from "../store/job-queue.ts";
import type { JobStore } from "../store/job-store.ts";
import { describeThrown, type Log } from "./log.ts";

export interface JobServiceParts {
  readonly jobs: JobStore;
  readonly queue: JobQueue;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether other replicas take jobs off the queue. */
  readonly sharedQueue: boolean;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: JobMetrics;
  readonly infer: Infer;
  readonly check: JobPorts["check"];
  readonly snapshot: JobPorts["snapshot"];
}

export interface JobService {
  /** For the control interface. */
  readonly ports: JobPorts;
  /** Starts nothing new; what is under way has `graceMs` to finish. Before the store is closed. */
  stop(graceMs: number): Promise<void>;
}

/** Starts looking for work at once: what an earlier process left goes on. */
export function startJobService(parts: JobServiceParts): JobService {
  const { jobs, queue, clock, random, ids, log, metrics, infer, check, snapshot, sharedQueue } = parts;
  const telling = startTelling({
    jobs,
    clock,
    snapshot,
    told: metrics.webhook,
    report: (thrown) => log("error", "job_webhook_error", describeThrown(thrown)),
  });
  const runner = startJobRunner({
    jobs,
    queue,
    clock,
    random,
    nextId: ids.next,
    sharedQueue,
    infer,
    limits: DEFAULT_JOB_WORK_LIMITS,
    events: metrics,
    snapshot,
    ended: telling.wake,
    report: (jobId, thrown) =>
      log("error", "job_error", { ...(jobId !== null && { jobId }), ...describeThrown(thrown) }),
  });
  metrics.follow(() => runner.stats());
  return {
    ports: {
      jobs,
      queue,
      clock,
      nextId: ids.next,
      sharedQueue,
      snapshot,
      check,
      changed: () => runner.wake(),
      ended: telling.wake,
      cancelled: (id) => runner.cancelled(id),
    },
    async stop(graceMs) {
      await runner.stop(graceMs);
      await telling.stop();
    },
  };
}
