/** What is seen of requests: metrics, records, warnings, what a provider is sent; and what nobody ever sees. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Decision } from "../../src/core/decision.ts";
import type { Explanation } from "../../src/policy/explain/explain.ts";
import { endToEnd } from "./end-to-end.ts";
import {
  admin,
  chat,
  clearFaults,
  decisionOf,
  eventually,
  inject,
  KEY,
  listDecisions,
  type RunningGateway,
  startGateway,
} from "./harness.ts";
import { INSTANT, KEYS, PROVIDER_SECRET, testPolicy, withUpstream } from "./policies.ts";
import { type Family, parsePrometheus, sumOf } from "./prometheus-text.ts";
import { type RecordingUpstream, startUpstream } from "./recording-upstream.ts";

endToEnd();

const ROUTES = `routes:
  - name: limited-go-small
    use_case: support-chat
    when: caller.tier == "limited"
    ladder: { primary: pebble, fallback: [nimbus] }
  - name: short-goes-small
    use_case: support-chat
    when: signals.input_tokens < 8 && !request.has_tools
    ladder: { primary: pebble, fallback: [atlas] }
`;

let upstream: RecordingUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = startUpstream();
  gateway = await startGateway({
    policy: withUpstream(testPolicy(), upstream.baseUrl).replace("keys:\n", `${ROUTES}keys:\n`),
    scenario: INSTANT,
    env: { [PROVIDER_SECRET.name]: PROVIDER_SECRET.value },
  });
});
afterAll(() => upstream.stop());

const LONG =
  "Please tell me where the parcel with the order number 12345 is, and when it will arrive at my door.";

function ask(
  body: Readonly<Record<string, unknown>> = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  return chat(gateway, { messages: [{ role: "user", content: LONG }], ...body }, { headers });
}

async function metrics(): Promise<ReadonlyMap<string, Family>> {
  const response = await fetch(`${gateway.url}/metrics`);
  expect(response.headers.get("content-type")).toStartWith("text/plain; version=0.0.4");
  return parsePrometheus(await response.text());
}

describe("metrics", () => {
  test("are Prometheus text, and count requests, attempts, blame and circuits", async () => {
    const before = await metrics();
    const grown = (after: ReadonlyMap<string, Family>, name: string, labels: Record<string, string>) =>
      sumOf(after, name, labels) - sumOf(before, name, labels);

    for (let i = 0; i < 3; i++) await (await ask()).text();
    await (await ask({ stream: true })).text();
    await inject(gateway, { fault: { status: 503 }, match: { deployment: "atlas-us" } });
    await (await ask()).text();
    await clearFaults(gateway);
    await inject(gateway, { fault: { status: 400 }, match: { deployment: "atlas-us" } });
    await (await ask()).text();
    await clearFaults(gateway);
    await inject(gateway, { fault: { throttle: "10ms" }, match: { deployment: "atlas-us" } });
    await (await ask()).text();
    await clearFaults(gateway);

    const after = await metrics();
    const requests = { use_case: "support-chat", outcome: "answered", status: "200" };
    expect(grown(after, "pointsman_requests_total", { ...requests, rung: "primary" })).toBe(4);
    expect(grown(after, "pointsman_requests_total", { ...requests, rung: "cross-region" })).toBe(2);
    expect(
      grown(after, "pointsman_requests_total", {
        use_case: "support-chat",
        outcome: "failed",
        status: "400",
      }),
    ).toBe(1);
    const attempts = { deployment: "atlas-us" };
    expect(grown(after, "pointsman_attempts_total", { ...attempts, result: "ok" })).toBe(4);
    expect(grown(after, "pointsman_attempts_total", { ...attempts, kind: "outage", blame: "provider" })).toBe(
      1,
    );
    expect(
      grown(after, "pointsman_attempts_total", { ...attempts, kind: "invalid", blame: "application" }),
    ).toBe(1);
    expect(grown(after, "pointsman_attempts_total", { ...attempts, kind: "throttled", blame: "quota" })).toBe(
      1,
    );
    for (const deployment of ["atlas-us", "atlas-eu", "nimbus-us", "pebble-us", "recorded-here"]) {
      const row = after
        .get("pointsman_circuit_state")
        ?.samples.find((sample) => sample.labels.deployment === deployment);
      expect(row?.value).toBe(0);
    }
    expect(after.get("pointsman_request_duration_seconds")?.type).toBe("histogram");
    expect(after.get("pointsman_first_token_seconds")?.samples.length).toBeGreaterThan(0);
    expect(
      grown(after, "pointsman_tokens_total", { deployment: "atlas-us", class: "output" }),
    ).toBeGreaterThan(0);
    expect(grown(after, "pointsman_cost_nanodollars_total", { deployment: "atlas-us" })).toBeGreaterThan(0);
    expect(sumOf(after, "pointsman_in_flight_requests")).toBe(0);
    expect(sumOf(after, "pointsman_policy_info")).toBe(1);
  });

  test("a model without a price is counted as such, and its cost is unknown, not zero", async () => {
    const response = await ask({ model: "recorded-chat" });
    await response.text();
    expect(response.headers.has("x-pointsman-cost-usd")).toBe(false);
    expect((await decisionOf(gateway, response)).cost).toBeNull();
    expect(
      sumOf(await metrics(), "pointsman_unpriced_attempts_total", { deployment: "recorded-here" }),
    ).toBeGreaterThan(0);
  });

  test("callers cannot add series: unknown models, keys and paths leave the same ones", async () => {
    const tryOut = async (from: number) => {
      for (let i = from; i < from + 5; i++) {
        await (await ask({ model: `made-up-${i}` })).text();
        await (await ask({}, { authorization: `Bearer made-up-${i}` })).text();
        await (await fetch(`${gateway.url}/made-up-${i}`)).text();
      }
      return [...(await metrics()).values()].reduce((sum, family) => sum + family.samples.length, 0);
    };
    expect(await tryOut(5)).toBe(await tryOut(0));
  });
});

describe("decision records", () => {
  test("page by cursor both ways over the same records", async () => {
    const own: string[] = [];
    let last: Response | null = null;
    for (let i = 0; i < 7; i++) {
      last = await ask({ model: "elsewhere-chat" });
      own.push(last.headers.get("x-pointsman-decision") ?? "");
      await last.text();
    }
    if (last) await decisionOf(gateway, last);
    const filter = "use_case=elsewhere-chat&limit=3";
    const walk = async (first: string, direction: "before" | "after") => {
      const seen: string[] = [];
      for (let query: string | null = first; query !== null; ) {
        const page = await listDecisions(gateway, `${filter}${query}`);
        expect(page.decisions.length).toBeLessThanOrEqual(3);
        seen.push(...page.decisions.map(({ id }) => id));
        query = page.cursor === null ? null : `&${direction}=${page.cursor}`;
      }
      return seen;
    };
    expect(await walk("", "before")).toEqual(own.toReversed());
    expect(await walk(`&after=${own[0]}`, "after")).toEqual(own.slice(1));
    expect(await walk(`&before=${own[3]}`, "before")).toEqual(own.slice(0, 3).toReversed());
  });

  test("filter by outcome, and hold tokens, cost, waits and times of every attempt", async () => {
    await inject(gateway, { fault: { status: 503 } });
    const response = await ask();
    await response.text();
    await clearFaults(gateway);
    const id = (await decisionOf(gateway, response)).id;
    const page = await listDecisions(gateway, "outcome=degraded");
    expect(page.decisions.map((decision) => decision.id)).toContain(id);
    for (const decision of page.decisions) expect(decision.outcome).toBe("degraded");

    const good = await ask();
    await good.text();
    const decision = await decisionOf(gateway, good);
    expect(decision).toMatchObject({
      keyId: "demo",
      tenant: "demo",
      tier: "premium",
      wire: "openai-chat",
      modelVersion: expect.any(String),
      simulated: true,
    });
    for (const attempt of decision.attempts.filter(({ result }) => result === "ok")) {
      expect(attempt.usage?.outputTokens).toBeGreaterThan(0);
      expect(attempt.cost).toBeGreaterThan(0);
      expect(attempt.durationMs).toBeGreaterThanOrEqual(0);
      expect(attempt.waitedMs).toBeGreaterThanOrEqual(0);
      expect(attempt.startedAtMs + attempt.durationMs).toBeLessThanOrEqual(decision.durationMs);
    }
  });
});

describe("explain", () => {
  const cases: readonly (readonly [string, Record<string, unknown>, string | null])[] = [
    ["a long question", { messages: [{ role: "user", content: LONG }] }, null],
    ["a greeting", { messages: [{ role: "user", content: "Hey" }] }, null],
    [
      "a greeting with an image",
      {
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "Hey" },
              { type: "image_url", image_url: { url: "https://example.com/a.png" } },
            ],
          },
        ],
      },
      null,
    ],
    ["many choices", { messages: [{ role: "user", content: LONG }], n: 2 }, null],
    ["a key of the limited tier", { messages: [{ role: "user", content: LONG }] }, "limited"],
  ];

  test.each(cases.map((one) => [...one] as [string, Record<string, unknown>, string | null]))(
    "says of %s what then happens",
    async (_, request, key) => {
      const caller =
        key === null ? { key: "demo", tenant: "demo", tier: "premium" } : { key, tenant: "acme", tier: key };
      const body = { model: "support-chat", ...request };
      const explained = (await admin(gateway, "/admin/explain", { request: body, caller })) as Explanation;
      const response = await ask(body, key === null ? {} : { authorization: `Bearer ${KEYS.limited}` });
      expect(response.status).toBe(200);
      await response.text();
      const decision: Decision = await decisionOf(gateway, response);
      expect(decision.rule).toBe(explained.rule);
      expect(decision.policyVersion).toBe(explained.policyVersion);
      expect(decision.estimatedInputTokens).toBe(explained.estimatedInputTokens);
      expect([...decision.refusals]).toEqual([...explained.refusals]);
      expect(decision.attempts[0]?.deployment).toBe(explained.ladder[0]?.candidates[0]?.deployment ?? "none");
      expect(decision.rung).toBe(explained.ladder[0]?.rung ?? "degraded");
    },
  );

  test("calls nobody", async () => {
    const before = upstream.calls.length;
    const explained = await admin(gateway, "/admin/explain", {
      request: { model: "recorded-chat", messages: [{ role: "user", content: "Hi" }] },
    });
    expect(explained).toMatchObject({ useCase: "recorded-chat", fault: null });
    expect(upstream.calls.length).toBe(before);
  });
});

test("no prompt, answer, key or secret is in any metric, log line, record, error or file", async () => {
  const prompt = "zebra-prompt-93b1";
  const strangersKey = "pm_zebra_key_93b1";
  const user = "zebra-user-93b1";
  const everything: string[] = [];
  const body = { messages: [{ role: "user", content: prompt }], user };
  for (const stream of [false, true]) {
    for (const model of ["support-chat", "recorded-chat"])
      await (await ask({ ...body, model, stream })).text();
  }
  everything.push(await (await ask({ ...body, temperature: prompt })).text());
  everything.push(await (await ask({ ...body, [prompt]: 1, n: 99 })).text());
  everything.push(await (await ask(body, { authorization: `Bearer ${strangersKey}` })).text());
  await inject(gateway, { fault: { status: 500 } });
  const failed = await ask({ ...body, model: "bare-chat" });
  everything.push(await failed.text());
  await clearFaults(gateway);
  await decisionOf(gateway, failed);

  everything.push(await (await fetch(`${gateway.url}/metrics`)).text(), gateway.errors());
  for (const path of [
    "/admin/decisions?limit=500",
    "/admin/policy",
    "/admin/policy/history",
    "/admin/health",
    "/openapi.json",
  ]) {
    everything.push(JSON.stringify(await admin(gateway, path)));
  }
  for (const entry of readdirSync(gateway.dataDirectory, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) everything.push(readFileSync(join(entry.parentPath, entry.name), "latin1"));
  }
  const all = everything.join("\n");
  for (const word of [prompt, strangersKey, user, KEY, PROVIDER_SECRET.value, KEYS.limited])
    expect(all).not.toContain(word);
  // The search would find what is there.
  expect(all).toContain("recorded-chat");
});

test("probes and published documents need no key", async () => {
  for (const path of [
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/schema/policy.json",
    "/schema/scenario.json",
  ]) {
    expect((await fetch(`${gateway.url}${path}`)).status).toBe(200);
  }
  const published: unknown = await (await fetch(`${gateway.url}/schema/policy.json`)).json();
  const file: unknown = JSON.parse(
    readFileSync(join(import.meta.dir, "../../schemas/policy.schema.json"), "utf8"),
  );
  expect(published).toEqual(file);
});

test("the log is one JSON object a line", async () => {
  await eventually(async () => gateway.errors().includes("policy_activated"));
  for (const line of gateway.errors().trimEnd().split("\n")) {
    expect(JSON.parse(line)).toMatchObject({
      time: expect.any(String),
      level: expect.any(String),
      event: expect.any(String),
    });
  }
});

test.each([
  ["GET", "/healthz", 200],
  ["GET", "/openapi.json", 200],
  ["GET", "/metrics", 200],
  ["GET", "/v1/models", 200],
  ["GET", "/v1/files", 200],
  ["GET", "/v1/jobs", 200],
  ["GET", "/admin/policy", 200],
  ["POST", "/admin/policy/unpin", 409],
  ["GET", "/admin/nope", 404],
  ["GET", "/v1/chat/completions", 405],
])("%s %s: every answer has its request's id", async (method, path, status) => {
  const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
  const body = method === "POST" ? "{}" : null;
  const response = await fetch(`${gateway.url}${path}`, { method, headers, body });
  expect(response.status).toBe(status);
  const id = response.headers.get("x-request-id");
  expect(id).toStartWith("req_");
  if (!response.ok) expect(await response.json()).toMatchObject({ request_id: id });
});
