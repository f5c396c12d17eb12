import { describe, expect, test } from "bun:test";
import { createMemoryStore } from "../../../store/memory/memory-store.ts";
import { type OpenSourceOptions, openSource } from "./open-source.ts";

const options = (address: string, changes: Partial<OpenSourceOptions> = {}): OpenSourceOptions => ({
  address,
  environment: null,
  env: {},
  heads: createMemoryStore().policyHeads,
  wall: () => 0,
  ...changes,
});

function opened(address: string, changes: Partial<OpenSourceOptions> = {}) {
  const source = openSource(options(address, changes));
  if (!source.ok) throw new Error(source.problem);
  return source;
}

describe("the pace", () => {
  test.each([
    ["/nowhere/policy.yaml", "file", 250],
    ["https://h.example/p.yaml", "https", 30_000],
    ["s3://bucket/p.yaml", "s3", 30_000],
    ["ssm:/p", "ssm", 30_000],
    ["appconfig:a/e/p", "appconfig", 30_000],
    ["appconfig-agent:a/e/p", "appconfig-agent", 5_000],
    ["store:", "store", 1_000],
  ])("%s is a source of kind %s, asked every %p ms", (address, kind, intervalMs) => {
    const { source, pace } = opened(address);
    expect(source.kind).toBe(kind as typeof source.kind);
    expect(pace.intervalMs).toBe(intervalMs);
    expect(pace.limitMs).toBe(10_000);
  });

  test("POINTSMAN_POLICY_INTERVAL sets it for all but files", () => {
    const env = { POINTSMAN_POLICY_INTERVAL: "2m" };
    expect(opened("https://h.example/p.yaml", { env }).pace.intervalMs).toBe(120_000);
    expect(opened("/nowhere/policy.yaml", { env }).pace.intervalMs).toBe(250);
  });

  test("files are neither left alone when they fail nor asked at random", () => {
    expect(opened("/nowhere/policy.yaml").pace).toMatchObject({ jitter: 0, maxBackoffMs: 250 });
    expect(opened("ssm:/p").pace).toMatchObject({
      jitter: 0.1,
      firstBackoffMs: 1_000,
      maxBackoffMs: 300_000,
    });
  });
});

test("a server's date to come back at is by the machine's clock", async () => {
  const now = 1_700_000_000_000;
  const headers = { "retry-after": new Date(now + 120_000).toUTCString() };
  const fetch = () => new Response("Busy.", { status: 503, headers });
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch });
  const { source } = opened(`http://127.0.0.1:${server.port}/policy.yaml`, { wall: () => now });
  const fetched = await source.fetch(new AbortController().signal);
  await server.stop(true);
  expect(fetched).toMatchObject({ result: "failed", retryAfterMs: 120_000 });
});

test("the file that fills a store is named whole", () => {
  expect(opened("store:/etc/first.yaml").seed).toBe("/etc/first.yaml");
  expect(opened("store:").seed).toBeNull();
});

test.each([
  ["ssm:", {}, "Write ssm:/path/name"],
  ["store:", { heads: null }, "no store"],
  ["s3://bucket/k.yaml", { env: { POINTSMAN_POLICY_INTERVAL: "often" } }, "POINTSMAN_POLICY_INTERVAL"],
  ["s3://bucket/k.yaml", { env: { POINTSMAN_POLICY_INTERVAL: "1ms" } }, "POINTSMAN_POLICY_INTERVAL"],
  [
    "appconfig-agent:a/e/p",
    { env: { POINTSMAN_APPCONFIG_AGENT_URL: "http://agent.example:2772" } },
    "POINTSMAN_APPCONFIG_AGENT_URL",
  ],
])("%s with %j is refused", (address, changes, words) => {
  const source = openSource(options(address, changes));
  expect(source).toMatchObject({ ok: false, problem: expect.stringContaining(words) });
});
