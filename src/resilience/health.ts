/**
 * What is known of every deployment's condition (E5): its circuit, its latency, its calls under way and its
 * quota group's cooldown. Owns the registry; knows no request and no policy.
 */
import type { Clock } from "../core/clock.ts";
import type { Deployment } from "../core/deployment.ts";
import type { HealthView } from "../core/health.ts";
import type { CircuitSettings } from "../core/snapshot.ts";
import { Circuit, type CircuitReason, type CircuitState, type Permit } from "./circuit.ts";
import { Latency } from "./latency.ts";

/** Why no call may be made now. */
type Blocked = "circuit_open" | "cooling_down";

/** One deployment's condition, ready for JSON. Times are epoch milliseconds, durations milliseconds. */
export interface HealthReport {
  readonly deployment: string;
  readonly model: string;
  readonly provider: string;
  readonly region: string;
  readonly quotaGroup: string;
  readonly state: CircuitState;
  readonly since: number;
  readonly reason: CircuitReason | null;
  readonly nextProbeAt: number | null;
  readonly cooldownUntil: number | null;
  readonly inFlight: number;
  /** Smoothed and 95th percentile to the first token; null before any was seen. */
  readonly firstTokenMs: number | null;
  readonly firstTokenP95Ms: number | null;
  /** Counts of the circuit's sliding window. */
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
}

export interface Health extends HealthView {
  /**
   * Takes over the deployments of a policy that was just activated. Those that stay keep their state, those
   * that are gone are dropped with theirs, so memory is bounded by one policy. Call it at each activation.
   */
  reconfigure(deployments: Iterable<Deployment>, settings: CircuitSettings): void;
  /** A permit for one call, counted as in flight until it is settled, or why there is none. */
  admit(deploymentId: string, now: number): Permit | Blocked;
  /** A permit in spite of the circuit, which will learn nothing from it; never in spite of a cooldown or an operator. */
  admitAnyway(deploymentId: string, now: number): Permit | Blocked;
  /** What `admit` would answer now, without side effects; null: it would admit. */
  blocked(deploymentId: string, now: number): Blocked | null;
  /** Why the circuit is not closed; null when it is, or the deployment is not known. */
  openReason(deploymentId: string): CircuitReason | null;
  /** When a blocked deployment may be called again, epoch milliseconds; null: not blocked, or nobody knows. */
  blockedUntil(deploymentId: string, now: number): number | null;
  /** The provider wishes no calls on the group's quota until then. The newest wish wins, a shorter one too. */
  coolUntil(quotaGroup: string, until: number): void;
  /** An operator closes, or opens until further notice, a circuit; false: no such deployment. */
  reset(deploymentId: string): boolean;
  forceOpen(deploymentId: string): boolean;
  report(now: number): readonly HealthReport[];
}

interface QuotaGroup {
  coolUntil: number;
}

interface Entry {
  deployment: Deployment;
  group: QuotaGroup;
  inFlight: number;
  readonly circuit: Circuit;
  readonly latency: Latency;
}

/** For calls on a deployment that the policy of the moment no longer has: an older request finishes its climb. */
const UNTRACKED: Permit = Object.freeze({ settle: () => undefined });

/** An empty registry; the first `reconfigure` fills it. */
export function createHealth(clock: Clock): Health {
  let entries = new Map<string, Entry>();
  let groups = new Map<string, QuotaGroup>();

  const blockedEntry = (entry: Entry, now: number): Blocked | null => {
    if (entry.group.coolUntil > now) return "cooling_down";
    return entry.circuit.wouldAdmit(now) ? null : "circuit_open";
  };
  const blocked = (deploymentId: string, now: number): Blocked | null => {
    const entry = entries.get(deploymentId);
    return entry ? blockedEntry(entry, now) : null;
  };

  return {
    reconfigure(deployments, settings) {
      const keptEntries = new Map<string, Entry>();
      const keptGroups = new Map<string, QuotaGroup>();
      const now = clock.now();
      for (const deployment of deployments) {
        const name = deployment.quotaGroup;
        const group = keptGroups.get(name) ?? groups.get(name) ?? { coolUntil: 0 };
        keptGroups.set(name, group);
        const known = entries.get(deployment.id);
        known?.circuit.reconfigure(settings, now);
        const entry = known ?? newEntry(deployment, group, settings, now);
        entry.deployment = deployment;
        entry.group = group;
        keptEntries.set(deployment.id, entry);
      }
      entries = keptEntries;
      groups = keptGroups;
    },
    admit(deploymentId, now) {
      const entry = entries.get(deploymentId);
      if (!entry) return UNTRACKED;
      if (entry.group.coolUntil > now) return "cooling_down";
      const permit = entry.circuit.admit(now);
      if (!permit) return "circuit_open";
      entry.inFlight++;
      return permit;
    },
    admitAnyway(deploymentId, now) {
      const entry = entries.get(deploymentId);
      if (!entry) return UNTRACKED;
      if (entry.group.coolUntil > now) return "cooling_down";
      if (entry.circuit.reason === "forced") return "circuit_open";
      entry.inFlight++;
      return entry.circuit.admitAnyway(now);
    },
    blocked,
    openReason: (deploymentId) => entries.get(deploymentId)?.circuit.reason ?? null,
    blockedUntil(deploymentId, now) {
      const entry = entries.get(deploymentId);
      if (!entry || blockedEntry(entry, now) === null) return null;
      const cooling = entry.group.coolUntil > now ? entry.group.coolUntil : null;
      if (entry.circuit.wouldAdmit(now)) return cooling;
      const probe = entry.circuit.view(now).nextProbeAt;
      return probe === null ? null : Math.max(probe, cooling ?? 0);
    },
    coolUntil(quotaGroup, until) {
      const group = groups.get(quotaGroup);
      if (group) group.coolUntil = until;
    },
    reset(deploymentId) {
      const entry = entries.get(deploymentId);
      entry?.circuit.reset(clock.now());
      return entry !== undefined;
    },
    forceOpen(deploymentId) {
      const entry = entries.get(deploymentId);
      entry?.circuit.forceOpen(clock.now());
      return entry !== undefined;
    },
    report: (now) => [...entries.values()].map((entry) => describe(entry, now)),
    healthy: (deploymentId) => blocked(deploymentId, clock.now()) === null,
    firstTokenMs: (deploymentId) => entries.get(deploymentId)?.latency.smoothedMs(clock.now()) ?? 0,
    inFlight: (deploymentId) => entries.get(deploymentId)?.inFlight ?? 0,
  };
}

function newEntry(deployment: Deployment, group: QuotaGroup, settings: CircuitSettings, now: number): Entry {
  const latency = new Latency();
  const entry: Entry = {
    deployment,
    group,
    inFlight: 0,
    latency,
    circuit: new Circuit(settings, now, (_health, settledAt, firstTokenMs) => {
      entry.inFlight--;
      if (firstTokenMs !== undefined) latency.record(firstTokenMs, settledAt);
    }),
  };
  return entry;
}

function describe(entry: Entry, now: number): HealthReport {
  const { deployment, latency } = entry;
  return {
    deployment: deployment.id,
    model: deployment.model.id,
    provider: deployment.provider,
    region: deployment.region,
    quotaGroup: deployment.quotaGroup,
    ...entry.circuit.view(now),
    cooldownUntil: entry.group.coolUntil > now ? entry.group.coolUntil : null,
    inFlight: entry.inFlight,
    firstTokenMs: latency.smoothedMs(now) || null,
    firstTokenP95Ms: latency.p95Ms(now),
  };
}
