/** `pointsman up`: the process from its options to its exit code. */
import { EXIT } from "../cli/exit-codes.ts";
import { NotStarted } from "../cli/not-started.ts";
import type { UpOptions } from "../cli/ports.ts";
import { authorityOf } from "../core/authority.ts";
import type { Clock } from "../core/clock.ts";
import { DEMO_KEY } from "../core/demo-key.ts";
import { createIds } from "../core/ids.ts";
import { StoreError } from "../store/store-error.ts";
import { banner } from "./banner.ts";
import { createClosings } from "./closing.ts";
import { type FrontDoor, openFrontDoor } from "./front-door.ts";
import { tellOfOthers } from "./kept-folder.ts";
import { keepTime, keptTime } from "./kept-time.ts";
import { describeThrown, jsonLog, type Log } from "./log.ts";
import { isLoopback } from "./loopback.ts";
import { type GatewayParts, openParts } from "./open-parts.ts";
import { drain, untilSignalled } from "./shutdown.ts";
import { systemClock, systemCoalescer, systemRandom } from "./system.ts";

/** Runs until a signal; resolves with the exit code. Rejects with `NotStarted`, or what a port that is taken throws. */
export async function up(options: UpOptions): Promise<number> {
  const demoKey = demoKeyFor(options);
  const shared = options.data === ":memory:" ? null : options.data;
  const clock = systemClock(await keptTime.load(shared));
  const log = jsonLog((line) => process.stderr.write(line), clock.wall);
  const ids = createIds(clock, systemRandom);
  const arrivals = systemCoalescer();
  const departures = systemCoalescer();
  const closings = createClosings(log);
  try {
    const { host, port } = options;
    // First of all: a start without its port must not have changed what a gateway that runs here goes on with.
    const door = openFrontDoor({ host, port, clock, ids, arrivals, departures });
    closings.add(door.close);
    // Before the policy is waited for: who begins meanwhile is to have this time.
    closings.add(keepTime(shared, clock, log).stop);
    const parts = await openParts({ options, clock, log, ids, arrivals, departures, demoKey }, closings);
    door.open(parts.assembly.app, parts.assembly.failed);
    parts.replicas.listening(host, door.port);
    return await untilEnded({ ...parts, options, clock, log, door, demoKey, close: closings.all });
  } finally {
    await closings.all();
  }
}

interface Running extends GatewayParts {
  readonly options: UpOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly door: FrontDoor;
  readonly demoKey: string | null;
  close(): Promise<void>;
}

/** It serves: says so, waits for a signal, and drains. */
async function untilEnded(running: Running): Promise<number> {
  const { options, clock, log, door, demoKey, assembly, simulator, snapshot } = running;
  // Before anybody can know that it serves: a signal that comes at once is not to end it without a word.
  const signalled = untilSignalled(clock);
  const url = `http://${authorityOf(options.host, door.port)}`;
  const { useCases, keys } = snapshot();
  const simulatorUrl = simulator?.url ?? null;
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ url, simulatorUrl, demoKey })}\n`
      : banner(url, demoKey, simulatorUrl, useCases),
  );
  warnWithoutKeys(keys.length, log);
  void tellOfOthers(running.kept, log);
  running.storeReady().catch((thrown: unknown) => tellNothingKept(thrown, options, log));

  log("info", "signalled", { signal: await signalled });
  running.stopChanges();
  const { queue, batching, jobs, work } = assembly;
  const batchesStopped = batching.stop(options.drainMs);
  const jobsStopped = jobs.stop(options.drainMs);
  const shadowsStopped = assembly.stopShadows();
  return drain(
    {
      markNotReady: running.markNotReady,
      stopListening: door.stopListening,
      pending: door.pending,
      async cutOff() {
        work.drained();
        await door.close();
        await Promise.all([batchesStopped, jobsStopped, shadowsStopped]);
      },
      underWay: work.underWay,
      flush: () => queue.flush(),
      close: running.close,
    },
    options,
    clock,
    log,
  );
}

/** Null: it is not a demonstration. Throws `NotStarted` where anybody could call with a key that everybody knows. */
function demoKeyFor({ demo, host }: UpOptions): string | null {
  if (!demo) return null;
  const key = process.env.POINTSMAN_DEMO_KEY?.trim() || DEMO_KEY;
  if (key !== DEMO_KEY || isLoopback(host)) return key;
  throw new NotStarted({
    message: `The default demo key must not be reachable from outside (--host ${host}).`,
    fix: "Set POINTSMAN_DEMO_KEY to a secret, or leave --demo out and put keys into the policy.",
    exitCode: EXIT.usage,
  });
}

/** It serves all the same, and the store is tried again: whoever looks at the greeting is not to think all is well. */
function tellNothingKept(thrown: unknown, { json }: UpOptions, log: Log): void {
  log("error", "nothing_is_kept", describeThrown(thrown));
  if (json) return;
  const why = thrown instanceof StoreError ? thrown.message : "The store failed.";
  process.stdout.write(`\nNOTHING IS KEPT until this is mended: ${why}\n`);
}

function warnWithoutKeys(count: number, log: Log): void {
  if (count > 0) return;
  log("warn", "no_keys", { fix: "Nobody can call: put keys into the policy, or start with --demo." });
}
