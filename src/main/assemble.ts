/** Joins the rooms of a running gateway into one function from Request to Response. */
import type { AuditTrail } from "../control/audit/audit-trail.ts";
import { explainRequest } from "../control/explain/explain-request.ts";
import type { ReplicaList } from "../control/fleet/list-replicas.ts";
import type { WatchStatus } from "../control/policy/policy-acts.ts";
import type { PolicyControl } from "../control/policy/policy-control.ts";
import type { RolloutDesk } from "../control/rollout/operate.ts";
import { startTicketRunner } from "../control/tickets/ticket-runner.ts";
import type { Clock } from "../core/clock.ts";
import type { Decision } from "../core/decision.ts";
import type { Ids } from "../core/ids.ts";
import { parseJson } from "../core/json.ts";
import type { ConfigSnapshot, FlagSource } from "../core/snapshot.ts";
import { createAdmission } from "../gateway/admit.ts";
import { authenticate } from "../gateway/authenticate.ts";
import { checkRequest } from "../gateway/check-request.ts";
import { createStandIns } from "../gateway/degraded/stand-ins.ts";
import { DEFAULT_INGRESS_LIMITS, type Gateway } from "../gateway/gateway.ts";
import { handleInference } from "../gateway/handle-inference.ts";
import { createGatewayMetrics, type GatewayMetrics } from "../gateway/metrics/gateway-metrics.ts";
import { readBody } from "../gateway/read-body.ts";
import { readHeaders } from "../gateway/read-headers.ts";
import { createShadows } from "../gateway/shadow/shadows.ts";
import { createPastSpend } from "../gateway/spend/read-past-spend.ts";
import { createSpendLedger } from "../gateway/spend/spend-ledger.ts";
import { createApp } from "../http/app.ts";
import { createInferenceRoutes } from "../http/inference-routes.ts";
import type { CompilePorts } from "../policy/compile.ts";
import type { Authorize } from "../providers/authorize.ts";
import type { Transport } from "../providers/transport.ts";
import { loadWire } from "../providers/wire-registry.ts";
import type { Fleet } from "../resilience/fleet.ts";
import { createHealth } from "../resilience/health.ts";
import { createRetryBudget } from "../resilience/retry-budget.ts";
import { createDecisionQueue, type DecisionQueue } from "../store/decision-queue.ts";
import type { JobQueue } from "../store/job-queue.ts";
import type { Store } from "../store/ports.ts";
import { reportQueue } from "../store/queue-report.ts";
import { inferThrough } from "./background.ts";
import { type Batching, startBatching } from "./batch-runner.ts";
import { type JobService, startJobService } from "./job-service.ts";
import { describeThrown, type Log } from "./log.ts";
import { startProbes } from "./probes.ts";
import { systemRandom } from "./system.ts";

export interface Parts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly store: Store;
  /** Where jobs wait: the store's own, or SQS. */
  readonly jobQueue: JobQueue;
  readonly control: PolicyControl;
  readonly desk: RolloutDesk;
  /** Which gateways there are. */
  replicas(): Promise<ReplicaList>;
  /** A version that is compared with the one before it. */
  watched(): WatchStatus | null;
  /** Each request that has ended, but copies for shadows. */
  onDecision(decision: Decision): void;
  readonly audit: AuditTrail;
  readonly authorize: Authorize;
  readonly transport: Transport;
  /** Whoever decides feature flags before the policy does; null: nobody. */
  readonly flags: FlagSource | null;
  /** The folder of the policy: folders that it names are beside it. */
  readonly policyFolder: string;
  /** Where inference profiles send calls to. */
  readonly profileRegions: NonNullable<CompilePorts["profileRegions"]>;
  /** Other replicas; null: none are told. */
  readonly fleet: Fleet | null;
  ready(): boolean;
}

export interface Assembly {
  readonly app: (request: Request) => Promise<Response>;
  readonly queue: DecisionQueue;
  readonly batching: Batching;
  readonly jobs: JobService;
  readonly metrics: GatewayMetrics;
  /** Copies under way are given up. */
  stopShadows(): Promise<void>;
  /** Writes what waits and ends what runs in the background. Before the store is closed. */
  close(): Promise<void>;
  /** The fleet follows a policy that was just activated. */
  reconfigure(snapshot: ConfigSnapshot): void;
}

