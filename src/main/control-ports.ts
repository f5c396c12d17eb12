/** What the control interface is joined to. Owns the joining; decides nothing. */
import { explainRequest } from "../control/explain/explain-request.ts";
import type { TicketRunner } from "../control/tickets/ticket-runner.ts";
import { ok } from "../core/faults.ts";
import { parseJson } from "../core/json.ts";
import { authenticateAtAll, policyFor } from "../gateway/choose-version.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { readBody } from "../gateway/read-body.ts";
import { readHeaders } from "../gateway/read-headers.ts";
import type { ControlPorts } from "../http/control-ports.ts";
import type { Health } from "../resilience/health.ts";
import { reportQueue } from "../store/job-queue/queue-report.ts";
import type { Batching } from "./batch-runner.ts";
import type { JobService } from "./job-service.ts";
import type { Parts } from "./parts.ts";

/** What `assemble` has made of its parts by then. */
export interface ControlParts {
  readonly gateway: Gateway;
  readonly health: Health;
  readonly batching: Batching;
  readonly jobs: JobService;
  readonly tickets: TicketRunner;
  /** Prometheus text. */
  metricsText(): string;
}

export function controlPorts(parts: Parts, made: ControlParts): ControlPorts {
  const { clock, ids, store, control } = parts;
  const { gateway, health, batching, jobs, tickets, metricsText } = made;
  const readBytes: ControlPorts["readBytes"] = async (request, maxBodyBytes) =>
    readBody(request, readHeaders(request.headers), { ...gateway.ingress, maxBodyBytes }, clock);
  return {
    batching: batching.ports,
    jobs: jobs.ports,
    circuits: { health, clock, audit: parts.audit, kept: parts.circuitOrdersKept },
    tickets: { tickets: store.tickets, clock, snapshot: control.snapshot, changed: tickets.wake },
    decisions: store.decisions,
    activations: parts.desk.activations,
    snapshot: (caller) => policyFor(control, caller),
    policyStatus: () => ({ ...control.status(), watch: parts.watched() }),
    desk: parts.desk,
    replicas: parts.replicas,
    audit: parts.audit,
    healthReport: () => health.report(clock.now()),
    queueReport: () => reportQueue(parts.jobQueue, clock),
    explain: async (question) =>
      explainRequest(question, {
        snapshot: control.snapshot(),
        split: control.split(),
        health,
        clock,
        flags: parts.flags,
        ...(gateway.spend && { spend: gateway.spend }),
        overrides: control.status().overrides ?? [],
      }),
    replay: {
      decisions: store.decisions,
      compile: { environment: parts.desk.environment, profileRegions: parts.profileRegions },
      pause: () => new Promise((resolve) => setImmediate(resolve)),
    },
    callerOf(headers) {
      const caller = authenticateAtAll(readHeaders(headers), control);
      return caller.ok ? caller.value : null;
    },
    ready: parts.ready,
    metricsText,
    nextRequestId: () => ids.next("req"),
    readBytes,
    async readBody(request, absent) {
      const bytes = await readBytes(request, gateway.ingress.maxBodyBytes);
      if (bytes.ok && bytes.value.length === 0 && absent !== undefined) return ok(absent);
      return bytes.ok ? parseJson(bytes.value, gateway.ingress.maxJsonDepth) : bytes;
    },
  };
}
