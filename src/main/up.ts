/** `pointsman up`: the process from its options to its exit code. */
import { hash } from "node:crypto";
import { join } from "node:path";
import type { UpOptions } from "../cli/ports.ts";
import { createAuditTrail } from "../control/audit/audit-trail.ts";
import { keptLastGood } from "../control/policy/kept-policies.ts";
import type { ActivationWatch } from "../control/policy/watch/activation-watch.ts";
import { createVersionTally } from "../control/policy/watch/version-tally.ts";
import { authorityOf } from "../core/authority.ts";
import type { Clock } from "../core/clock.ts";
import { DEMO_ACCESS_KEY_ID, DEMO_KEY } from "../core/demo-key.ts";
import { discardUnread } from "../core/discard-body.ts";
import { createIds } from "../core/ids.ts";
import { Secret } from "../core/secret.ts";
import type { KeySpec } from "../core/snapshot.ts";
import { parsePolicy } from "../policy/reading/load.ts";
import { resolveCredential } from "../providers/credentials.ts";
import type { Simulator } from "../providers/simulator/server.ts";
import { createFleet } from "../resilience/fleet.ts";
import type { Store } from "../store/ports.ts";
import { watchActivations } from "./activation-watch.ts";
import { type Assembly, assemble } from "./assemble.ts";
import { banner } from "./banner.ts";
import { openCircuitOrders } from "./circuit-orders.ts";
import { coalescedApp } from "./coalesced-app.ts";
import { startFlags } from "./flags.ts";
import { openJobQueue, sqsEndpoint } from "./job-queue.ts";
import { describeThrown, jsonLog, type Log } from "./log.ts";
import { isLoopback } from "./loopback.ts";
import { oneLine, type PolicyStart, startPolicy } from "./policy-runtime.ts";
import { type OpenedSource, openPolicySource, policyFolder } from "./policy-source.ts";
import { createProviderAccess } from "./provider-access.ts";
import { startReplicas } from "./replicas.ts";
import { createServing } from "./serving.ts";
import { openSharedState } from "./shared-state.ts";
import { drain, untilSignalled } from "./shutdown.ts";
import { systemClock, systemCoalescer, systemRandom } from "./system.ts";

interface Base {
  readonly options: UpOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly source: OpenedSource;
  readonly simulator: Simulator | null;
  readonly demoKey: string | null;
}

/** Runs until a signal; resolves with the exit code. */
export async function up(options: UpOptions): Promise<number> {
  const demoKey = options.demo ? process.env.POINTSMAN_DEMO_KEY?.trim() || DEMO_KEY : null;
  if (demoKey === DEMO_KEY && !isLoopback(options.host)) {
    process.stderr.write(
      `pointsman: the default demo key must not be reachable from outside (--host ${options.host}).\n` +
        "Set POINTSMAN_DEMO_KEY to a secret, or leave --demo out and put keys into the policy.\n",
    );
    return 1;
  }
  const clock = systemClock();
  const log = jsonLog((line) => process.stderr.write(line), clock.now);
  const store = await openStore(options.data, clock);
  const { policy: address, environment } = options;
  const directory = keptDirectory(options);
  const heads = store.policyHeads;
  const source = await openPolicySource({ address, environment, directory, heads, clock, log });
  const simulator = (await wantsSimulator(options, source)) ? await startSimulator(options, clock) : null;
  return serve({ options, clock, log, store, source, simulator, demoKey });
}

