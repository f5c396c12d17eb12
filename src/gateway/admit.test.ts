import { describe, expect, test } from "bun:test";
import type { Caller } from "../core/caller.ts";
import type { TierLimits } from "../core/settings.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";
import { createAdmission } from "./admit.ts";

const caller: Caller = { keyId: "k", tenant: "t", tier: "free", role: "caller", useCases: null };

function snapshotWith(limits: Partial<TierLimits>): ConfigSnapshot {
  const tier: TierLimits = { requestsPerMinute: null, concurrentRequests: null, ...limits };
  return { limits: new Map([["free", tier]]) } as unknown as ConfigSnapshot;
}

describe("admission", () => {
  test("1,000 requests at once on 50 places admit exactly 50, and a released place is free again", () => {
    const admission = createAdmission();
    const snapshot = snapshotWith({ concurrentRequests: 50 });
    const verdicts = Array.from({ length: 1000 }, () => admission.admit(caller, snapshot, 0));
    const admitted = verdicts.filter((verdict) => verdict.ok);
    expect(admitted).toHaveLength(50);
    expect(admission.inFlight()).toBe(50);
    const [first] = admitted;
    if (first?.ok) {
      first.value.release();
      first.value.release();
    }
    expect(admission.inFlight()).toBe(49);
    expect(admission.admit(caller, snapshot, 0).ok).toBe(true);
    expect(admission.admit(caller, snapshot, 0).ok).toBe(false);
  });

  test("requests a minute bind, say when to return, and refill evenly", () => {
    const admission = createAdmission();
    const snapshot = snapshotWith({ requestsPerMinute: 60 });
    for (let i = 0; i < 60; i++) expect(admission.admit(caller, snapshot, 1000).ok).toBe(true);
    const refused = admission.admit(caller, snapshot, 1000);
    expect(!refused.ok && refused.fault).toMatchObject({ kind: "rate_limited", retryAfterMs: 1000 });
    expect(admission.admit(caller, snapshot, 2000).ok).toBe(true);
    expect(admission.admit(caller, snapshot, 2000).ok).toBe(false);
  });

  test("one key's limit does not touch another's", () => {
    const admission = createAdmission();
    const snapshot = snapshotWith({ requestsPerMinute: 1 });
    expect(admission.admit(caller, snapshot, 0).ok).toBe(true);
    expect(admission.admit({ ...caller, keyId: "other" }, snapshot, 0).ok).toBe(true);
    expect(admission.admit(caller, snapshot, 0).ok).toBe(false);
  });
});
