/**
 * What is known of every deployment's condition: its circuit, its latency, its calls under way, its last
 * probe and its quota group's cooldown. Owns the registry; knows no request, no policy and no other process
 * but through `link`.
 */
import type { Clock } from "../core/clock.ts";
import type { Deployment } from "../core/deployment.ts";
import type { HealthSignal } from "../core/faults.ts";
import type { HealthView } from "../core/health.ts";
import type { CircuitSettings } from "../core/settings.ts";
import {
  Circuit,
  type CircuitReason,
  type CircuitState,
  type CircuitView,
  type Opening,
  type Permit,
} from "./circuit.ts";
import { Latency } from "./latency.ts";

/** Why no call may be made now. */
type Blocked = "circuit_open" | "cooling_down";

/**
 * What a call is let through as. `request`: unless something else is said. `probe`: nobody asked for it, and it is no
 * traffic. `early`: a request that probes before the circuit's pause is over, where it allows that; see
 * `Circuit.admitEarly`. `anyway`: a request in spite of the circuit, which will learn nothing from it; never in spite of
 * an operator.
 */
type AdmittedAs = "request" | "probe" | "early" | "anyway";

/** How the last call went that the gateway made of its own accord. */
export interface ProbeReport {
  /** Epoch milliseconds when it ended. */
  readonly at: number;
  readonly ok: boolean;
  /** Code of the fault it met; null where it met none. */
  readonly code: string | null;
  readonly durationMs: number;
}

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
  /** Null before the first one. */
  readonly lastProbe: ProbeReport | null;
}

/** Other processes that call the same deployments: what they are told, and asked. */
export interface FleetLink {
  /** A circuit opened here, or closed (null). `orderedBy`: the operator who said so; null: its own calls did. */
  turned(deploymentId: string, opening: Opening | null, orderedBy: string | null, now: number): void;
  /** The provider wishes no calls on the group's quota for so many milliseconds. */
  cooled(quotaGroup: string, forMs: number): void;
  /** Whether a probe may be made that the circuit here would let through; null: nobody else has a say. */
  claim(deploymentId: string, permit: Permit, settings: CircuitSettings): Promise<boolean> | null;
  /** How the probe of a claim went. */
  settled(permit: Permit, health: HealthSignal): void;
  /** Another policy is in force; its deployments, and how their circuits are set. */
  reconfigured(deployments: ReadonlyMap<string, Deployment>, settings: CircuitSettings): void;
}

export interface Health extends HealthView {
  /**
   * Takes over the deployments of a policy that was just activated. Those that stay keep their state, those
   * that are gone are dropped with theirs, so memory is bounded by one policy. Call it at each activation.
   */
  reconfigure(deployments: ReadonlyMap<string, Deployment>, settings: CircuitSettings): void;
  /**
   * A permit for one call, counted as in flight until it is settled, or why there is none. `leniencyMs`: a cooldown that
   * has no longer to go is passed by; absent: none is.
   */
  admit(deploymentId: string, now: number, as?: AdmittedAs, leniencyMs?: number): Permit | Blocked;
  /** Asks the fleet about a permit that is a probe; null: it need not be asked. */
  claimProbe(deploymentId: string, permit: Permit): Promise<boolean> | null;
  /** What `admit` would answer now, without side effects; null: it would admit. */
  blocked(deploymentId: string, now: number): Blocked | null;
  /** Why the circuit is not closed; null when it is, or the deployment is not known. */
  openReason(deploymentId: string): CircuitReason | null;
  /** When a blocked deployment may be called again, epoch milliseconds; null: not blocked, or nobody knows. */
  blockedUntil(deploymentId: string, now: number): number | null;
  /** 95th percentile to the first token; null where too few calls were seen to tell. */
  firstTokenP95Ms(deploymentId: string, now: number): number | null;
  /** When a request last asked to be admitted, epoch milliseconds; 0: none has. */
  lastTrafficAt(deploymentId: string): number;
  /** The provider wishes no calls on the group's quota until then. The newest wish wins, a shorter one too. */
  coolUntil(quotaGroup: string, until: number): void;
  /**
   * An operator closes a circuit and ends its quota group's cooldown, which is no other deployment's to keep; or opens it
   * until `until` (epoch milliseconds; absent: until further notice). `by`: the id of their key. False: no such
   * deployment.
   */
  reset(deploymentId: string, by: string): boolean;
  forceOpen(deploymentId: string, by: string, until?: number): boolean;
  /** Whether an operator's order to leave it alone is in force. */
  isOrderedOpen(deploymentId: string): boolean;
  /** What another process found out: a circuit that opened or closed (null), a quota group that cools down. */
  adopt(deploymentId: string, opening: Opening | null): void;
  adoptCooldown(quotaGroup: string, until: number): void;
  recordProbe(deploymentId: string, probe: ProbeReport): void;
  report(now: number): readonly HealthReport[];
}

