/**
 * The bench's own load generator, a process of its own so that its CPU is nobody's: `bun generator.ts
 * '<Job as JSON>'` does the job over raw keep-alive sockets and prints its result as one line of JSON.
 */
import { type Connection, openConnections, prepareRequest } from "./connection.ts";
import {
  type Call,
  type ClosedResult,
  counted,
  errorOf,
  type Job,
  type OpenResult,
  type OpenRound,
  type StreamsResult,
} from "./job.ts";
import { runOpenRound } from "./open-loop.ts";

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
