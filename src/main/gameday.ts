/**
 * The gateway of a drill: a child process of its own, so that the load and what it is put on share no thread, with
 * nothing on disk but a scenario that is gone with it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DrillGatewayOptions } from "../cli/ports.ts";
import type { DrillGateway } from "../control/gameday/drill-target.ts";
import { packagedFile } from "../core/program-files.ts";

const LAUNCHER = packagedFile("bin/pointsman");
const START_LIMIT_MS = 20_000;
/** For what is in flight when the drill is over; nobody waits for it any more. */
const STOP_LIMIT_MS = 3_000;
/** Of what it says, for when it does not start. */
const KEPT_CHARS = 4_096;

/** Rejects, with the gateway's own words, where it does not start. */
export async function startDrillGateway(options: DrillGatewayOptions): Promise<DrillGateway> {
  const directory = await mkdtemp(join(tmpdir(), "pointsman-gameday-"));
  const key = `pm_gameday_${randomBytes(24).toString("base64url")}`;
  const file = join(directory, "scenario.yaml");
  await writeFile(file, options.scenario);
  // A queue of its own: what the environment names is the live one.
  const place = ["--host", "127.0.0.1", "--port", "0", "--data", ":memory:", "--queue", "embedded"];
  const overlay = options.environment === null ? [] : ["--env", options.environment];
  const what = ["--demo", "--policy", options.policy, "--scenario", file, ...overlay];
  const child = spawn(LAUNCHER, ["up", ...what, ...place, "--drain", "100ms"], {
    // Nor is it one of the live fleet, whose circuits it would open.
    env: { ...process.env, POINTSMAN_REDIS_URL: undefined, POINTSMAN_DEMO_KEY: key },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { ended, stop } = guard(child, directory);
  try {
    return { ...(await firstWords(child)), key, ended, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

/** However this process ends, short of SIGKILL, neither the child nor its directory stays behind. */
function guard(child: ChildProcess, directory: string): Pick<DrillGateway, "ended" | "stop"> {
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  const kill = (): void => void child.kill("SIGKILL");
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  const onExit = (): void => {
    kill();
    remove();
  };
  const onTerminate = (): void => process.exit(143);
  process.once("exit", onExit);
  process.once("SIGTERM", onTerminate);
  return {
    ended,
    async stop() {
      child.kill("SIGTERM");
      const forced = setTimeout(kill, STOP_LIMIT_MS);
      await ended;
      clearTimeout(forced);
      process.removeListener("exit", onExit);
      process.removeListener("SIGTERM", onTerminate);
      remove();
    },
  };
}

/** Where it listens, once it says so. */
function firstWords(child: ChildProcess): Promise<Pick<DrillGateway, "url" | "simulatorUrl">> {
  return new Promise((resolve, reject) => {
    let said = "";
    let log = "";
    const giveUp = (why: string): void => {
      clearTimeout(limit);
      const words = log.trim();
      reject(new Error(`The gateway of the drill ${why}.${words === "" ? "" : ` It said:\n${words}`}`));
    };
    const limit = setTimeout(() => giveUp(`did not start within ${START_LIMIT_MS / 1000} s`), START_LIMIT_MS);
    child.stderr?.on("data", (chunk) => {
      log = (log + chunk).slice(-KEPT_CHARS);
    });
    child.stdout?.on("data", (chunk) => {
      said = (said + chunk).slice(0, KEPT_CHARS);
      const url = /Pointsman listens on (\S+)\n/.exec(said)?.[1];
      const simulatorUrl = /Simulated providers listen on (\S+)\n/.exec(said)?.[1];
      if (url === undefined || simulatorUrl === undefined) return;
      clearTimeout(limit);
      resolve({ url, simulatorUrl });
    });
    child.once("error", (error) => giveUp(`could not be started (${error.message})`));
    child.once("exit", (code) => giveUp(`ended with ${code ?? "a signal"}`));
  });
}