/** Samples below which a percentile would be an accident. */
const MINIMUM_SAMPLES = 20;

interface QuotaGroup {
  coolUntil: number;
}

interface Entry {
  deployment: Deployment;
  group: QuotaGroup;
  inFlight: number;
  lastTrafficAt: number;
  lastProbe: ProbeReport | null;
  readonly circuit: Circuit;
  readonly latency: Latency;
}

/** For calls on a deployment that the policy of the moment no longer has: an older request finishes its climb. */
const UNTRACKED: Permit = Object.freeze({ probe: false, settle: () => undefined });

/** An empty registry; the first `reconfigure` fills it. */
export function createHealth(clock: Clock, link: FleetLink | null = null): Health {
  /** Of deployments that something has happened to; a policy may have thousands that are never called. */
  let entries = new Map<string, Entry>();
  let groups = new Map<string, QuotaGroup>();
  let known: ReadonlyMap<string, Deployment> = new Map();
  /** Of `known`; null until somebody asks: an activation is not to wait for it. */
  let knownGroups: ReadonlySet<string> | null = null;
  let settings: CircuitSettings | null = null;
  let untouched: Circuit | null = null;

  const groupOf = (name: string): QuotaGroup => {
    let group = groups.get(name);
    if (!group) {
      group = { coolUntil: 0 };
      groups.set(name, group);
    }
    return group;
  };

  const isKnown = (group: string): boolean => {
    knownGroups ??= new Set(Array.from(known.values(), ({ quotaGroup }) => quotaGroup));
    return knownGroups.has(group);
  };

  /** Null for a deployment that the policy does not have. */
  const entryOf = (deploymentId: string): Entry | null => {
    let entry = entries.get(deploymentId);
    if (entry) return entry;
    const deployment = known.get(deploymentId);
    if (!deployment || settings === null) return null;
    entry = newEntry(deployment, groupOf(deployment.quotaGroup), settings, clock.now(), link);
    entries.set(deploymentId, entry);
    return entry;
  };

  /** A deployment that nothing has happened to is blocked by its quota group alone. */
  const blocked = (deploymentId: string, now: number): Blocked | null => {
    const entry = entries.get(deploymentId);
    if (entry) return blockedEntry(entry, now);
    const deployment = known.get(deploymentId);
    if (!deployment) return null;
    return (groups.get(deployment.quotaGroup)?.coolUntil ?? 0) > now ? "cooling_down" : null;
  };

  const cool = (quotaGroup: string, until: number, now: number): void => {
    groupOf(quotaGroup).coolUntil = until;
    link?.cooled(quotaGroup, Math.max(0, until - now));
  };

  return {
    reconfigure(deployments, changed) {
      const now = clock.now();
      settings = changed;
      untouched = new Circuit(changed, now, () => undefined, null);
      known = deployments;
      knownGroups = null;
      groups = new Map([...groups].filter(([name, { coolUntil }]) => coolUntil > now && isKnown(name)));
      const kept = new Map<string, Entry>();
      for (const [id, entry] of entries) {
        const deployment = known.get(id);
        if (!deployment) continue;
        entry.circuit.reconfigure(changed, now);
        entry.deployment = deployment;
        entry.group = groupOf(deployment.quotaGroup);
        kept.set(id, entry);
      }
      entries = kept;
      link?.reconfigured(deployments, changed);
    },
    admit(deploymentId, now, as = "request", leniencyMs = 0) {
      const entry = entryOf(deploymentId);
      if (!entry) return UNTRACKED;
      if (as !== "probe") entry.lastTrafficAt = now;
      if (entry.group.coolUntil > now + leniencyMs) return "cooling_down";
      const permit = permitOf(entry.circuit, now, as);
      if (!permit) return "circuit_open";
      entry.inFlight++;
      return permit;
    },
    claimProbe: (deploymentId, permit) =>
      link === null || settings === null ? null : link.claim(deploymentId, permit, settings),
    blocked,
    openReason: (deploymentId) => entries.get(deploymentId)?.circuit.reason ?? null,
    blockedUntil(deploymentId, now) {
      const entry = entryOf(deploymentId);
      return entry ? blockedUntil(entry, now) : null;
    },
    firstTokenP95Ms: (deploymentId, now) =>
      entries.get(deploymentId)?.latency.p95Ms(now, MINIMUM_SAMPLES) ?? null,
    lastTrafficAt: (deploymentId) => entries.get(deploymentId)?.lastTrafficAt ?? 0,
    coolUntil(quotaGroup, until) {
      if (isKnown(quotaGroup)) cool(quotaGroup, until, clock.now());
    },
    reset(deploymentId, by) {
      const entry = entryOf(deploymentId);
      if (!entry) return false;
      const now = clock.now();
      entry.circuit.reset(now);
      link?.turned(deploymentId, null, by, now);
      cool(entry.deployment.quotaGroup, now, now);
      return true;
    },
    forceOpen(deploymentId, by, until = Number.POSITIVE_INFINITY) {
      const entry = entryOf(deploymentId);
      if (!entry || settings === null) return false;
      const now = clock.now();
      entry.circuit.forceOpen(now, until);
      link?.turned(deploymentId, { reason: "forced", until, openMs: settings.openMs }, by, now);
      return true;
    },
    isOrderedOpen: (deploymentId) => entries.get(deploymentId)?.circuit.isOrdered(clock.now()) ?? false,
    adopt: (deploymentId, opening) => entryOf(deploymentId)?.circuit.adopt(opening, clock.now()),
    adoptCooldown(quotaGroup, until) {
      if (isKnown(quotaGroup)) groupOf(quotaGroup).coolUntil = until;
    },
    recordProbe(deploymentId, probe) {
      const entry = entryOf(deploymentId);
      if (entry) entry.lastProbe = probe;
    },
    report(now) {
      if (untouched === null) return [];
      const fresh = untouched.view(now);
      return [...known.values()].map((deployment) => {
        const entry = entries.get(deployment.id);
        const coolUntil = groups.get(deployment.quotaGroup)?.coolUntil ?? 0;
        return entry ? describe(entry, now) : describeUntouched(deployment, fresh, coolUntil, now);
      });
    },
    healthy: (deploymentId) => blocked(deploymentId, clock.now()) === null,
    firstTokenMs: (deploymentId) => entries.get(deploymentId)?.latency.smoothedMs(clock.now()) ?? 0,
    inFlight: (deploymentId) => entries.get(deploymentId)?.inFlight ?? 0,
  };
}

