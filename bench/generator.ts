/**
 * The bench's own load generator, a process of its own so that its CPU is nobody's: `bun generator.ts
 * '<Job as JSON>'` does the job over raw keep-alive sockets and prints its result as one line of JSON.
 */
import { type Connection, openConnections, prepareRequest } from "./connection.ts";
import { percentile } from "./statistics.ts";

interface Call {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Job = Call &
  (
    | { readonly kind: "closed"; readonly connections: number; readonly seconds: number }
    | {
        readonly kind: "open";
        readonly connections: number;
        readonly seconds: number;
        readonly perSecond: number;
      }
    | { readonly kind: "streams"; readonly count: number; readonly rounds: number }
  );

export interface ClosedResult {
  readonly requests: number;
  readonly errors: number;
}

/** Milliseconds; `unsent`: requests that never found an idle connection before the end. */
export interface OpenResult extends ClosedResult {
  readonly p50: number;
  readonly p99: number;
  readonly unsent: number;
}

/** `events`: server-sent events received; `errors`: streams that failed or lack their `[DONE]`. */
export interface StreamsResult {
  readonly wallMs: number;
  readonly events: number;
  readonly errors: number;
}

/** How long the open loop waits for the last answers after its last request. */
const STRAGGLER_MS = 2_000;

/** Every connection sends its next request when it has the answer to the last one. */
function runClosed(
  connections: readonly Connection[],
  request: Uint8Array,
  seconds: number,
): Promise<ClosedResult> {
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

/**
 * Sends at a constant rate whatever the answers do, and counts each latency from the moment the request was
 * due, so that a stall is felt by every request that it delayed (no coordinated omission). It spins between
 * two requests instead of sleeping: a timer's millisecond would drown what is measured.
 */
function runOpen(
  connections: readonly Connection[],
  request: Uint8Array,
  job: Extract<Job, { kind: "open" }>,
): Promise<OpenResult> {
  const idle = [...connections];
  const latencies: number[] = [];
  const interval = 1000 / job.perSecond;
  const total = Math.round(job.perSecond * job.seconds);
  const start = performance.now() + 5;
  let due = 0;
  let answered = 0;
  let errors = 0;

  const send = (connection: Connection, dueAt: number) =>
    connection.send(request, (response) => {
      latencies.push(performance.now() - dueAt);
      answered++;
      if (response?.status !== 200) errors++;
      if (response !== null) idle.push(connection);
    });

  return new Promise((resolve) => {
    const turn = () => {
      const now = performance.now();
      while (due < total && start + due * interval <= now) {
        const connection = idle.pop();
        if (connection === undefined) break;
        send(connection, start + due++ * interval);
      }
      const over = now > start + job.seconds * 1000 + STRAGGLER_MS;
      if ((due === total && answered === total) || over) {
        const p50 = percentile(latencies, 0.5);
        const p99 = percentile(latencies, 0.99);
        resolve({ requests: answered, errors: errors + (due - answered), p50, p99, unsent: total - due });
      } else setImmediate(turn);
    };
    turn();
  });
}

/** All streams begin at once on connections that are open already; the next round when all have ended. */
async function runStreams(
  connections: readonly Connection[],
  request: Uint8Array,
  rounds: number,
): Promise<StreamsResult> {
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

async function runJob(job: Job): Promise<ClosedResult | OpenResult | StreamsResult> {
  const connections = await openConnections(job.port, job.kind === "streams" ? job.count : job.connections);
  const request = prepareRequest(job.port, job.path, job.headers, job.body);
  if (job.kind === "closed") return runClosed(connections, request, job.seconds);
  if (job.kind === "open") return runOpen(connections, request, job);
  return runStreams(connections, request, job.rounds);
}

if (import.meta.main) {
  console.log(JSON.stringify(await runJob(JSON.parse(process.argv[2] ?? "") as Job)));
  process.exit(0);
}
