/** A first token that is late is not waited for while another region has it; a fallback is tried before it is needed. */
import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { Attempt } from "../../src/core/decision.ts";
import { endToEnd } from "./end-to-end.ts";
import {
  admin,
  callsUpstream,
  chat,
  clearFaults,
  decisionOf,
  eventually,
  inject,
  type RunningGateway,
  readStream,
  startGateway,
} from "./harness.ts";
import { INSTANT, testPolicy } from "./policies.ts";

endToEnd();

const AFTER_MS = 150;
const SLOW_MS = 1500;

/** Hedges every request of support-chat; exercises a half of those of bare-chat. */
function policy(): string {
  return testPolicy({ firstToken: "3s", total: "5s", deadline: "10s" })
    .replace("description: Answers customers.", `hedge: { after: ${AFTER_MS}ms, max_share: 1 }`)
    .replace("  bare-chat:\n", "  bare-chat:\n    exercise: { share: 0.5 }\n");
}

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({ policy: policy(), scenario: INSTANT });
});
afterEach(() => clearFaults(gateway));

function slow(deployment: string): Promise<void> {
  return inject(gateway, {
    fault: { slow_first_token: `${SLOW_MS}ms` },
    match: { deployment: [deployment] },
  });
}

const told = (attempts: readonly Attempt[]) =>
  attempts.map(({ deployment, result, hedge }) => `${deployment} ${result}${hedge ? " hedge" : ""}`);

describe("hedging", () => {
  test.each([true, false])(
    "the other region answers in the place of a slow one (stream: %p)",
    async (stream) => {
      await slow("atlas-us");
      const startedAt = performance.now();
      const response = await chat(gateway, { stream });
      const body = stream ? await readStream(response) : await response.json();
      const tookMs = performance.now() - startedAt;
      expect(response.status).toBe(200);
      if (stream) expect(body).toMatchObject({ done: true, error: null });
      expect(tookMs).toBeGreaterThanOrEqual(AFTER_MS);
      expect(tookMs).toBeLessThan(SLOW_MS);
      expect(response.headers.get("x-pointsman-rung")).toBe("cross-region");
      expect(response.headers.get("x-pointsman-attempts")).toBe("2");
      const decision = await decisionOf(gateway, response);
      expect(told(decision.attempts)).toEqual(["atlas-us hedged_out", "atlas-eu ok hedge"]);
      const [lost] = decision.attempts;
      expect(lost?.usage).toMatchObject({ inputTokens: decision.estimatedInputTokens, outputTokens: 0 });
      expect(lost?.cost).toBeGreaterThan(0);
      expect(decision.cost).toBe((lost?.cost ?? 0) + (decision.attempts[1]?.cost ?? 0));
    },
  );

  test("where both are slow, the first one to begin answers and the other is let go", async () => {
    await slow("atlas-us");
    await slow("atlas-eu");
    const response = await chat(gateway, { stream: true });
    expect(await readStream(response)).toMatchObject({ done: true, error: null });
    const decision = await decisionOf(gateway, response);
    expect(told(decision.attempts)).toEqual(["atlas-eu hedged_out hedge", "atlas-us ok"]);
    await eventually(async () => {
      const { deployments } = (await admin(gateway, "/admin/health")) as {
        deployments: readonly { readonly inFlight: number }[];
      };
      return deployments.every((row) => row.inFlight === 0);
    });
  });

  test("an answer that begins in time costs one call", async () => {
    const before = await callsUpstream(gateway);
    const response = await chat(gateway, {});
    await response.text();
    const after = await callsUpstream(gateway);
    expect((after["atlas-us"] ?? 0) - (before["atlas-us"] ?? 0)).toBe(1);
    expect(after["atlas-eu"] ?? 0).toBe(before["atlas-eu"] ?? 0);
  });

  test("a request that can wait is not hedged", async () => {
    await slow("atlas-us");
    const response = await chat(gateway, {}, { headers: { "x-pointsman-latency-tier": "standard" } });
    await response.text();
    expect(told((await decisionOf(gateway, response)).attempts)).toEqual(["atlas-us ok"]);
  });

  test("a second call that fails leaves the first one its chance", async () => {
    await slow("atlas-us");
    await inject(gateway, { fault: { status: 503 }, match: { deployment: ["atlas-eu"] } });
    const response = await chat(gateway, {});
    await response.text();
    expect(response.status).toBe(200);
    expect(told((await decisionOf(gateway, response)).attempts)).toEqual([
      "atlas-eu fault hedge",
      "atlas-us ok",
    ]);
  });
});

describe("exercise", () => {
  async function ask(count: number) {
    const decisions = [];
    for (let asked = 0; asked < count; asked++) {
      const response = await chat(gateway, { model: "bare-chat" });
      await response.text();
      expect(response.status).toBe(200);
      decisions.push(await decisionOf(gateway, response));
    }
    return decisions;
  }

  test("some requests are answered by a later rung, and say so", async () => {
    const decisions = await ask(30);
    const exercised = decisions.filter((decision) => decision.exercise === true);
    expect(exercised.length).toBeGreaterThan(3);
    expect(exercised.length).toBeLessThan(27);
    for (const { rung, attempts } of exercised) {
      expect(rung).not.toBe("primary");
      expect(attempts).toHaveLength(1);
    }
    for (const { rung } of decisions.filter((decision) => !decision.exercise)) expect(rung).toBe("primary");
  });

  test("a later rung that fails is caught by the primary", async () => {
    await inject(gateway, { fault: { status: 503 }, match: { deployment: ["atlas-eu", "nimbus-us"] } });
    const decisions = await ask(12);
    const caught = decisions.filter((decision) => decision.exercise === true);
    expect(caught.length).toBeGreaterThan(0);
    for (const { rung } of decisions) expect(rung).toBe("primary");
  });
});