function newEntry(
  deployment: Deployment,
  group: QuotaGroup,
  settings: CircuitSettings,
  now: number,
  link: FleetLink | null,
): Entry {
  const latency = new Latency();
  const { id } = deployment;
  const entry: Entry = {
    deployment,
    group,
    inFlight: 0,
    lastTrafficAt: 0,
    lastProbe: null,
    latency,
    circuit: new Circuit(
      settings,
      now,
      (health, settledAt, firstTokenMs, permit) => {
        entry.inFlight--;
        if (firstTokenMs !== undefined) latency.record(firstTokenMs, settledAt);
        if (permit.probe) link?.settled(permit, health);
      },
      link && ((opening, turnedAt) => link.turned(id, opening, null, turnedAt)),
    ),
  };
  return entry;
}

/** Null: the circuit lets nothing through that comes so. */
function permitOf(circuit: Circuit, now: number, as: AdmittedAs): Permit | null {
  if (as === "early") return circuit.admitEarly(now);
  if (as === "anyway") return circuit.reason === "forced" ? null : circuit.admitAnyway(now);
  return circuit.admit(now);
}

function blockedEntry(entry: Entry, now: number): Blocked | null {
  if (entry.group.coolUntil > now) return "cooling_down";
  return entry.circuit.wouldAdmit(now) ? null : "circuit_open";
}

function blockedUntil(entry: Entry, now: number): number | null {
  if (blockedEntry(entry, now) === null) return null;
  const cooling = entry.group.coolUntil > now ? entry.group.coolUntil : null;
  if (entry.circuit.wouldAdmit(now)) return cooling;
  const probe = entry.circuit.view(now).nextProbeAt;
  return probe === null ? null : Math.max(probe, cooling ?? 0);
}

function nameOf(deployment: Deployment) {
  const { id, model, provider, region, quotaGroup } = deployment;
  return { deployment: id, model: model.id, provider, region, quotaGroup };
}

/** What nothing has happened to, with the circuit that it would have. */
function describeUntouched(
  deployment: Deployment,
  fresh: CircuitView,
  coolUntil: number,
  now: number,
): HealthReport {
  return {
    ...nameOf(deployment),
    ...fresh,
    cooldownUntil: coolUntil > now ? coolUntil : null,
    inFlight: 0,
    firstTokenMs: null,
    firstTokenP95Ms: null,
    lastProbe: null,
  };
}

function describe(entry: Entry, now: number): HealthReport {
  const { deployment, latency } = entry;
  return {
    ...nameOf(deployment),
    ...entry.circuit.view(now),
    cooldownUntil: entry.group.coolUntil > now ? entry.group.coolUntil : null,
    inFlight: entry.inFlight,
    firstTokenMs: latency.smoothedMs(now) || null,
    firstTokenP95Ms: latency.p95Ms(now),
    lastProbe: entry.lastProbe,
  };
}
