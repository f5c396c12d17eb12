/** A count that the provider does not give is our own estimate, and the provider's failure stays its failure. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { endToEnd } from "./end-to-end.ts";
import { admin, decisionOf, eventually, KEY, type RunningGateway, startGateway } from "./harness.ts";

endToEnd();

let answer = () => new Response("{}");
const upstream = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => answer() });
let gateway: RunningGateway;

beforeAll(async () => {
  const base = `http://127.0.0.1:${upstream.port}`;
  const useCase = (model: string) =>
    `{ latency_tier: interactive, deadline: 5s, ladder: { primary: ${model}, degraded: [{ busy: { message: Later. } }] } }`;
  const policy = `version: 1
name: counting
providers:
  claude: { kind: anthropic, base_url: "${base}", credential: { env: COUNT_TEST_KEY } }
  plain: { kind: openai-compatible, base_url: "${base}/v1" }
models:
  atlas: { context_window: 32000, prices: { input: 3, output: 15 } }
  nimbus: { context_window: 32000, prices: { input: 3, output: 15 } }
deployments:
  atlas: { model: atlas, provider: claude, model_id: m, region: us-east-1 }
  nimbus: { model: nimbus, provider: plain, model_id: m, region: us-east-1 }
use_cases:
  counted: ${useCase("atlas")}
  estimated: ${useCase("nimbus")}
circuit: { consecutive_failures: 3, open_for: 60s }
`;
  gateway = await startGateway({ policy, env: { COUNT_TEST_KEY: "sk-ant-test" } });
});
afterAll(() => upstream.stop(true));

async function count(model: string) {
  const response = await fetch(`${gateway.url}/v1/messages/count_tokens`, {
    method: "POST",
    headers: { "x-api-key": KEY, "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "How many tokens is this?" }] }),
  });
  return { response, body: (await response.json()) as { input_tokens?: number } };
}

async function healthOf(deployment: string) {
  const { deployments } = (await admin(gateway, "/admin/health")) as {
    deployments: readonly Record<string, unknown>[];
  };
  return deployments.find((row) => row.deployment === deployment);
}

test("a provider that counts is well, and counting is free", async () => {
  answer = () => Response.json({ input_tokens: 123 });
  const { response, body } = await count("counted");
  expect(body.input_tokens).toBe(123);
  expect(response.headers.get("x-pointsman-warnings")).toBeNull();
  expect(await healthOf("atlas")).toMatchObject({ state: "closed", calls: 1, failures: 0, inFlight: 0 });
  expect(await decisionOf(gateway, response)).toMatchObject({
    cost: 0,
    attempts: [{ result: "ok", cost: 0 }],
  });
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(metrics).not.toMatch(/pointsman_unpriced_attempts_total\{.*atlas/);
});

test("one that throttles has taught its circuit nothing, and its quota cools down as after any call", async () => {
  answer = () => Response.json({}, { status: 429, headers: { "retry-after": "4" } });
  const { response, body } = await count("counted");
  expect(response.status).toBe(200);
  expect(body.input_tokens).toBeGreaterThan(3);
  expect(await healthOf("atlas")).toMatchObject({ calls: 1, failures: 0, cooldownUntil: expect.any(Number) });
  await eventually(async () => (await healthOf("atlas"))?.cooldownUntil === null);
});

test("one that fails is asked no more after as many failures as any call may have", async () => {
  answer = () => new Response("{}", { status: 503 });
  for (let call = 0; call < 3; call++) {
    const { response, body } = await count("counted");
    expect(response.status).toBe(200);
    expect(body.input_tokens).toBeGreaterThan(3);
    expect(response.headers.get("x-pointsman-warnings")).toBe("input_tokens");
    const decision = await decisionOf(gateway, response);
    expect(decision).toMatchObject({
      outcome: "answered",
      attempts: [{ deployment: "atlas", result: "fault", fault: { kind: "outage" } }],
    });
  }
  expect(await healthOf("atlas")).toMatchObject({ state: "open", reason: "failures", inFlight: 0 });
});

test("a deployment that cannot count is not called, and nothing is learnt of it", async () => {
  let calls = 0;
  answer = () => {
    calls++;
    return Response.json({});
  };
  for (let call = 0; call < 3; call++) {
    const { response, body } = await count("estimated");
    expect(response.status).toBe(200);
    expect(body.input_tokens).toBeGreaterThan(3);
  }
  expect(calls).toBe(0);
  expect(await healthOf("nimbus")).toMatchObject({ calls: 0, failures: 0, firstTokenMs: null, inFlight: 0 });
});
