/**
 * What a gateway is put together from, opened in order: whatever may end the start, but for the policy itself, before
 * anything is written. Owns that order, and what each part is told of the others.
 */
import { type AuditTrail, createAuditTrail } from "../control/audit/audit-trail.ts";
import type { ActivationWatch } from "../control/policy/watch/activation-watch.ts";
import { createVersionTally } from "../control/policy/watch/version-tally.ts";
import type { Coalesce } from "../core/coalesce.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";
import { createFleet } from "../resilience/fleet.ts";
import { watchActivations } from "./activation-watch.ts";
import { type Assembly, assemble } from "./assemble.ts";
import { openCircuitOrders } from "./circuit-orders.ts";
import type { Closings } from "./closing.ts";
import { startFlags } from "./flags.ts";
import { type Ground, openGround } from "./ground.ts";
import { openJobQueue, sqsEndpoint } from "./job-queue.ts";
import { describeThrown } from "./log.ts";
import { type OpenedPolicy, openPolicy, type PolicyNeeds } from "./open-policy.ts";
import { policyFolder } from "./policy-source.ts";
import { createProviderAccess, type ProviderAccess } from "./provider-access.ts";
import { type Replicas, startReplicas } from "./replicas.ts";
import { createServing } from "./serving.ts";
import { openSharedState, type SharedFleet } from "./shared-state.ts";
import { systemRandom } from "./system.ts";

export interface Start extends PolicyNeeds {
  readonly arrivals: Coalesce;
  readonly departures: Coalesce;
}

export interface GatewayParts extends Pick<Ground, "simulator" | "kept" | "storeReady"> {
  readonly assembly: Assembly;
  readonly replicas: Replicas;
  snapshot(): ConfigSnapshot;
  /** From now on `/readyz` says no. */
  markNotReady(): void;
  /** The policy in force stays as it is. */
  stopChanges(): void;
}

/** What is opened later, for parts that have to do with it by then. */
interface Later {
  policy: OpenedPolicy | null;
  watch: ActivationWatch | null;
  assembly: Assembly | null;
}

/** Also where it rejects, what is open is registered with `closings`. Rejects with `NotStarted`: the setup is wrong. */
export async function openParts(start: Start, closings: Closings): Promise<GatewayParts> {
  const { options, clock, log, ids } = start;
  const { environment } = options;
  const instance = ids.next("gw");
  const sharing = await openSharing(start, instance, closings);
  const ground = await openGround(options, clock, log, closings);
  const { store, simulator } = ground;
  const later: Later = { policy: null, watch: null, assembly: null };
  const audit = openAudit(ground, start);
  closings.add(audit.close);
  const orders = openCircuitOrders({ store: store.circuitOrders, environment, clock, log, audit });
  closings.add(orders.stop);
  const access = openAccess(start, later, closings);
  const profileRegions = access.profiles.lookup;
  const serving = createServing();
  serving.follow((covering) => access.profiles.follow(covering.deployments.values()));
  const policy = await openPolicy(start, ground, {
    audit,
    instance,
    profileRegions,
    onActivated(snapshot, previousVersion, via) {
      serving.inForce(snapshot);
      later.watch?.activated(snapshot, previousVersion, via);
      later.assembly?.metrics.policyActivation("activated");
    },
    onStaged: serving.taking,
    onRefused: () => later.assembly?.metrics.policyActivation("refused"),
  });
  closings.add(policy.close);
  const stopPolicy = closings.add(policy.stop);
  later.policy = policy;
  const { control, desk } = policy;
  const jobQueue = await openJobs(start, ground, closings);
  if (simulator !== null) {
    const { introducePolicy } = await import("./simulate.ts");
    introducePolicy(simulator, control.snapshot, log);
  }
  const flags = await startFlags({ snapshot: control.snapshot, clock, log, env: process.env });
  closings.add(flags.stop);
  const tally = createVersionTally(clock.now);
  const watch = watchActivations(desk, tally, clock, log);
  const stopWatch = closings.add(watch.stop);
  later.watch = watch;
  const replicas = joinReplicas(start, { instance, policy, sharing, later }, closings);
  serving.follow(replicas.changed);
  const shared = sharing?.state ?? null;
  const fleet = createFleet({ shared, clock, origin: instance, orders: orders.keeper });
  let ready = true;
  const assembly = assemble({
    clock,
    ids,
    log,
    store,
    jobQueue,
    control,
    desk,
    replicas: replicas.list,
    watched: watch.status,
    onDecision: tally.record,
    audit,
    authorize: access.authorize,
    transport: access.transport,
    flags: flags.source,
    profileRegions,
    fleet,
    circuitOrdersKept: orders.kept,
    policyFolder: policyFolder(options.policy),
    ready: () => ready,
  });
  closings.add(assembly.close);
  later.assembly = assembly;
  serving.follow(assembly.reconfigure);
  let known: ReadonlyMap<string, unknown> = control.snapshot().deployments;
  serving.follow((covering) => {
    known = covering.deployments;
    orders.reconfigured();
  });
  await orders.restore(fleet, (deployment) => known.has(deployment));
  return {
    assembly,
    replicas,
    simulator,
    kept: ground.kept,
    storeReady: ground.storeReady,
    snapshot: control.snapshot,
    markNotReady() {
      ready = false;
    },
    stopChanges() {
      stopPolicy();
      stopWatch();
    },
  };
}

