/** A control interface around a fake desk and its store, without a socket; whoever asks is an operator. */
import { fakeTrail } from "../control/audit/fake-trail.ts";
import { DEFAULT_UPLOAD_LIMITS } from "../control/files/file-ports.ts";
import type { FakeDesk } from "../control/policy/fake-desk.ts";
import type { Caller } from "../core/caller.ts";
import { ok } from "../core/faults.ts";
import { createIds } from "../core/ids.ts";
import { DEFAULT_INGRESS_LIMITS } from "../gateway/gateway.ts";
import { readBody } from "../gateway/read-body.ts";
import { readHeaders } from "../gateway/read-headers.ts";
import { FAKE_PORTS } from "../policy/fake-policy.ts";
import { createHealth } from "../resilience/health.ts";
import { reportQueue } from "../store/job-queue/queue-report.ts";
import { createControlApp } from "./control-app.ts";
import type { ControlPorts } from "./control-ports.ts";

export const FAKE_OPERATOR: Caller = {
  keyId: "ops-1",
  tenant: "acme",
  tier: "standard",
  role: "operator",
  useCases: null,
};

/** `more`: in place of the fake's own ports. */
export function fakeControlApp(fake: FakeDesk, more: Partial<ControlPorts> = {}) {
  return createControlApp({ ...fakeControlPorts(fake), ...more });
}

function fakeControlPorts({ desk, control, clock, store, audited }: FakeDesk): ControlPorts {
  const { decisions, activations, files, batches, jobs, queue, tickets } = store;
  const { snapshot } = control;
  const nextId = createIds(clock, () => 0.5).next;
  const health = createHealth(clock);
  const audit = fakeTrail(store.audit, clock);
  const changed = () => {};
  return {
    decisions,
    activations,
    snapshot,
    policyStatus: control.status,
    healthReport: () => health.report(clock.now()),
    queueReport: () => reportQueue(queue, clock),
    explain: () => nobodyAsks(),
    replay: { decisions, compile: { ...FAKE_PORTS, environment: desk.environment }, pause: async () => {} },
    callerOf: () => FAKE_OPERATOR,
    ready: () => true,
    metricsText: () => "",
    nextRequestId: () => "req_1",
    batching: {
      files,
      batches,
      clock,
      nextId,
      uploads: DEFAULT_UPLOAD_LIMITS,
      serves: () => true,
      changed,
    },
    jobs: {
      jobs,
      queue,
      clock,
      nextId,
      sharedQueue: false,
      snapshot,
      check: () => nobodyAsks(),
      changed,
      ended() {},
      cancelled() {},
    },
    tickets: { tickets, clock, snapshot, changed },
    desk: { ...desk, overrides: null, audit: async (record) => void audited.push(record) },
    replicas: async () => ({ knows: "alone", converged: null, versions: [], replicas: [] }),
    circuits: { health, clock, audit, kept: async () => true },
    audit,
    readBody: async (request, absent) => ok(request.body ? await request.json() : absent),
    readBytes: async (request, maxBodyBytes) =>
      readBody(request, readHeaders(request.headers), { ...DEFAULT_INGRESS_LIMITS, maxBodyBytes }, clock),
  };
}

async function nobodyAsks(): Promise<never> {
  throw new Error("nobody asks");
}