async function serve(base: Base): Promise<number> {
  const { options, clock, log, store, source, simulator, demoKey } = base;
  const ids = createIds(clock, systemRandom);
  const instance = ids.next("gw");
  const arrivals = systemCoalescer();
  const departures = systemCoalescer();
  let ready = true;
  let assembly: Assembly | null = null;
  const access = createProviderAccess(clock, arrivals, departures, log, keptDirectory(options), () => {
    if (policy.ok) void policy.control.recompile("inference-profiles");
  });
  const audit = createAuditTrail({
    store: store.audit,
    clock,
    onWritten: ({ seq, actor, action, subject, hash }) =>
      log("info", "audit", { seq, actor, action, subject, hash }),
    onFailed: ({ actor, action, subject }, thrown) =>
      log("error", "audit_failed", { actor, action, subject, ...describeThrown(thrown) }),
  });
  const { environment } = options;
  const orders = openCircuitOrders({ store: store.circuitOrders, environment, clock, log, audit });
  const serving = createServing();
  const tally = createVersionTally(clock.now);
  let watch: ActivationWatch | null = null;
  serving.follow((covering) => access.profiles.follow(covering.deployments.values()));
  const policy: PolicyStart = await startPolicy({
    opened: source,
    audit,
    environment: options.environment,
    directory: keptDirectory(options),
    clock,
    ids,
    activations: store.activations,
    compile: { ...compilePorts(base), profileRegions: access.profiles.lookup },
    extraKeys: demoKey === null ? [] : [keySpecOf(demoKey)],
    log,
    onActivated(snapshot, previousVersion, via) {
      serving.inForce(snapshot);
      watch?.activated(snapshot, previousVersion, via);
      assembly?.metrics.policyActivation("activated");
    },
    onStaged: serving.taking,
    instance,
    onRefused: () => assembly?.metrics.policyActivation("refused"),
  });
  if (!policy.ok) {
    orders.stop();
    access.profiles.stop();
    return giveUp(policy, base);
  }
  const sharing = await openSharedState({
    url: process.env.POINTSMAN_REDIS_URL?.trim() || null,
    environment: options.environment,
    clock,
    log,
    origin: instance,
  });
  if (!sharing.ok) {
    orders.stop();
    policy.stop();
    access.profiles.stop();
    return giveUp({ ok: false, findings: [], message: sharing.message }, base);
  }
  const jobs = await openJobQueue({
    address: options.queue,
    embedded: store.queue,
    endpoint: sqsEndpoint(process.env),
    clock,
    random: systemRandom,
    log,
  });
  if (simulator !== null) {
    const { introducePolicy } = await import("./simulate.ts");
    introducePolicy(simulator, policy.control.snapshot, log);
  }
  const flags = await startFlags({ snapshot: policy.control.snapshot, clock, log, env: process.env });
  watch = watchActivations(policy.desk, tally, clock, log);
  const replicas = startReplicas({
    id: instance,
    startedAt: clock.now(),
    clock,
    log,
    control: policy.control,
    book: policy.desk.overrides,
    board: sharing.shared?.board ?? null,
    onCounted: (count) => assembly?.shareBudget(count),
  });
  serving.follow(replicas.changed);
  const shared = sharing.shared?.state ?? null;
  const fleet = createFleet({ shared, clock, origin: instance, orders: orders.keeper });
  assembly = assemble({
    clock,
    ids,
    log,
    store,
    jobQueue: jobs.queue,
    control: policy.control,
    desk: policy.desk,
    replicas: replicas.list,
    watched: () => watch?.status() ?? null,
    onDecision: tally.record,
    audit,
    authorize: access.authorize,
    transport: access.transport,
    flags: flags.source,
    profileRegions: access.profiles.lookup,
    fleet,
    circuitOrdersKept: orders.kept,
    policyFolder: policyFolder(options.policy),
    ready: () => ready,
  });
  serving.follow(assembly.reconfigure);
  await orders.restore(fleet);
  const { app, failed, queue, batching, jobs: jobWork, work } = assembly;
  const server = Bun.serve({
    hostname: options.host,
    port: options.port,
    // Slow models are no idle callers: the gateway's own limits end what takes too long.
    idleTimeout: 0,
    // None: every body is read through read-body.ts, whose own limit refuses in the caller's dialect. What a
    // handler does not read the runtime discards in HTTP/1.1; over HTTP/2 discard-body.ts does.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    // Else what is thrown past our own handlers would be shown to the caller, with the source around it.
    development: false,
    // Without development mode its default: two gateways would share the port, and each answer some.
    reusePort: false,
    // Clear-text HTTP/2 beside HTTP/1.1 on the same port: Bedrock's JavaScript client speaks it by default.
    http2: true,
    fetch: coalescedApp(app, arrivals, departures, (request) => discardUnread(request, clock)),
    // The runtime's own answer is a bare text, and its report the thrown message, which may quote a caller.
    error: failed,
  });
  const port = server.port ?? options.port;
  replicas.listening(options.host, port);
  // Before anybody can know that it serves: a signal that comes at once is not to end it without a word.
  const signalled = untilSignalled(clock);
  const { useCases } = policy.control.snapshot();
  process.stdout.write(
    banner(`http://${authorityOf(options.host, port)}`, demoKey, simulator?.url ?? null, useCases),
  );
  warnWithoutKeys(policy.control.snapshot().keys.length, log);

  log("info", "signalled", { signal: await signalled });
  policy.stop();
  watch.stop();
  const batchesStopped = batching.stop(options.drainMs);
  const jobsStopped = jobWork.stop(options.drainMs);
  const shadowsStopped = assembly.stopShadows();
  return drain(
    {
      markNotReady: () => {
        ready = false;
      },
      stopListening: () => void server.stop(false),
      pending: () => server.pendingRequests,
      async cutOff() {
        work.drained();
        await server.stop(true);
        await Promise.all([batchesStopped, jobsStopped, shadowsStopped]);
      },
      underWay: work.underWay,
      flush: () => queue.flush(),
      async close() {
        queue.close();
        access.profiles.stop();
        access.transport.close();
        await access.profiles.settled();
        await simulator?.close();
        await assembly?.close();
        await flags.stop();
        await replicas.stop();
        await shared?.close();
        await orders.stop();
        await jobs.close();
        await store.close();
      },
    },
    options,
    clock,
    log,
  );
}

