/** What the ladder may spend: one deadline, one cost ceiling, the fleet's retry budget; and whom it cannot call. */
import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { endToEnd } from "./end-to-end.ts";
import {
  callsUpstream,
  chat,
  clearFaults,
  decisionOf,
  inject,
  type RunningGateway,
  startGateway,
} from "./harness.ts";
import { INSTANT, TEMPLATE_WORDS, testPolicy } from "./policies.ts";

endToEnd();

const DEADLINE_MS = 1_000;
const BUDGET_RATIO = 0.2;

/** Two providers that cannot be called, a use case that must be cheap, and no retries beyond the ratio. */
const POLICY = testPolicy({ deadline: `${DEADLINE_MS}ms` })
  .replace(
    "providers:\n",
    `providers:
  refusing: { kind: openai-compatible, base_url: "http://127.0.0.1:9/v1" }
  locked: { kind: openai-compatible, base_url: "http://127.0.0.1:9/v1", credential: { env: E2E_NOT_SET } }
`,
  )
  .replace(
    "\nmodels:\n",
    `
models:
  refused: { context_window: 32000 }
  unlocked: { context_window: 32000 }
`,
  )
  .replace(
    "deployments:\n",
    `deployments:
  refused-here: { model: refused, provider: refusing, model_id: x, region: on-prem }
  locked-here: { model: unlocked, provider: locked, model_id: x, region: on-prem }
`,
  )
  .replace(
    "use_cases:\n",
    `use_cases:
  refused-chat: { ladder: { primary: refused, fallback: [nimbus] } }
  locked-chat: { ladder: { primary: unlocked, fallback: [nimbus] } }
  thrifty-chat: { cost_ceiling_usd: 0.001, ladder: { primary: atlas, fallback: [pebble] } }
`,
  )
  .replace("budget_per_second: 100", `budget_ratio: ${BUDGET_RATIO}, budget_per_second: 0`)
  .replace("consecutive_failures: 5", "consecutive_failures: 100000");

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({ policy: POLICY, scenario: INSTANT });
});
afterEach(() => clearFaults(gateway));

async function total(): Promise<number> {
  return Object.values(await callsUpstream(gateway)).reduce((sum, calls) => sum + calls, 0);
}

/** Every request earns a share of a retry: these are enough for the tests that need one. */
async function earnRetries(): Promise<void> {
  for (let i = 0; i < 20; i++) await (await chat(gateway, {})).text();
}

describe("deployments that cannot be called", () => {
  test("an endpoint that refuses connections is an outage", async () => {
    await earnRetries();
    const response = await chat(gateway, { model: "refused-chat" });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pointsman-rung")).toBe("fallback");
    const { attempts } = await decisionOf(gateway, response);
    expect(attempts).toMatchObject([
      { deployment: "refused-here", fault: { kind: "outage", code: "connection_refused" } },
      { deployment: "nimbus-us", result: "ok" },
    ]);
  });

  test("a deployment without its secret is refused before any call", async () => {
    const response = await chat(gateway, { model: "locked-chat" });
    expect(response.status).toBe(200);
    const { attempts, refusals } = await decisionOf(gateway, response);
    expect(refusals).toMatchObject([{ deployment: "locked-here", constraint: "credential" }]);
    expect(attempts).toMatchObject([{ deployment: "nimbus-us", result: "ok" }]);
  });
});

describe("the cost ceiling", () => {
  test("keeps a request from a model that could cost more", async () => {
    const response = await chat(gateway, { model: "thrifty-chat" });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pointsman-model")).toBe("pebble");
    expect(Number(response.headers.get("x-pointsman-cost-usd"))).toBeLessThan(0.001);
  });

  test("and lets it go there when the caller asks for little", async () => {
    const response = await chat(gateway, { model: "thrifty-chat", max_tokens: 10 });
    expect(response.headers.get("x-pointsman-model")).toBe("atlas");
    await response.text();
  });
});

test.each([false, true])(
  "the deadline binds the whole ladder: silence ends in the template (stream: %p)",
  async (stream) => {
    await earnRetries();
    await inject(gateway, { fault: "hang" });
    const before = performance.now();
    const response = await chat(gateway, { stream });
    expect(await response.text()).toContain(TEMPLATE_WORDS);
    const elapsed = performance.now() - before;
    // Not at once, since the models were given their time, and not a multiple of it.
    expect(elapsed).toBeGreaterThan(DEADLINE_MS / 4);
    expect(elapsed).toBeLessThan(DEADLINE_MS * 2);
    const { attempts } = await decisionOf(gateway, response);
    expect(attempts.length).toBeGreaterThan(1);
    for (const attempt of attempts) expect(attempt.fault?.kind).toBe("timeout");
  },
);

test("when everything fails, the providers see no more than the budget's share of additional calls", async () => {
  const REQUESTS = 200;
  await inject(gateway, { fault: { status: 503 } });
  // What earlier tests have earned within the window may be spent, too.
  const allowance = 20 * BUDGET_RATIO * 4;
  const before = await total();
  for (let i = 0; i < REQUESTS; i++) {
    const response = await chat(gateway, { model: "bare-chat" });
    expect(response.status).toBe(503);
    await response.text();
  }
  const calls = (await total()) - before;
  expect(calls).toBeGreaterThan(REQUESTS);
  expect(calls).toBeLessThanOrEqual(REQUESTS * (1 + BUDGET_RATIO) + allowance);
});
