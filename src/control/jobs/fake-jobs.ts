/** A store, a queue, a clock and a model for tests of the work on jobs. Owns what was asked, and answers when told. */
import { seededRandom } from "../../core/clock.ts";
import type { Decision } from "../../core/decision.ts";
import { FakeClock } from "../../core/fake-clock.ts";
import type { JobSettings } from "../../core/job-settings.ts";
import type { Job, JobOrder } from "../../core/jobs.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import type { Store } from "../../store/ports.ts";
import type { Infer, InferAnswer } from "../background/infer.ts";
import { DEFAULT_JOB_WORK_LIMITS, type JobWorkPorts } from "./job-ports.ts";
import { type JobRunner, startJobRunner } from "./job-runner.ts";
import { send } from "./submit.ts";

const HOUR_MS = 3_600_000;

/** One request that was made and has no answer yet. */
export interface PendingAsk {
  readonly body: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  answer(answer?: Partial<InferAnswer>): void;
  fail(thrown: unknown): void;
}

export interface FakeJobs {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly pending: PendingAsk[];
  readonly reports: unknown[];
  /** By use case; changes hold from now on. */
  readonly settings: Map<string, JobSettings>;
  /** At once, of all use cases. */
  concurrency: number;
  readonly ended: string[];
  order(n: number, change?: Partial<JobOrder>): JobOrder;
  /** Kept and on the queue. */
  submit(n: number, change?: Partial<JobOrder>): Promise<string>;
  job(n: number): Promise<Job>;
  /** A process at work; another shares the store and the queue. */
  run(change?: Partial<JobWorkPorts>): JobRunner;
  /** Lets time pass in small steps until it is so. */
  until(condition: () => boolean | Promise<boolean>, stepMs?: number): Promise<void>;
  /** Stops them at once. Throws when a timer is left. */
  stop(...runners: readonly JobRunner[]): Promise<void>;
}

export function idOf(n: number): string {
  return `job_${String(n).padStart(4, "0")}`;
}

export function createFakeJobs(): FakeJobs {
  const clock = new FakeClock();
  const store = createMemoryStore({ clock });
  const pending: PendingAsk[] = [];
  const reports: unknown[] = [];
  const ended: string[] = [];
  const settings = new Map<string, JobSettings>([
    ["chat", { concurrency: 2, maxAttempts: 3, microBatch: null }],
    ["other", { concurrency: 2, maxAttempts: 3, microBatch: null }],
    ["vectors", { concurrency: 2, maxAttempts: 3, microBatch: { max: 3, waitMs: 50 } }],
  ]);
  let ids = 0;
  const infer: Infer = (_endpoint, body, _caller, signal) =>
    new Promise((resolve, fail) => {
      pending.push({
        body,
        signal,
        fail,
        answer: (given) => resolve({ status: 200, requestId: "req_1", body: { ok: true }, ...given }),
      });
    });
  const fake: FakeJobs = {
    store,
    clock,
    pending,
    reports,
    settings,
    concurrency: 10,
    ended,
    order: (n, change = {}) => ({
      id: idOf(n),
      keyId: "k",
      tenant: "acme",
      useCase: "chat",
      endpoint: "/v1/chat/completions",
      webhookUrl: null,
      metadata: null,
      acceptDegraded: false,
      createdAt: clock.now(),
      expiresAt: clock.now() + HOUR_MS,
      body: { n },
      headers: {},
      ...change,
    }),
    async submit(n, change) {
      const order = fake.order(n, change);
      const job = { order, idempotencyKey: null, fingerprint: "", delayMs: 0 };
      await store.jobs.create(job, { maxLive: 10_000, maxLiveBytes: 1e9, countedSince: 0 });
      const { jobs, queue } = store;
      await send({ jobs, queue, clock, changed: () => {} }, { order, delayMs: 0 });
      return order.id;
    },
    async job(n) {
      const job = await store.jobs.get(null, idOf(n));
      if (!job) throw new Error(`There is no job ${n}.`);
      return job;
    },
    run: (change = {}) =>
      startJobRunner({
        jobs: store.jobs,
        queue: store.queue,
        clock,
        random: seededRandom(7),
        nextId: (prefix) => `${prefix}_${++ids}`,
        sharedQueue: false,
        infer,
        limits: DEFAULT_JOB_WORK_LIMITS,
        events: {
          ended: (_useCase, status) => void ended.push(status),
          retried: () => {},
          batched: () => {},
        },
        // The work on jobs looks at nothing else of the policy.
        snapshot: () =>
          ({
            jobs: { concurrency: fake.concurrency, keepMs: 24 * HOUR_MS },
            useCases: new Map([...settings].map(([id, jobs]) => [id, { jobs }])),
          }) as unknown as ConfigSnapshot,
        ended: () => {},
        report: (_jobId, thrown) => void reports.push(thrown),
        ...change,
      }),
    async until(condition, stepMs = 10) {
      for (let i = 0; i < 20_000; i++) {
        await clock.advance(stepMs);
        if (await condition()) return;
      }
      throw new Error("it did not come to pass");
    },
    async stop(...runners) {
      const all = Promise.all(runners.map((runner) => runner.stop(0)));
      await clock.advance(1);
      await all;
      if (clock.pending > 0) throw new Error(`${clock.pending} timers are left`);
    },
  };
  return fake;
}

/** What the gateway notes of a request, as far as jobs look at it. */
export function decisionWith(change: Partial<Decision>): Decision {
  return { id: "dec_1", degraded: null, fault: null, attempts: [{}], ...change } as unknown as Decision;
}
