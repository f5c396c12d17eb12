/** Puts load on a target, from processes that are not counted. Owns the choice of generator. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Call, ClosedResult, Job, OpenResult, StreamsResult } from "./job.ts";
import { PATH, requestBody, type Scenario } from "./payload.ts";
import { runTool, temporaryDirectory } from "./processes.ts";
import { CONNECTIONS } from "./settings.ts";

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
/** Longer than any job of the bench; what ends a generator that hangs. */
const GENERATOR_TIMEOUT_MS = 5 * 60_000;
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
      ? ((await generate({
          kind: "closed",
          call: callOf(target, "chat"),
          connections,
          seconds,
        })) as ClosedResult)
      : await runWrk(WRK, target, connections, seconds);
  refuseErrors(target, result);
  return result;
}

/** A closed loop until the runtime has compiled what a request needs, or long enough. */
export async function warmUp(
  target: Target,
  { warmupSeconds, warmupRequests }: { readonly warmupSeconds: number; readonly warmupRequests: number },
): Promise<void> {
  let requests = 0;
  for (let second = 0; second < warmupSeconds && requests < warmupRequests; second++) {
    requests += (await closedLoop(target, CONNECTIONS, 1)).requests;
  }
}

/**
 * Calls `targets` in turn, `rounds` times, each at a constant rate for `seconds`; see `runOpenRound` for what
 * a latency is. Throws as `closedLoop` does.
 */
export async function openLoop(
  targets: readonly Target[],
  pace: { readonly perSecond: number; readonly seconds: number; readonly rounds: number },
): Promise<OpenResult> {
  const calls = targets.map((target) => callOf(target, "chat"));
  const result = (await generate({ kind: "open", calls, connections: 64, ...pace })) as OpenResult;
  for (const [index, target] of targets.entries()) {
    for (const round of result[index] ?? []) refuseErrors(target, round);
  }
  return result;
}

/** Runs `count` streams at once, `rounds` times; throws when one of them fails. */
export async function openStreams(
  target: Target,
  scenario: Scenario,
  count: number,
  rounds = 1,
): Promise<StreamsResult> {
  const job = { kind: "streams", call: callOf(target, scenario), count, rounds } as const;
  const result = (await generate(job)) as StreamsResult;
  if (result.errors > 0) {
    throw new Error(`${target.name}: ${result.errors} of ${count} streams failed, ${result.firstError}`);
  }
  return result;
}

/** What a request of another shape than the bench's own says. */
export type Request = Pick<Call, "path" | "body">;

/** As `closedLoop`, with a request of any wire. */
export async function callClosed(
  target: Target,
  request: Request,
  connections: number,
  seconds: number,
): Promise<ClosedResult> {
  const { port, headers } = target;
  const call = { port, headers, ...request };
  const result = (await generate({ kind: "closed", call, connections, seconds })) as ClosedResult;
  refuseErrors(target, result);
  return result;
}

/** `count` streams of any wire at once; throws when one of them does not answer. */
export async function callStreams(target: Target, request: Request, count: number): Promise<void> {
  const { port, headers } = target;
  const call = { port, headers, ...request };
  const result = (await generate({ kind: "closed", call, connections: count, seconds: 0 })) as ClosedResult;
  refuseErrors(target, result);
}

function refuseErrors(target: Target, { requests, errors, firstError }: ClosedResult): void {
  if (requests > 0 && errors <= requests * ERROR_SHARE) return;
  const example = firstError === undefined ? "" : `, the first: ${firstError}`;
  throw new Error(`${target.name}: ${errors} errors in ${requests} requests${example}`);
}

function callOf({ port, headers }: Target, scenario: Scenario): Call {
  return { port, headers, path: PATH, body: requestBody(scenario) };
}

/** The result is that of the job's kind. */
async function generate(job: Job): Promise<ClosedResult | OpenResult | StreamsResult> {
  const printed = await runTool([process.execPath, GENERATOR, JSON.stringify(job)], GENERATOR_TIMEOUT_MS);
  return JSON.parse(printed) as ClosedResult | OpenResult | StreamsResult;
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