function compilePorts({ options, simulator }: Base) {
  return {
    environment: options.environment,
    credential: (source: Parameters<typeof resolveCredential>[0]) => resolveCredential(source, process.env),
    keyHash(name: string): string | null {
      const key = process.env[name]?.trim();
      return key ? hash("sha256", key, "hex") : null;
    },
    simulatorUrl: simulator?.url ?? null,
  };
}

async function giveUp(start: Extract<PolicyStart, { ok: false }>, base: Base): Promise<number> {
  for (const finding of start.findings) process.stderr.write(`${oneLine(finding)}\n`);
  process.stderr.write(
    `pointsman: ${start.message ?? "the policy is not valid, and no earlier one was kept."} Not started.\n`,
  );
  await base.simulator?.close();
  await base.store.close();
  return 1;
}

async function openStore(data: string, clock: Clock): Promise<Store> {
  if (data === ":memory:") {
    const { createMemoryStore } = await import("../store/memory.ts");
    return createMemoryStore({ capacity: 10_000, clock });
  }
  const { openSqliteStore } = await import("../store/sqlite/sqlite-store.ts");
  return openSqliteStore({ path: join(data, "pointsman.db"), clock });
}

/** Loaded where it is wanted: it speaks every wire, and most gateways have no use for it. */
async function startSimulator({ scenario }: UpOptions, clock: Clock): Promise<Simulator> {
  const { startSimulatorFrom } = await import("./simulate.ts");
  return startSimulatorFrom({ scenario, host: "127.0.0.1", port: 0 }, clock);
}

/** Whether the policy, or the last good one that may take its place, has a simulated provider. */
async function wantsSimulator(options: UpOptions, { first }: OpenedSource): Promise<boolean> {
  if (options.scenario !== null) return true;
  const candidates = [first.texts, await keptLastGood.load(keptDirectory(options))];
  return candidates.some((sources) => {
    // Only where it may say so is it read twice: the word, or an escape that could spell it.
    if (!sources?.some(({ text }) => /simulator|\\/.test(text))) return false;
    const { document } = parsePolicy(sources);
    return Object.values(document?.providers ?? {}).some((provider) => provider.kind === "simulator");
  });
}

function keptDirectory(options: UpOptions): string | null {
  return options.data === ":memory:" ? null : options.data;
}

function keySpecOf(key: string): KeySpec {
  const sha256 = hash("sha256", key, "hex");
  const aws = { accessKeyId: DEMO_ACCESS_KEY_ID, secret: new Secret(key) };
  return { id: "demo", sha256, tenant: "demo", tier: "premium", role: "admin", useCases: null, aws };
}

function warnWithoutKeys(count: number, log: Log): void {
  if (count > 0) return;
  log("warn", "no_keys", { fix: "Nobody can call: put keys into the policy, or start with --demo." });
}
