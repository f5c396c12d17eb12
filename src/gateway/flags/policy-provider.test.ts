import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Client, OpenFeature } from "@openfeature/server-sdk";
import { FakeClock } from "../../core/fake-clock.ts";
import { BASE_POLICY, FAKE_HEALTH, snapshotOf } from "../../policy/fake-policy.ts";
import { createPolicyProvider } from "./policy-provider.ts";

const POLICY = `${BASE_POLICY}flags:
  fast: { rules: [{ match: { tier: free }, variant: on }], rollout: { percent: 50, sticky: user } }
  model: { variants: { old: large, new: small }, default: old }
  limit: { variants: { low: 1, high: 2 }, default: high }
`;
const DOMAIN = "policy-provider-test";
let client: Client;

beforeAll(async () => {
  const snapshot = snapshotOf(POLICY);
  const ports = { snapshot: () => snapshot, clock: new FakeClock(), random: () => 0.5, health: FAKE_HEALTH };
  await OpenFeature.setProviderAndWait(DOMAIN, createPolicyProvider(ports));
  client = OpenFeature.getClient(DOMAIN);
});
afterAll(() => OpenFeature.clearProviders());

test("a client of OpenFeature sees value, variant and reason", async () => {
  expect(await client.getBooleanDetails("fast", false, { tier: "free" })).toMatchObject({
    value: true,
    variant: "on",
    reason: "TARGETING_MATCH",
  });
  expect(await client.getStringDetails("model", "x")).toMatchObject({
    value: "large",
    variant: "old",
    reason: "DEFAULT",
  });
  expect(await client.getNumberValue("limit", 0)).toBe(2);
});

test("a rollout sticks to the targeting key", async () => {
  const values: boolean[] = [];
  for (let i = 0; i < 200; i++) {
    const details = await client.getBooleanDetails("fast", false, { targetingKey: `u${i}` });
    expect(details.reason).toBe("SPLIT");
    expect(await client.getBooleanValue("fast", false, { targetingKey: `u${i}` })).toBe(details.value);
    values.push(details.value);
  }
  const on = values.filter(Boolean).length;
  // Binomial(200, 1/2): five standard deviations are 35.
  expect(Math.abs(on - 100)).toBeLessThan(36);
});

test("what is not there, and what is of another kind, is the caller's default with a code", async () => {
  expect(await client.getBooleanDetails("slow", true)).toMatchObject({
    value: true,
    errorCode: "FLAG_NOT_FOUND",
  });
  expect(await client.getBooleanDetails("model", true)).toMatchObject({
    value: true,
    errorCode: "TYPE_MISMATCH",
  });
  expect(await client.getObjectDetails("model", { a: 1 })).toMatchObject({
    value: { a: 1 },
    errorCode: "TYPE_MISMATCH",
  });
});
