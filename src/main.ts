/** The entry point: joins the command line to the process it runs in. */
import { runCli } from "./cli/program.ts";
import { systemClock } from "./main/system.ts";

/** Ends what only waits, such as `decisions tail`; servers handle the signal themselves. */
const interrupted = new AbortController();
if (!["up", "simulate"].includes(process.argv[2] ?? "")) {
  process.once("SIGINT", () => interrupted.abort());
  // `… | head` has read enough: that is an end, and no fault.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
}

process.exitCode = await runCli(process.argv, {
  signal: interrupted.signal,
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  isTty: process.stdout.isTTY === true,
  columns: (process.stdout.isTTY && process.stdout.columns) || null,
  env: process.env,
  cwd: process.cwd(),
  fetch,
  clock: systemClock(),
  up: async (options) => (await import("./main/up.ts")).up(options),
  doctor: async (options, onResult) => (await import("./main/doctor.ts")).doctor(options, onResult),
  startDrillGateway: async (options) => (await import("./main/gameday.ts")).startDrillGateway(options),
  simulate: async (options) => (await import("./main/simulate.ts")).simulate(options),
});
// Keep-alive sockets to providers would hold the process for as long as they last; a reader of a pipe is
// waited for, or a long answer would be cut where the pipe was full.
await new Promise<void>((resolve) => process.stdout.end(() => resolve()));
process.exit();
