import { expect, test } from "bun:test";
import { BASE_POLICY, routeInput, snapshotOf } from "../policy/fake-policy.ts";
import { draftRoute } from "../policy/routing/plan.ts";
import { takeArm } from "./arm.ts";
import type { Exchange } from "./exchange.ts";

test("whoever routes the request again gets the same arm, and its prompt is counted once", () => {
  const policy = `${BASE_POLICY}rollouts:
  - name: r
    sticky: request
    canary: { weight: 50, candidate: { model: small, system_prompt: { id: p, version: 1, text: "${"x".repeat(80)}" } } }
`;
  const draws = [0.9, 0.1, 0.1];
  const input = routeInput(snapshotOf(policy), { random: () => draws.shift() ?? 0.1 });
  const plan = draftRoute(input);
  if (!plan.arm) throw new Error("no arm");
  expect(plan.arm.label).toBe("r/candidate");
  const exchange = { request: null, route: null } as unknown as Exchange;
  takeArm(exchange, input, plan, plan.arm);
  expect(exchange.request?.messages[0]?.role).toBe("system");
  if (!exchange.route) throw new Error("no route");
  const again = draftRoute(exchange.route);
  expect(again.arm?.label).toBe("r/candidate");
  expect(again.estimatedInputTokens).toBe(plan.estimatedInputTokens);
  expect(again.estimatedInputTokens).toBe(30);
});
