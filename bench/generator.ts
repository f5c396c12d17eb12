/**
 * The bench's own load generator, a process of its own so that its CPU is nobody's: `bun generator.ts
 * '<Job as JSON>'` does the job over raw keep-alive sockets and prints its result as one line of JSON.
 */
import { type Connection, openConnections, prepareRequest } from "./connection.ts";
import type { ReceivedResponse } from "./http-response.ts";
import { runOpenRound } from "./open-loop.ts";

/** Where requests go, and what they say. */
export interface Call {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Job =
  | { readonly kind: "closed"; readonly call: Call; readonly connections: number; readonly seconds: number }
  | { readonly kind: "streams"; readonly call: Call; readonly count: number; readonly rounds: number }
  | {
      readonly kind: "open";
      /** Called in turn, a round each. */
      readonly calls: readonly Call[];
      readonly connections: number;
      readonly perSecond: number;
      readonly seconds: number;
      readonly rounds: number;
    };

export interface ClosedResult {
  readonly requests: number;
  readonly errors: number;
  /** What the first error looked like; absent where there was none, or wrk counted. */
  readonly firstError?: string;
}

/** `events`: server-sent events received; `errors`: streams that failed or lack their `[DONE]`. */
export interface StreamsResult {
  readonly wallMs: number;
  readonly events: number;
  readonly errors: number;
  readonly firstError?: string;
}

/** Milliseconds, of one round to one target; `errors` counts requests that could not be sent, too. */
export interface OpenRound extends ClosedResult {
  readonly p50: number;
  readonly p99: number;
}

/** A row per target, in the order of the job's calls. */
export type OpenResult = readonly (readonly OpenRound[])[];

/** Null for a 200; otherwise what came, short enough for a message. */
export function errorOf(response: ReceivedResponse | null): string | null {
  if (response === null) return "the connection ended before the response";
  return response.status === 200 ? null : `status ${response.status}: ${response.body.slice(0, 300)}`;
}

interface Line {
  readonly connections: readonly Connection[];
  readonly request: Uint8Array;
}

async function openLine(call: Call, connections: number): Promise<Line> {
  const request = prepareRequest(call.port, call.path, call.headers, call.body);
  return { request, connections: await openConnections(call.port, connections) };
}

/** For a result: how many errors, and the first of them. */
export function counted(errors: readonly string[]): { errors: number; firstError?: string } {
  const [firstError] = errors;
  return firstError === undefined ? { errors: 0 } : { errors: errors.length, firstError };
}

/** Every connection sends its next request when it has the answer to the last one. */
function runClosed({ connections, request }: Line, seconds: number): Promise<ClosedResult> {
  const end = performance.now() + seconds * 1000;
  let requests = 0;
  const errors: string[] = [];
  let running = connections.length;
  return new Promise((resolve) => {
    for (const connection of connections) {
      const next = () =>
        connection.send(request, (response) => {
          requests++;
          const error = errorOf(response);
          if (error !== null) errors.push(error);
          if (response !== null && performance.now() < end) next();
          else if (--running === 0) resolve({ requests, ...counted(errors) });
        });
      next();
    }
  });
}

/** All streams begin at once on connections that are open already; the next round when all have ended. */
async function runStreams({ connections, request }: Line, rounds: number): Promise<StreamsResult> {
  let events = 0;
  const errors: string[] = [];
  const one = (connection: Connection) =>
    new Promise<void>((resolve) =>
      connection.send(request, (response) => {
        const whole = response?.body.trimEnd().endsWith("data: [DONE]") ?? false;
        const error = errorOf(response) ?? (whole ? null : "a stream ended without [DONE]");
        if (error !== null) errors.push(error);
        events += (response?.body.split("data: ").length ?? 1) - 1;
        resolve();
      }),
    );
  const start = performance.now();
  for (let round = 0; round < rounds; round++) await Promise.all(connections.map(one));
  return { wallMs: (performance.now() - start) / rounds, events, ...counted(errors) };
}

async function runOpen(job: Extract<Job, { kind: "open" }>): Promise<OpenResult> {
  const lines = await Promise.all(job.calls.map((call) => openLine(call, job.connections)));
  const rows: OpenRound[][] = lines.map(() => []);
  for (let round = 0; round < job.rounds; round++) {
    for (const [index, line] of lines.entries()) {
      rows[index]?.push(await runOpenRound(line.connections, line.request, job.perSecond, job.seconds));
    }
  }
  return rows;
}

async function runJob(job: Job): Promise<ClosedResult | StreamsResult | OpenResult> {
  if (job.kind === "open") return runOpen(job);
  if (job.kind === "closed") return runClosed(await openLine(job.call, job.connections), job.seconds);
  return runStreams(await openLine(job.call, job.count), job.rounds);
}

if (import.meta.main) {
  console.log(JSON.stringify(await runJob(JSON.parse(process.argv[2] ?? "") as Job)));
  process.exit(0);
}
