/** Joins the rooms of a running gateway into one function from Request to Response. */
import { startTicketRunner } from "../control/tickets/ticket-runner.ts";
import type { Decision } from "../core/decision.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";
import { createAdmission } from "../gateway/admit.ts";
import { checkRequest } from "../gateway/check-request.ts";
import { policyFor } from "../gateway/choose-version.ts";
import { createStandIns } from "../gateway/degraded/stand-ins.ts";
import { DEFAULT_INGRESS_LIMITS, type Gateway } from "../gateway/gateway.ts";
import { handleInference } from "../gateway/handle-inference.ts";
import { createGatewayMetrics, type GatewayMetrics } from "../gateway/metrics/gateway-metrics.ts";
import { createShadows } from "../gateway/shadow/shadows.ts";
import { createPastSpend } from "../gateway/spend/read-past-spend.ts";
import { createSpendLedger } from "../gateway/spend/spend-ledger.ts";
import { answerThrown, createApp } from "../http/app.ts";
import { createInferenceRoutes } from "../http/inference-routes.ts";
import { loadWire } from "../providers/wire-registry.ts";
import { createHealth } from "../resilience/health.ts";
import { createRetryBudget } from "../resilience/retry-budget.ts";
import { createDecisionQueue, type DecisionQueue } from "../store/decision-queue.ts";
import { inferThrough } from "./background.ts";
import { type Batching, startBatching } from "./batch-runner.ts";
import { controlPorts } from "./control-ports.ts";
import { type JobService, startJobService } from "./job-service.ts";
import { describeThrown } from "./log.ts";
import type { Parts } from "./parts.ts";
import { startProbes } from "./probes.ts";
import { createSchemaChecker } from "./schema-checker.ts";
import { systemRandom } from "./system.ts";

/** Requests that were admitted and are not concluded. */
interface WorkUnderWay {
  underWay(): number;
  /** What is under way is cut off from now on, and recorded so. */
  drained(): void;
}

export interface Assembly {
  readonly app: (request: Request) => Promise<Response>;
  /** What the caller hears of a request that `app` rejected. */
  failed(thrown: unknown): Response;
  readonly queue: DecisionQueue;
  readonly batching: Batching;
  readonly jobs: JobService;
  readonly metrics: GatewayMetrics;
  readonly work: WorkUnderWay;
  /** Copies under way are given up. */
  stopShadows(): Promise<void>;
  /** Writes what waits and ends what runs in the background. Before the store is closed. */
  close(): Promise<void>;
  /** The fleet follows a policy that was just activated. */
  reconfigure(snapshot: ConfigSnapshot): void;
  /** So many gateways share what the fleet may repeat, this one among them. */
  shareBudget(replicas: number): void;
}

export function assemble(parts: Parts): Assembly {
  const { clock, ids, log, store, control } = parts;
  const first = control.snapshot();
  const health = createHealth(clock, parts.fleet.link);
  const retryBudget = createRetryBudget(first.retry);
  const standIns = createStandIns({
    store,
    clock,
    ids,
    root: parts.policyFolder,
    report: (event, thrown, folder) =>
      log("error", event, { ...describeThrown(thrown), ...(folder !== undefined && { folder }) }),
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
    health.reconfigure(snapshot.deployments, snapshot.circuit);
    retryBudget.reconfigure(snapshot.retry);
    pastSpend.follow(snapshot);
  };
  reconfigure(first);
  parts.fleet.join(health);
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
  let drained = false;
  const schemaChecks = createSchemaChecker(clock);
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
    drained: () => drained,
    schemaChecks,
    reportInternal: (requestId, thrown) =>
      log("error", "internal_error", { requestId, ...describeThrown(thrown) }),
  };
  const inference = createInferenceRoutes(loadWire);
  const infer = inferThrough({
    snapshot: (caller) => policyFor(control, caller),
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
    snapshot: (caller) => policyFor(control, caller),
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
    reportThrown: ({ id }, thrown) =>
      log("error", "probe_error", { deployment: id, ...describeThrown(thrown) }),
  });
  const app = createApp({
    gateway,
    inference,
    control: controlPorts(parts, { gateway, health, batching, jobs, tickets, metricsText: metrics.render }),
  });
  return {
    app,
    failed: (thrown) => answerThrown(gateway, thrown),
    queue,
    batching,
    jobs,
    metrics,
    work: {
      underWay: admission.inFlight,
      drained: () => {
        drained = true;
      },
    },
    reconfigure,
    shareBudget: retryBudget.share,
    stopShadows: () => shadows.stop(),
    async close() {
      queue.close();
      schemaChecks.stop();
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
