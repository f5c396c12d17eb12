/** The gateway that a drill disturbs and the simulator behind it, over HTTP. Owns what is asked of them. */
import { z } from "zod";
import type { DrillFault } from "./prepared-drill.ts";

/** A gateway of the drill's own, on this machine. */
export interface DrillGateway {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly simulatorUrl: string;
  /** A key with the role admin. */
  readonly key: string;
  /** Resolves when its process has ended, wished or not. */
  readonly ended: Promise<void>;
  /** Ends it. */
  stop(): Promise<void>;
}

export interface DrillTarget {
  readonly gateway: Pick<DrillGateway, "url" | "simulatorUrl" | "key">;
  readonly fetch: typeof fetch;
}

/** A GET with the drill's key; null where no JSON came back. Never rejects. */
export async function askAdmin({ gateway, fetch }: DrillTarget, path: string): Promise<unknown> {
  try {
    const response = await fetch(`${gateway.url}${path}`, {
      headers: { authorization: `Bearer ${gateway.key}` },
    });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/** Puts the whole schedule on the simulator; its times count from now. Rejects where a fault is refused. */
export async function injectFaults(
  { gateway, fetch }: DrillTarget,
  faults: readonly Pick<DrillFault, "name" | "input">[],
): Promise<void> {
  // The newest one strikes first, and the first one of a schedule is meant to.
  for (const { name, input } of faults.toReversed()) {
    const response = await fetch(`${gateway.simulatorUrl}/_simulator/faults`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(input),
    });
    if (!response.ok) throw new Error(`The simulator refused the fault "${name}".`);
    await response.arrayBuffer();
  }
}

const statsSchema = z.object({
  deployments: z.record(
    z.string(),
    z.object({ requests: z.number(), faults: z.record(z.string(), z.number()) }),
  ),
});

/** Calls by deployment and struck calls by kind of fault. */
export interface UpstreamStats {
  readonly calls: Readonly<Record<string, number>>;
  readonly struck: Readonly<Record<string, number>>;
}

/** The simulator's own counts; nothing where it gives none. */
export async function readStats({ gateway, fetch }: DrillTarget): Promise<UpstreamStats> {
  const calls: Record<string, number> = {};
  const struck: Record<string, number> = {};
  const answer = await fetch(`${gateway.simulatorUrl}/_simulator`)
    .then((response) => response.json())
    .catch(() => null);
  const read = statsSchema.safeParse(answer);
  for (const [deployment, { requests, faults }] of Object.entries(read.data?.deployments ?? {})) {
    calls[deployment] = requests;
    for (const [kind, count] of Object.entries(faults)) struck[kind] = (struck[kind] ?? 0) + count;
  }
  return { calls, struck };
}

/** What came to be between two counts, without what stayed at none. */
export function difference(
  after: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>>,
): Record<string, number> {
  const more = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(more.filter(([, count]) => count > 0));
}