export function assemble(parts: Parts): Assembly {
  const { clock, ids, log, store, control } = parts;
  const first = control.snapshot();
  const health = createHealth(clock, parts.fleet?.link ?? null);
  const retryBudget = createRetryBudget(first.retry);
  const standIns = createStandIns({
    store,
    clock,
    ids,
    root: parts.policyFolder,
    report: (event, thrown) => log("error", event, describeThrown(thrown)),
  });
  const tickets = startTicketRunner({
    tickets: store.tickets,
    clock,
    snapshot: control.snapshot,
    report: (thrown) => log("error", "ticket_runner_failed", describeThrown(thrown)),
  });
  const spend = createSpendLedger({
    since: clock.now(),
    onFull: (maxSums) => log("warn", "spend_ledger_full", { maxSums }),
  });
  const pastSpend = createPastSpend({
    decisions: store.decisions,
    ledger: spend,
    clock,
    onRead: ({ ms }) => log("info", "past_spend_read", { ms }),
    onFailed: (thrown) => {
      const meanwhile = "It is tried again; until then rules see what was spent since the start.";
      log("warn", "past_spend_not_read", { ...describeThrown(thrown), meanwhile });
    },
  });
  let served = first;
  const reconfigure = (snapshot: ConfigSnapshot): void => {
    served = snapshot;
    standIns.follow(snapshot);
    health.reconfigure(snapshot.deployments.values(), snapshot.circuit);
    retryBudget.reconfigure(snapshot.retry);
    pastSpend.follow(snapshot);
  };
  reconfigure(first);
  parts.fleet?.join(health);
  const admission = createAdmission();
  const queue = createDecisionQueue({ store: store.decisions, clock });
  const counted = createGatewayMetrics({
    health,
    admission,
    decisions: queue,
    policyVersion: () => control.snapshot().version,
    policyStatus: control.status,
    startedAt: clock.now(),
    now: clock.now,
  });
  const metrics: GatewayMetrics = {
    ...counted,
    record(decision) {
      counted.record(decision);
      parts.onDecision(decision);
    },
  };
  const shadows = createShadows();
  const gateway: Gateway = {
    snapshot: control.snapshot,
    split: control.split,
    clock,
    random: systemRandom,
    ids,
    standIns,
    authorize: parts.authorize,
    transport: parts.transport,
    health,
    retryBudget,
    admission,
    decisions: queue,
    metrics,
    ingress: DEFAULT_INGRESS_LIMITS,
    flags: parts.flags,
    spend,
    shadows,
    reportInternal: (requestId, thrown) =>
      log("error", "internal_error", { requestId, ...describeThrown(thrown) }),
  };
  const inference = createInferenceRoutes(loadWire);
  const infer = inferThrough({
    snapshot: control.snapshot,
    clock,
    async handle(request, caller, tell) {
      const ingress = await inference(new URL(request.url).pathname);
      if (!ingress) throw new Error("A request of the background is for an endpoint that is not served.");
      return handleInference({ ...gateway, decisions: told(queue, tell) }, ingress, request, caller);
    },
  });
  const batching = startBatching({
    store,
    clock,
    random: systemRandom,
    ids,
    log,
    serves: (endpoint) => inference(endpoint) !== null,
    infer,
  });
  const jobs = startJobService({
    jobs: store.jobs,
    queue: parts.jobQueue,
    sharedQueue: parts.jobQueue !== store.queue,
    clock,
    random: systemRandom,
    ids,
    log,
    metrics: metrics.jobs,
    infer,
    snapshot: control.snapshot,
    check: async (endpoint, body, headers) => checkRequest(await inference(endpoint), body, headers),
  });
  const prober = startProbes({
    clock,
    random: systemRandom,
    health,
    authorize: parts.authorize,
    transport: parts.transport,
    snapshot: () => served,
    onProbe: metrics.probe,
  });
  const app = createApp({
    gateway,
    inference,
    control: {
      batching: batching.ports,
      jobs: jobs.ports,
      circuits: { health, clock, audit: parts.audit },
      tickets: { tickets: store.tickets, clock, snapshot: control.snapshot, changed: tickets.wake },
      decisions: store.decisions,
      activations: store.activations,
      snapshot: control.snapshot,
      policyStatus: () => ({ ...control.status(), watch: parts.watched() }),
      policy: parts.desk,
      rollouts: parts.desk,
      replicas: parts.replicas,
      audit: parts.audit,
      healthReport: () => health.report(clock.now()),
      queueReport: () => reportQueue(parts.jobQueue, clock),
      explain: async (question) =>
        explainRequest(question, {
          snapshot: control.snapshot(),
          split: control.split(),
          wire: await loadWire("openai-chat"),
          health,
          clock,
          flags: parts.flags,
          spend,
          overrides: control.status().overrides ?? [],
        }),
      replay: {
        decisions: store.decisions,
        compile: { environment: parts.desk.environment, profileRegions: parts.profileRegions },
        pause: () => new Promise((resolve) => setImmediate(resolve)),
      },
      callerOf(headers) {
        const caller = authenticate(readHeaders(headers), control.snapshot());
        return caller.ok ? caller.value : null;
      },
      ready: parts.ready,
      metricsText: metrics.render,
      nextRequestId: () => ids.next("req"),
      async readBody(request) {
        const bytes = await readBody(request, readHeaders(request.headers), gateway.ingress, clock);
        return bytes.ok ? parseJson(bytes.value, gateway.ingress.maxJsonDepth) : bytes;
      },
    },
  });
  return {
    app,
    queue,
    batching,
    jobs,
    metrics,
    reconfigure,
    stopShadows: () => shadows.stop(),
    async close() {
      pastSpend.stop();
      await prober.stop();
      await tickets.stop();
      await standIns.close();
    },
  };
}

/** The queue of decisions, with somebody who is told of each as it is queued. */
function told(queue: DecisionQueue, tell: (decision: Decision) => void): DecisionQueue {
  return {
    push(decision) {
      tell(decision);
      queue.push(decision);
    },
    flush: (timeoutMs) => queue.flush(timeoutMs),
    stats: () => queue.stats(),
    close: () => queue.close(),
  };
}
