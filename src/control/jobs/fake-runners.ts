/** Runners over fake jobs, new for each test and stopped after it; nothing may have been reported by then. */
import { afterEach, beforeEach, expect } from "bun:test";
import { createFakeJobs, type FakeJobs } from "./fake-jobs.ts";
import type { JobRunner } from "./job-runner.ts";

/** To be called at the top of a test file. */
export function fakeRunners() {
  let work: FakeJobs;
  let runners: JobRunner[];
  beforeEach(() => {
    work = createFakeJobs();
    runners = [];
  });
  afterEach(async () => {
    await work.stop(...runners);
    expect(work.reports).toEqual([]);
  });
  const status = async (n: number) => (await work.job(n)).status;
  return {
    /** Of the test that runs. */
    get work() {
      return work;
    },
    start(...change: Parameters<FakeJobs["run"]>): JobRunner {
      const runner = work.run(...change);
      runners.push(runner);
      return runner;
    },
    status,
    asked: (count: number) => work.until(() => work.pending.length >= count),
    is: (n: number, wanted: string) => work.until(async () => (await status(n)) === wanted),
    depth: () => work.store.queue.depth(),
  };
}
