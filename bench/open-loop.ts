/** The open loop: requests at a constant rate whatever the answers do. Owns the pace and the latencies. */
import type { Connection } from "./connection.ts";
import { counted, errorOf, type OpenRound } from "./job.ts";
import { percentile } from "./statistics.ts";

/** How long a round waits for the last answers after its last request was due. */
const STRAGGLER_MS = 2_000;
/** Between opening the round and its first request. */
const LEAD_MS = 5;

/**
 * One round of `perSecond` × `seconds` requests. A latency runs from the moment its request was due, so that
 * a stall is felt by every request that it delayed (no coordinated omission). The loop spins between two
 * requests instead of sleeping: a timer's millisecond would drown what is measured. `now` is in milliseconds.
 */
export function runOpenRound(
  connections: readonly Connection[],
  request: Uint8Array,
  perSecond: number,
  seconds: number,
  now: () => number = () => performance.now(),
): Promise<OpenRound> {
  const idle = [...connections];
  const latencies: number[] = [];
  const interval = 1000 / perSecond;
  const total = Math.round(perSecond * seconds);
  const start = now() + LEAD_MS;
  let due = 0;
  const errors: string[] = [];

  const send = (connection: Connection, dueAt: number) =>
    connection.send(request, (response) => {
      latencies.push(now() - dueAt);
      const error = errorOf(response);
      if (error !== null) errors.push(error);
      if (response !== null) idle.push(connection);
    });

  return new Promise((resolve) => {
    const turn = () => {
      const time = now();
      while (due < total && start + due * interval <= time) {
        // In turn, so that none is idle for long; the server may close an idle one all the same.
        const connection = idle.shift();
        if (connection === undefined) break;
        if (!connection.isOpen()) continue;
        send(connection, start + due++ * interval);
      }
      const answered = latencies.length;
      const over = time > start + seconds * 1000 + STRAGGLER_MS;
      if (answered === total || over) {
        const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
        for (let lost = answered; lost < due; lost++) errors.push("no answer in time");
        for (let unsent = due; unsent < total; unsent++) errors.push("not sent: no connection was free");
        resolve({ requests: total, ...counted(errors), p50, p99 });
      } else setImmediate(turn);
    };
    turn();
  });
}
