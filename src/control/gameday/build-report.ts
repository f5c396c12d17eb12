/** The report of a drill out of what was counted. Owns the sums that need more than one source. */
import type { CostAccount } from "./account-costs.ts";
import type { UpstreamStats } from "./drill-target.ts";
import { judge } from "./judge.ts";
import { type CircuitTimes, measureCircuits } from "./measure-circuits.ts";
import type { PreparedDrill } from "./prepared-drill.ts";
import type { DrillReport, Timeline } from "./report.ts";
import type { Tally } from "./tally.ts";
import type { Lanes } from "./watch-circuits.ts";

export interface Findings {
  readonly startedAt: number;
  readonly lastedMs: number;
  readonly stopped: { readonly by: NonNullable<DrillReport["stopped_by"]>; readonly reason: string } | null;
  readonly tally: Tally;
  readonly account: CostAccount;
  readonly lanes: Lanes;
  /** Since the load began. */
  readonly upstream: UpstreamStats;
}

/** Whoever sends late measures late: beyond this latencies are doubtful. */
const DOUBTFUL_LAG_MS = 50;
const NANO = 1_000_000_000;

export function buildReport(drill: PreparedDrill, found: Findings): DrillReport {
  const { tally, account, lanes, stopped } = found;
  const circuits = measureCircuits(drill, lanes);
  const figures = figuresOf(drill, found, circuits);
  const { extra_cost: extra, ...measured } = figures;
  const checks = judge(drill, figures);
  return {
    pass: stopped === null && checks.every((check) => check.pass),
    name: drill.name,
    description: drill.description,
    started_at: new Date(found.startedAt).toISOString(),
    policy: drill.policyVersion,
    seed: drill.seed,
    compress: drill.compress,
    planned_s: seconds(drill.load.durationMs),
    lasted_s: seconds(found.lastedMs),
    stop_reason: stopped?.reason ?? null,
    stopped_by: stopped?.by ?? null,
    ...measured,
    cancelled: tally.count("cancelled"),
    by_ending: sorted(tally.endings),
    by_rung: sorted(tally.rungs),
    errors: sorted(tally.codes),
    longest_ms: tally.latency.longest,
    first_token_p50_ms: tally.firstToken.percentile(0.5),
    generator_lag_p99_ms: tally.lag.percentile(0.99),
    cost: {
      usd: account.cost / NANO,
      primary_alone_usd: account.primaryAlone / NANO,
      extra,
      records: account.records,
    },
    circuits: circuits.map(({ deployment, opened, reason, openedAfterMs, recoveredAfterMs }) => {
      return {
        deployment,
        opened,
        reason,
        opened_s: maybe(openedAfterMs),
        recovered_s: maybe(recoveredAfterMs),
      };
    }),
    checks,
    notes: notesOn(drill, found),
    timeline: timelineOf(drill, found),
  };
}

function figuresOf(
  drill: PreparedDrill,
  { tally, account, upstream }: Findings,
  circuits: readonly CircuitTimes[],
) {
  const { ended } = tally;
  const share = (count: number): number => (ended === 0 ? 0 : rounded(count / ended));
  const calls = upstreamCalls(drill, upstream, account);
  const total = Object.values(calls).reduce((sum, count) => sum + count, 0);
  return {
    requests: ended,
    unsent: tally.unsent,
    availability: share(tally.count("answered") + tally.count("degraded")),
    degraded_share: share(tally.count("degraded")),
    truncated_as_complete: tally.count("truncated"),
    wrong_answers: tally.count("wrong"),
    hung: tally.count("hung"),
    unexplained: tally.unexplained,
    late: tally.late,
    by_use_case: Object.fromEntries(
      [...tally.useCases].map(([id, { ended: requests, available }]) => [
        id,
        { requests, availability: rounded(available / requests) },
      ]),
    ),
    p50_ms: tally.latency.percentile(0.5),
    p99_ms: tally.latency.percentile(0.99),
    first_token_p99_ms: tally.firstToken.percentile(0.99),
    amplification: tally.sent === 0 ? 0 : rounded(total / tally.sent),
    upstream_calls: calls,
    faults_struck: upstream.struck,
    extra_cost: extraCost(account),
    opened_s: slowest(circuits.map((circuit) => circuit.openedAfterMs)),
    recovered_s: slowest(circuits.map((circuit) => circuit.recoveredAfterMs)),
  };
}

/** The simulator's counts; where a deployment is not simulated, the gateway's. */
function upstreamCalls(
  drill: PreparedDrill,
  { calls }: UpstreamStats,
  account: CostAccount,
): Record<string, number> {
  const all: Record<string, number> = { ...calls };
  for (const { id, simulated } of drill.deployments) {
    const made = account.calls.get(id);
    if (!simulated && made !== undefined) all[id] = made;
  }
  return all;
}

function extraCost({ unpriced, cost, primaryAlone }: CostAccount): number | null {
  return unpriced > 0 || primaryAlone === 0 ? null : rounded(cost / primaryAlone - 1);
}

/** Null where there is none, or one that never came to be. Seconds. */
function slowest(times: readonly (number | null)[]): number | null {
  let most: number | null = null;
  for (const ms of times) {
    if (ms === null) return null;
    most = Math.max(most ?? 0, ms);
  }
  return maybe(most);
}

function notesOn(drill: PreparedDrill, { tally, account, stopped }: Findings): readonly string[] {
  const notes: string[] = [];
  const lag = tally.lag.percentile(0.99) ?? 0;
  if (lag > DOUBTFUL_LAG_MS) {
    notes.push(
      `This process sent its requests up to ${lag} ms late (p99): the machine is busy, and latencies with it.`,
    );
  }
  if (account.records < tally.sent && stopped === null) {
    notes.push(
      `${tally.sent - account.records} requests left no record that could be read: costs leave them out.`,
    );
  }
  if (account.unpriced > 0) notes.push("Some models have no price: the extra cost cannot be told.");
  for (const { name, bands } of drill.faults) {
    if (bands.length === 0) notes.push(`The load ends before the fault "${name}" begins.`);
  }
  return notes;
}

function timelineOf(drill: PreparedDrill, { tally, lanes }: Findings): Timeline {
  return {
    seconds: tally.seconds.map(({ counts, p99Ms }) => ({ ...counts, p99_ms: p99Ms })),
    faults: drill.faults.map(({ name, kind, bands }) => ({ name, kind, bands })),
    circuits: drill.deployments.flatMap(({ id }) => {
      const changes = lanes.get(id)?.map(({ atMs, state }) => ({ atMs, state })) ?? [];
      return changes.length === 0 ? [] : [{ deployment: id, changes }];
    }),
  };
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}

function maybe(ms: number | null): number | null {
  return ms === null ? null : seconds(ms);
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
