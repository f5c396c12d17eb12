/**
 * The bench's own load generator, a process of its own so that its CPU is nobody's: `bun generator.ts
 * '<Job as JSON>'` does the job over raw keep-alive sockets and prints its result as one line of JSON.
 */
import { type Connection, openConnections, prepareRequest } from "./connection.ts";
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
}

/** `events`: server-sent events received; `errors`: streams that failed or lack their `[DONE]`. */
export interface StreamsResult {
  readonly wallMs: number;
  readonly events: number;
  readonly errors: number;
}

/** Milliseconds, of one round to one target; `errors` counts requests that could not be sent, too. */
export interface OpenRound extends ClosedResult {
  readonly p50: number;
  readonly p99: number;
}

/** A row per target, in the order of the job's calls. */
export type OpenResult = readonly (readonly OpenRound[])[];

interface Line {
  readonly connections: readonly Connection[];
  readonly request: Uint8Array;
}

async function openLine(call: Call, connections: number): Promise<Line> {
  const request = prepareRequest(call.port, call.path, call.headers, call.body);
  return { request, connections: await openConnections(call.port, connections) };
}

/** Every connection sends its next request when it has the answer to the last one. */
function runClosed({ connections, request }: Line, seconds: number): Promise<ClosedResult> {
  const end = performance.now() + seconds * 1000;
  let requests = 0;
  let errors = 0;
  let running = connections.length;
  return new Promise((resolve) => {
    for (const connection of connections) {
      const next = () =>
        connection.send(request, (response) => {
          requests++;
          if (response?.status !== 200) errors++;
          if (response !== null && performance.now() < end) next();
          else if (--running === 0) resolve({ requests, errors });
        });
      next();
    }
  });
}

/** All streams begin at once on connections that are open already; the next round when all have ended. */
async function runStreams({ connections, request }: Line, rounds: number): Promise<StreamsResult> {
  let events = 0;
  let errors = 0;
  const one = (connection: Connection) =>
    new Promise<void>((resolve) =>
      connection.send(request, (response) => {
        if (response?.status !== 200 || !response.body.trimEnd().endsWith("data: [DONE]")) errors++;
        events += (response?.body.split("data: ").length ?? 1) - 1;
        resolve();
      }),
    );
  const start = performance.now();
  for (let round = 0; round < rounds; round++) await Promise.all(connections.map(one));
  return { wallMs: (performance.now() - start) / rounds, events, errors };
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
