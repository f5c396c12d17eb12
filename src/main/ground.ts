/** What a gateway stands on: its records, where its policy comes from, and simulated providers where it wants some. */
import { join } from "node:path";
import type { UpOptions } from "../cli/ports.ts";
import { keptLastGood } from "../control/policy/kept-policies.ts";
import type { Clock } from "../core/clock.ts";
import { parsePolicy } from "../policy/reading/load.ts";
import type { Simulator } from "../providers/simulator/server.ts";
import type { Store } from "../store/ports.ts";
import type { Closings } from "./closing.ts";
import { keptFolder } from "./kept-folder.ts";
import type { Log } from "./log.ts";
import { type OpenedSource, openPolicySource } from "./policy-source.ts";

export interface Ground {
  readonly store: Store;
  /** Settles when records can be kept; rejects with the `StoreError` that says why they cannot. Nobody waits for it. */
  storeReady(): Promise<void>;
  readonly source: OpenedSource;
  readonly simulator: Simulator | null;
  /** Where this policy's state outlasts the process; null: nowhere. */
  readonly kept: string | null;
}

export async function openGround(
  options: UpOptions,
  clock: Clock,
  log: Log,
  closings: Closings,
): Promise<Ground> {
  const { policy: address, environment, data } = options;
  const { store, ready } = await openStore(options, clock);
  closings.add(() => store.close());
  const kept = keptFolder(data, address, environment);
  const heads = store.policyHeads;
  const source = await openPolicySource({ address, environment, directory: kept, heads, clock, log });
  closings.add(source.stop);
  const simulator = (await wantsSimulator(options, source, kept))
    ? await startSimulator(options, clock)
    : null;
  if (simulator !== null) closings.add(() => simulator.close());
  return { store, storeReady: ready, source, simulator, kept };
}

async function openStore(
  { data, environment }: UpOptions,
  clock: Clock,
): Promise<{ readonly store: Store; ready(): Promise<void> }> {
  if (data === ":memory:") {
    const { createMemoryStore } = await import("../store/memory/memory-store.ts");
    return { store: createMemoryStore({ capacity: 10_000, clock }), ready: async () => {} };
  }
  const { openSqliteStore } = await import("../store/sqlite/sqlite-store.ts");
  const store = openSqliteStore({ path: join(data, "pointsman.db"), clock, environment });
  return { store, ready: store.ready };
}

/** Loaded where it is wanted: it speaks every wire, and most gateways have no use for it. */
async function startSimulator({ scenario }: UpOptions, clock: Clock): Promise<Simulator> {
  const { startSimulatorFrom } = await import("./simulate.ts");
  return startSimulatorFrom({ scenario, host: "127.0.0.1", port: 0 }, clock);
}

/** Whether the policy, or the last good one that may take its place, has a simulated provider. */
async function wantsSimulator(
  options: UpOptions,
  { first }: OpenedSource,
  kept: string | null,
): Promise<boolean> {
  if (options.scenario !== null) return true;
  const candidates = [first.texts, await keptLastGood.load(kept)];
  return candidates.some((sources) => {
    // Only where it may say so is it read twice: the word, or an escape that could spell it.
    if (!sources?.some(({ text }) => /simulator|\\/.test(text))) return false;
    const { document } = parsePolicy(sources);
    return Object.values(document?.providers ?? {}).some((provider) => provider.kind === "simulator");
  });
}
