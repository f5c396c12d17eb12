/** The gateway's own records, replayed under a policy that somebody hands in. Owns the paging and its bounds. */
import type { CompilePorts } from "../../policy/compile/compile.ts";
import type { Finding } from "../../policy/finding.ts";
import type { PolicyText } from "../../policy/reading/load.ts";
import { assumedPorts } from "../../policy/replay/assumed-ports.ts";
import type { DecisionStore } from "../../store/decision-store.ts";
import { compileSources } from "../policy/in-force/compile-sources.ts";
import { Replay } from "./replay.ts";
import type { ReplayReport } from "./report.ts";

/** Records of one replay. */
export const MAX_REPLAYED = 100_000;
/** Few enough that reading and routing a page holds up no other request for long. */
const PAGE = 50;

export interface ReplayQuestion {
  /** The base, and its overlay where there is one. */
  readonly sources: readonly PolicyText[];
  /** Epoch milliseconds. */
  readonly since: number;
  readonly until?: number | undefined;
  readonly useCase?: string | undefined;
  readonly tenant?: string | undefined;
  /** At most `MAX_REPLAYED`. */
  readonly limit: number;
}

export interface ReplayPorts {
  readonly decisions: DecisionStore;
  readonly compile: Pick<CompilePorts, "environment" | "profileRegions">;
  /** Resolves when others had their turn. */
  pause(): Promise<void>;
}

export type StoreReplay =
  | {
      readonly result: "replayed";
      readonly report: ReplayReport;
      /** Where there were more records than `limit`, the id of the last one; else null. */
      readonly cursor: string | null;
    }
  | { readonly result: "invalid"; readonly findings: readonly Finding[] };

/** Oldest first. Changes and records nothing. */
export async function replayStore(question: ReplayQuestion, ports: ReplayPorts): Promise<StoreReplay> {
  const { built, findings } = compileSources(question.sources, assumedPorts(ports.compile));
  if (!built) return { result: "invalid", findings };
  const { since, until, useCase, tenant, limit } = question;
  const replay = new Replay(built.snapshot);
  let left = Math.min(limit, MAX_REPLAYED);
  let after: string | null = "";
  while (after !== null && left > 0) {
    const page = await ports.decisions.list({
      limit: Math.min(PAGE, left),
      since,
      ...(until !== undefined && { until }),
      ...(after !== "" && { after }),
      ...(useCase !== undefined && { useCase }),
      ...(tenant !== undefined && { tenant }),
    });
    for (const record of page.decisions) replay.add(record);
    left -= page.decisions.length;
    after = page.cursor;
    await ports.pause();
  }
  return { result: "replayed", report: replay.report(), cursor: after };
}
