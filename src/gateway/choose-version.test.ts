import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { BASE_POLICY, FAKE_CALLER, FAKE_REQUEST, snapshotOf } from "../policy/fake-policy.ts";
import { authenticateAtAll, identifyAtAll, policyFor, settleVersion } from "./choose-version.ts";
import type { Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";

const digest = (key: string) => createHash("sha256").update(key).digest("hex");
const keys = (...entries: readonly (readonly [id: string, key: string, tier: string])[]) =>
  entries.map(([id, key, tier]) => ({
    id,
    sha256: digest(key),
    tenant: "acme",
    tier,
    role: "caller" as const,
    useCases: null,
    aws: null,
  }));

const base = snapshotOf(BASE_POLICY);
const older = {
  ...base,
  version: "p@1",
  keys: keys(["both", "k-both", "standard"], ["gone", "k-gone", "standard"]),
};
const newer = {
  ...base,
  version: "p@2",
  keys: keys(["both", "k-both", "premium"], ["new", "k-new", "standard"]),
};
const gateway = { random: () => 0.5, clock: { now: () => 0 } } as unknown as Gateway;
const http = { request: new Request("http://x"), body: new Uint8Array(), trusted: false };

function exchange(key: string, share: number): Exchange {
  const headers = { authorization: `Bearer ${key}`, apiKey: null };
  return { headers, snapshot: older, split: { older, newer, share, seed: 42 } } as unknown as Exchange;
}

/** The version and the tier that a user of `key` gets, or the fault. */
function ask(key: string, share: number, user: string) {
  const one = exchange(key, share);
  const known = identifyAtAll(one);
  if (!known.ok) return known.fault.code;
  const settled = settleVersion(gateway, one, { ...FAKE_REQUEST, user }, known.value.caller, http);
  return settled.ok ? `${one.snapshot.version} ${settled.value.tier}` : settled.fault.code;
}

describe("while a version takes over", () => {
  test("users are parted by its share, and stay with it while the share grows", () => {
    const users = Array.from({ length: 1_000 }, (_, n) => `u${n}`);
    const at = (share: number) => users.filter((user) => ask("k-both", share, user).startsWith("p@2"));
    const fifth = at(20);
    // Binomial(1000, 0.2): five standard deviations are 63.
    expect(Math.abs(fifth.length - 200)).toBeLessThan(64);
    expect(at(60)).toEqual(expect.arrayContaining(fifth));
    expect(at(100)).toEqual(users);
  });

  test("who the caller is, is said by the version that serves", () => {
    const said = new Set(Array.from({ length: 100 }, (_, n) => ask("k-both", 50, `u${n}`)));
    expect(said).toEqual(new Set(["p@1 standard", "p@2 premium"]));
  });

  test("a key that only the newer one has is served by it; one that it takes away ends with its share", () => {
    expect(ask("k-new", 1, "u1")).toBe("p@2 standard");
    expect(ask("k-gone", 100, "u1")).toBe("invalid_api_key");
    const said = new Set(Array.from({ length: 100 }, (_, n) => ask("k-gone", 50, `u${n}`)));
    expect(said).toEqual(new Set(["p@1 standard", "invalid_api_key"]));
    expect(ask("k-nobody", 50, "u1")).toBe("invalid_api_key");
  });

  test("a caller who was authenticated before is not asked again", () => {
    const one = exchange("k-nobody", 100);
    const trusted = { ...http, trusted: true };
    expect(settleVersion(gateway, one, FAKE_REQUEST, FAKE_CALLER, trusted)).toMatchObject({ ok: true });
    expect(one.snapshot.version).toBe("p@2");
  });

  test("one whose key the newer one alone has is served by it, also where the work is the gateway's own", () => {
    const one = exchange("k-new", 1);
    const owner = { ...FAKE_CALLER, keyId: "new" };
    expect(settleVersion(gateway, one, FAKE_REQUEST, owner, { ...http, trusted: true })).toMatchObject({
      ok: true,
    });
    expect(one.snapshot.version).toBe("p@2");
  });

  test("a key of either is known beside inference, and the policy that holds for it is the one that has it", () => {
    const versions = { snapshot: () => older, split: () => ({ older, newer, share: 1, seed: 42 }) };
    const roleOf = (key: string) => {
      const caller = authenticateAtAll({ authorization: `Bearer ${key}`, apiKey: null }, versions);
      if (!caller.ok) return caller.fault.code;
      return `${policyFor(versions, caller.value).version} ${caller.value.tier}`;
    };
    expect(["k-both", "k-gone", "k-new", "k-nobody"].map(roleOf)).toEqual([
      "p@1 standard",
      "p@1 standard",
      "p@2 standard",
      "invalid_api_key",
    ]);
    expect(policyFor(versions, undefined)).toBe(older);
    expect(policyFor(versions, { keyId: "new", tenant: "globex" })).toBe(older);
    expect(policyFor({ snapshot: () => older }, { keyId: "new", tenant: "acme" })).toBe(older);
  });
});
