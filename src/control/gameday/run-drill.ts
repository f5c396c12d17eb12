/**
 * A drill from its first question to its report: learn what complete answers are, begin the load and the faults
 * together, watch, stop where a condition says so, count. Owns that order; starts no process.
 */
import { type Clock, sleep } from "../../core/clock.ts";
import { CostAccount } from "./account-costs.ts";
import { applyLoad } from "./apply-load.ts";
import type { AskPorts } from "./ask.ts";
import { buildReport, type Findings } from "./build-report.ts";
import { checkStop } from "./check-stop.ts";
import {
  askAdmin,
  type DrillGateway,
  type DrillTarget,
  difference,
  injectFaults,
  readStats,
} from "./drill-target.ts";
import { learnAnswers } from "./expected-answers.ts";
import type { PreparedDrill } from "./prepared-drill.ts";
import type { DrillReport } from "./report.ts";
import { type Second, Tally } from "./tally.ts";
import { type CircuitWatch, watchCircuits } from "./watch-circuits.ts";

export interface DrillPorts {
  readonly gateway: DrillGateway;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** Aborted when the person at the keyboard has seen enough. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each second when it is over; answers may still be on their way. */
  progress?(index: number, second: Second): void;
}

const HEALTH_EVERY_MS = 200;
const LOOK_EVERY_MS = 20;
/** Records are written behind the requests. */
const RECORDS_WAIT_MS = 2_000;

type Stopped = NonNullable<Findings["stopped"]>;

/** Rejects where the gateway cannot be questioned before the load begins. */
export async function runDrill(drill: PreparedDrill, ports: DrillPorts): Promise<DrillReport> {
  const { gateway, fetch, clock } = ports;
  const target: DrillTarget = { gateway, fetch };
  const expected = await learnAnswers(drill, { url: gateway.simulatorUrl, fetch, clock });
  const before = await readStats(target);
  const asking: AskPorts = { fetch, clock, url: gateway.url, key: gateway.key, expected, active: new Set() };
  const tally = new Tally();
  const account = new CostAccount(drill.prices);
  const stop = stopper(ports, asking.active);
  const startedAt = clock.now();
  const circuits = watchCircuits(startedAt);
  await injectFaults(target, drill.faults);

  const over = new AbortController();
  const watching = [
    everySecond(drill, ports, { target, tally, account, stop, startedAt, over: over.signal }),
    followHealth(ports, target, circuits, over.signal),
  ];
  await applyLoad(drill, asking, tally, startedAt, stop.signal);
  const lastedMs = clock.now() - startedAt;
  while (asking.active.size > 0) await sleep(clock, LOOK_EVERY_MS);
  over.abort();
  await Promise.all(watching);
  await readRemainingRecords(ports, target, account, tally.sent);
  circuits.see(await askAdmin(target, "/admin/health"), clock.now());
  const after = await readStats(target);
  stop.release();
  const upstream = {
    calls: difference(after.calls, before.calls),
    struck: difference(after.struck, before.struck),
  };
  const stopped = stop.why();
  return buildReport(drill, {
    startedAt,
    lastedMs,
    stopped,
    tally,
    account,
    lanes: circuits.lanes,
    upstream,
  });
}

interface Stopper {
  readonly signal: AbortSignal;
  why(): Stopped | null;
  stop(by: Stopped["by"], reason: string): void;
  release(): void;
}

/** The first reason counts. What is under way is given up. */
function stopper({ gateway, signal }: DrillPorts, active: ReadonlySet<AbortController>): Stopper {
  const controller = new AbortController();
  let stopped: Stopped | null = null;
  let released = false;
  const stop: Stopper["stop"] = (by, reason) => {
    if (stopped !== null || released) return;
    stopped = { by, reason };
    controller.abort();
    for (const request of active) request.abort();
  };
  const onInterrupt = (): void => stop("interrupt", "interrupted");
  signal?.addEventListener("abort", onInterrupt, { once: true });
  if (signal?.aborted) onInterrupt();
  void gateway.ended.then(() => stop("gateway", "the gateway's process ended"));
  return {
    signal: controller.signal,
    why: () => stopped,
    stop,
    release() {
      released = true;
      signal?.removeEventListener("abort", onInterrupt);
    },
  };
}

interface Watch {
  readonly target: DrillTarget;
  readonly tally: Tally;
  readonly account: CostAccount;
  readonly stop: Stopper;
  readonly startedAt: number;
  readonly over: AbortSignal;
}

/** Looks at the stop conditions, tells of progress and takes in the records of the second. */
async function everySecond(drill: PreparedDrill, ports: DrillPorts, watch: Watch): Promise<void> {
  const { tally, stop, startedAt, over } = watch;
  for (let second = 1; !over.aborted; second++) {
    const wait = startedAt + second * 1000 - ports.clock.now();
    if (!(await sleep(ports.clock, Math.max(0, wait), over))) return;
    ports.progress?.(second - 1, tally.second(second - 1));
    const reason = checkStop(drill.stopConditions, tally, second);
    if (reason !== null) stop.stop("stop_condition", reason);
    await readRecords(watch.target, watch.account);
  }
}

async function readRecords(target: DrillTarget, account: CostAccount): Promise<void> {
  for (;;) {
    const page = await askAdmin(target, `/admin/decisions?limit=500&after=${account.cursor}`);
    if (!account.see(page)) return;
  }
}

async function readRemainingRecords(
  { clock }: DrillPorts,
  target: DrillTarget,
  account: CostAccount,
  sent: number,
): Promise<void> {
  const until = clock.now() + RECORDS_WAIT_MS;
  for (;;) {
    await readRecords(target, account);
    if (account.records >= sent || clock.now() >= until) return;
    await sleep(clock, LOOK_EVERY_MS * 5);
  }
}

async function followHealth(
  { clock }: DrillPorts,
  target: DrillTarget,
  circuits: CircuitWatch,
  over: AbortSignal,
): Promise<void> {
  do {
    circuits.see(await askAdmin(target, "/admin/health"), clock.now());
  } while (await sleep(clock, HEALTH_EVERY_MS, over));
}
