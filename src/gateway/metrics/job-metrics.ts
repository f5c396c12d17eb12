/** The metrics of jobs, by name. Owns what is counted; labels are use cases and words of our own. */
import type { FinalJobStatus, LiveJobStatus } from "../../core/jobs.ts";
import type { Registry } from "./registry.ts";

export interface JobMetrics {
  ended(useCase: string, status: FinalJobStatus, dead: boolean): void;
  retried(useCase: string, kind: string): void;
  /** One request for so many jobs. */
  batched(useCase: string, jobs: number): void;
  webhook(outcome: "delivered" | "again" | "dead"): void;
  /** From where gauges are read, from now on. */
  follow(read: () => JobGauges): void;
}

export interface JobGauges {
  readonly counts: readonly {
    readonly useCase: string;
    readonly status: LiveJobStatus;
    readonly count: number;
    readonly oldestAt: number;
  }[];
  readonly depth: {
    readonly ready: number;
    readonly delayed: number;
    readonly inHand: number;
    readonly dead: number;
  } | null;
}

/** Use cases that gauges name; those that have left the policy leave here with their last job. */
const MAX_ROWS = 500;

export function createJobMetrics(registry: Registry, now: () => number): JobMetrics {
  let read: () => JobGauges = () => ({ counts: [], depth: null });
  const ended = registry.counter("pointsman_jobs_ended_total", "Jobs that ended, by how.", [
    "use_case",
    "status",
    "dead_letter",
  ]);
  const retried = registry.counter(
    "pointsman_job_retries_total",
    "Tries of jobs that are to be repeated, by what they ended with.",
    ["use_case", "kind"],
  );
  const batches = registry.counter("pointsman_job_micro_batches_total", "Requests for several jobs.", [
    "use_case",
  ]);
  const batched = registry.counter("pointsman_job_micro_batched_total", "Jobs that shared a request.", [
    "use_case",
  ]);
  const webhooks = registry.counter("pointsman_job_webhooks_total", "Deliveries of webhooks, by outcome.", [
    "outcome",
  ]);
  registry.gauge("pointsman_jobs", "Jobs that are not over.", ["use_case", "status"], function* () {
    for (const { useCase, status, count } of read().counts.slice(0, MAX_ROWS)) {
      yield [[useCase, status], count] as const;
    }
  });
  registry.gauge(
    "pointsman_job_oldest_seconds",
    "Since the oldest job that is not over was submitted.",
    [],
    () => {
      const oldest = read().counts.reduce((least, { oldestAt }) => Math.min(least, oldestAt), now());
      return [[[], Math.max(0, now() - oldest) / 1000]];
    },
  );
  registry.gauge("pointsman_job_queue_messages", "Messages of the queue.", ["state"], function* () {
    const { depth } = read();
    if (depth === null) return;
    yield [["ready"], depth.ready] as const;
    yield [["delayed"], depth.delayed] as const;
    yield [["in_hand"], depth.inHand] as const;
    yield [["dead"], depth.dead] as const;
  });
  return {
    ended: (useCase, status, dead) => ended.add(1, useCase, status, dead ? "yes" : "no"),
    retried: (useCase, kind) => retried.add(1, useCase, kind),
    batched(useCase, jobs) {
      batches.add(1, useCase);
      batched.add(jobs, useCase);
    },
    webhook: (outcome) => webhooks.add(1, outcome),
    follow(from) {
      read = from;
    },
  };
}
