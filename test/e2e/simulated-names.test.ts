/** A policy of one's own with the simulator and no scenario: faults strike by the names that the policy gives. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { endToEnd } from "./end-to-end.ts";
import { chat, inject, ROOT, type RunningGateway, startGateway } from "./harness.ts";

endToEnd();

const POLICY = `version: 1
name: names
providers:
  sim: { kind: simulator }
models:
  talk: { context_window: 8000, prices: { input: 1, output: 1 } }
deployments:
  talk-us: { model: talk, provider: sim, model_id: t, region: us-east-1 }
  talk-eu: { model: talk, provider: sim, model_id: t, region: eu-west-1 }
use_cases:
  support-chat:
    ladder: { primary: talk@us-east-1, cross_region: auto, degraded: [{ busy: { message: Later. } }] }
keys: [{ id: test, env: POINTSMAN_DEMO_KEY, tenant: test, role: admin }]
`;

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway({ policy: POLICY });
});
afterAll(() => gateway.stop());

const rung = async () => {
  const response = await chat(gateway, {});
  await response.text();
  return response.headers.get("x-pointsman-rung");
};

test("by region, by model", async () => {
  await inject(gateway, { match: { region: "us-east-1" }, fault: { status: 503 } });
  expect(await rung()).toBe("cross-region");
  await inject(gateway, { match: { model: "talk" }, fault: { status: 503 } });
  expect(await rung()).toBe("degraded");
});

test("a fault of a deployment that the policy has not is told at the start, with what it may have meant", async () => {
  const faults = `version: 1
faults:
  - { name: typo, match: { deployment: [talk-uk, talk-eu] }, fault: { status: 503 } }
`;
  const mistaken = await startGateway({ policy: POLICY, scenario: faults });
  const errors = mistaken.errors();
  await mistaken.stop();
  expect(errors).toContain(
    '"event":"fault_of_unknown_deployment","deployment":"talk-uk","fix":"Did you mean',
  );
  expect(errors).not.toContain('"deployment":"talk-eu"');
});

test("a scenario that puts a deployment in another region than the policy is told of", async () => {
  const described = `version: 1
deployments:
  talk-us: { region: us-east-1 }
  talk-eu: { region: eu-central-1 }
  other: { region: mars }
`;
  const mistaken = await startGateway({ policy: POLICY, scenario: described });
  const errors = mistaken.errors();
  await mistaken.stop();
  expect(errors).toContain(
    '"event":"scenario_differs_from_policy","deployment":"talk-eu","region":"eu-central-1","fix":"Write region: eu-west-1',
  );
  expect(errors.match(/scenario_differs_from_policy/g)).toHaveLength(1);
});

test.each(["calm", "region-outage", "bad-day"])(
  "the scenario %s says what the example policy says",
  async (name) => {
    const read = (path: string) => readFileSync(join(ROOT, "examples", path), "utf8");
    const scenario = read(`scenarios/${name}.yaml`);
    const example = await startGateway({ policy: read("policy.yaml"), scenario });
    const errors = example.errors();
    await example.stop();
    expect(errors).not.toMatch(/scenario_differs_from_policy|fault_of_unknown_deployment/);
  },
);
