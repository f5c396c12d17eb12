/** A control interface around a fake desk, without a socket; whoever asks is an operator. */
import type { FakeDesk } from "../control/policy/fake-desk.ts";
import type { Caller } from "../core/caller.ts";
import { ok } from "../core/faults.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { createControlApp } from "./control-app.ts";
import type { ControlPorts } from "./control-ports.ts";

export const FAKE_OPERATOR: Caller = {
  keyId: "ops-1",
  tenant: "acme",
  tier: "standard",
  role: "operator",
  useCases: null,
};

/** `more`: the ports of the endpoints under test; what is absent there leads nowhere. */
export function fakeControlApp(fake: FakeDesk, more: Partial<ControlPorts> = {}) {
  return createControlApp({
    decisions: createMemoryStore().decisions,
    activations: fake.desk.activations,
    snapshot: fake.control.snapshot,
    policyStatus: fake.control.status,
    healthReport: () => [],
    explain: async () => {
      throw new Error("nobody asks");
    },
    callerOf: () => FAKE_OPERATOR,
    ready: () => true,
    metricsText: () => "",
    nextRequestId: () => "req_1",
    readBody: async (request, absent) => ok(request.body ? await request.json() : absent),
    ...more,
  });
}
