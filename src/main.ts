/** The entry point: joins the command line to the process it runs in. */
import { runCli } from "./cli/program.ts";
import { systemClock } from "./main/system.ts";

process.exitCode = await runCli(process.argv, {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  isTty: process.stdout.isTTY === true,
  env: process.env,
  cwd: process.cwd(),
  fetch,
  clock: systemClock(),
  up: async (options) => (await import("./main/up.ts")).up(options),
  simulate: async (options) => (await import("./main/simulate.ts")).simulate(options),
});
// Keep-alive sockets to providers would hold the process for as long as they last.
process.exit();