/** Null: this gateway shares nothing. */
async function openSharing(
  { options, clock, log }: Start,
  origin: string,
  closings: Closings,
): Promise<SharedFleet | null> {
  const { environment } = options;
  const url = process.env.POINTSMAN_REDIS_URL?.trim() || null;
  const sharing = await openSharedState({ url, environment, clock, log, origin });
  if (sharing === null) return null;
  closings.add(() => sharing.state.close());
  closings.add(() => sharing.board.close());
  return sharing;
}

function openAudit({ store }: Ground, { clock, log }: Start): AuditTrail {
  return createAuditTrail({
    store: store.audit,
    clock,
    onWritten: ({ seq, actor, action, subject, hash }) =>
      log("info", "audit", { seq, actor, action, subject, hash }),
    onLate: ({ actor, action, subject }, thrown) =>
      log("error", "audit_not_written", { actor, action, subject, ...describeThrown(thrown) }),
    onLost: (record) => log("error", "audit_lost", { ...record }),
  });
}

function openAccess(
  { options, clock, log, arrivals, departures }: Start,
  later: Later,
  closings: Closings,
): ProviderAccess {
  const directory = options.data === ":memory:" ? null : options.data;
  const access = createProviderAccess(clock, arrivals, departures, log, directory, () => {
    void later.policy?.control.recompile("inference-profiles");
  });
  closings.add(() => {
    access.profiles.stop();
    access.transport.close();
    return access.profiles.settled();
  });
  return access;
}

async function openJobs({ options, clock, log }: Start, { store }: Ground, closings: Closings) {
  const { queue, close } = await openJobQueue({
    address: options.queue,
    embedded: store.queue,
    endpoint: sqsEndpoint(process.env),
    environment: options.environment,
    clock,
    random: systemRandom,
    log,
  });
  closings.add(close);
  return queue;
}

interface Among {
  readonly instance: string;
  readonly policy: OpenedPolicy;
  readonly sharing: SharedFleet | null;
  readonly later: Later;
}

function joinReplicas(
  { clock, log }: Start,
  { instance, policy, sharing, later }: Among,
  closings: Closings,
): Replicas {
  const replicas = startReplicas({
    id: instance,
    startedAt: clock.now(),
    clock,
    log,
    control: policy.control,
    book: policy.desk.overrides,
    board: sharing?.board ?? null,
    onCounted: (count) => later.assembly?.shareBudget(count),
  });
  closings.add(replicas.stop);
  return replicas;
}
