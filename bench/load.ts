/** Puts load on a target, from processes that are not counted. Owns the choice of generator. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClosedResult, Job, OpenResult, StreamsResult } from "./generator.ts";
import { PATH, requestBody, type Scenario } from "./payload.ts";
import { runTool, temporaryDirectory } from "./processes.ts";

/** Something that answers chat completions on the loopback. */
export interface Target {
  readonly name: string;
  readonly port: number;
  /** The process whose CPU and memory count, with its children. */
  readonly pid: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Share of requests that may fail before a figure is refused: an error is cheaper than an answer. */
const ERROR_SHARE = 0.001;
const GENERATOR = join(import.meta.dir, "generator.ts");
const WRK = Bun.which("wrk");

/** What drives the closed loop, for the report. */
export const CLOSED_LOOP =
  WRK === null ? "the bench's own client (for wrk: apt-get install wrk, brew install wrk)" : "wrk";

/**
 * Calls `target` from `connections` connections for whole `seconds`, each sending its next request when the
 * last is answered. Throws when more than 0.1 % fail.
 */
export async function closedLoop(
  target: Target,
  connections: number,
  seconds: number,
): Promise<ClosedResult> {
  const result =
    WRK === null
      ? ((await generate(target, "chat", { kind: "closed", connections, seconds }, seconds)) as ClosedResult)
      : await runWrk(WRK, target, connections, seconds);
  refuseErrors(target, result.requests, result.errors);
  return result;
}

/** Calls `target` at a constant rate; see `runOpen` for what a latency is. Throws as `closedLoop` does. */
export async function openLoop(target: Target, perSecond: number, seconds: number): Promise<OpenResult> {
  const job = { kind: "open", connections: 64, perSecond, seconds } as const;
  const result = (await generate(target, "chat", job, seconds)) as OpenResult;
  refuseErrors(target, result.requests, result.errors + result.unsent);
  return result;
}

/** Runs `count` streams at once, `rounds` times; throws when one of them fails. */
export async function openStreams(
  target: Target,
  scenario: Scenario,
  count: number,
  rounds = 1,
): Promise<StreamsResult> {
  const result = (await generate(target, scenario, { kind: "streams", count, rounds }, 30)) as StreamsResult;
  if (result.errors > 0) throw new Error(`${target.name}: ${result.errors} of ${count} streams failed`);
  return result;
}

function refuseErrors(target: Target, requests: number, errors: number): void {
  if (requests > 0 && errors <= requests * ERROR_SHARE) return;
  throw new Error(`${target.name}: ${errors} errors in ${requests} requests`);
}

type JobOfKind = Job extends infer Each ? (Each extends Job ? Omit<Each, keyof Call> : never) : never;
type Call = { port: number; path: string; headers: unknown; body: string };

async function generate(target: Target, scenario: Scenario, job: JobOfKind, seconds: number) {
  const { port, headers } = target;
  const whole = { ...job, port, headers, path: PATH, body: requestBody(scenario) };
  const command = [process.execPath, GENERATOR, JSON.stringify(whole)];
  return JSON.parse(await runTool(command, (seconds + 20) * 1000)) as
    | ClosedResult
    | OpenResult
    | StreamsResult;
}

async function runWrk(
  wrk: string,
  target: Target,
  connections: number,
  seconds: number,
): Promise<ClosedResult> {
  const script = join(temporaryDirectory(), `${target.name}.lua`);
  writeFileSync(script, wrkScript(target));
  const command = [wrk, "-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "-s", script];
  const url = `http://127.0.0.1:${target.port}${PATH}`;
  const printed = await runTool([...command, url], (seconds + 20) * 1000);
  return JSON.parse(printed.trim().split("\n").at(-1) ?? "") as ClosedResult;
}

/** A constant request, so that wrk calls no Lua while it measures. */
function wrkScript(target: Target): string {
  const headers = { "Content-Type": "application/json", ...target.headers };
  const lines = Object.entries(headers).map(
    ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = [==[${value}]==]`,
  );
  return `wrk.method = "POST"
wrk.body = [==[${requestBody("chat")}]==]
${lines.join("\n")}
function done(summary)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.status + e.timeout
  print(string.format('{"requests":%d,"errors":%d}', summary.requests, failed))
end
`;
}
