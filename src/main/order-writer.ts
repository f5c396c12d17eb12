/**
 * Operators' orders on their way into the store. Owns that the newest one of each deployment is tried until it is
 * there, or another has taken its place; knows nothing of what orders do.
 */
import { type Clock, sleep, within } from "../core/clock.ts";
import type { CircuitOrder } from "../resilience/circuit-order.ts";
import type { CircuitOrderStore } from "../store/circuit-orders.ts";
import { describeThrown, type Log } from "./log.ts";

export interface OrderWriterParts {
  readonly store: Pick<CircuitOrderStore, "put" | "remove">;
  readonly environment: string | null;
  readonly clock: Clock;
  readonly log: Log;
}

export interface OrderWriter {
  put(order: CircuitOrder): void;
  remove(order: CircuitOrder): void;
  /** Whether the store has what was last ordered of `deployment`. Resolves when it was tried once, soon in any case. */
  kept(deployment: string): Promise<boolean>;
  /** Tries what is left a last time, for a moment. */
  close(): Promise<void>;
}

type Act = "put" | "remove";

interface Unkept {
  readonly order: CircuitOrder;
  readonly acts: readonly Act[];
  /** It has failed before, and the log says so. */
  failed: boolean;
}

const NOT_DONE = { put: "circuit_order_not_kept", remove: "circuit_order_not_forgotten" } as const;
/** How long anybody waits for a store that does not answer. */
const PATIENCE_MS = 2000;
export const AGAIN_MS = 5000;

export function createOrderWriter({ store, environment, clock, log }: OrderWriterParts): OrderWriter {
  const unkept = new Map<string, Unkept>();
  const closed = new AbortController();
  let writing: Promise<void> = Promise.resolve();
  let isTryingAgain = false;

  const attempt = async (entry: Unkept): Promise<void> => {
    const { order, acts } = entry;
    const { deployment } = order;
    if (unkept.get(deployment) !== entry) return;
    try {
      for (const act of acts) await store[act](environment, order);
      if (unkept.get(deployment) === entry) unkept.delete(deployment);
      if (entry.failed) log("info", "circuit_order_written_late", { deployment });
    } catch (thrown) {
      if (!entry.failed) {
        log("error", NOT_DONE[acts.at(-1) ?? "put"], { deployment, ...describeThrown(thrown) });
      }
      entry.failed = true;
      void tryAgain();
    }
  };
  // One after the other: the store has one writer anyway.
  const enqueue = (entries: readonly Unkept[]): Promise<void> => {
    writing = writing.then(async () => {
      for (const entry of entries) await attempt(entry);
    });
    return writing;
  };
  const tryAgain = async (): Promise<void> => {
    if (isTryingAgain) return;
    isTryingAgain = true;
    while (unkept.size > 0 && (await sleep(clock, AGAIN_MS, closed.signal))) {
      await enqueue([...unkept.values()]);
    }
    isTryingAgain = false;
  };
  const write = (order: CircuitOrder, acts: readonly Act[]): void => {
    const entry = { order, acts, failed: false };
    unkept.set(order.deployment, entry);
    void enqueue([entry]);
  };

  return {
    put: (order) => write(order, ["put"]),
    remove(order) {
      // An earlier one may still be there, which this one was to replace.
      const isUnkept = unkept.get(order.deployment)?.acts.includes("put") ?? false;
      write(order, isUnkept ? ["put", "remove"] : ["remove"]);
    },
    async kept(deployment) {
      await within(clock, PATIENCE_MS, writing);
      return !unkept.has(deployment);
    },
    async close() {
      closed.abort();
      await within(clock, PATIENCE_MS, unkept.size > 0 ? enqueue([...unkept.values()]) : writing);
    },
  };
}
