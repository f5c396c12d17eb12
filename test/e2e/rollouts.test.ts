/** New models, prompts and parameters at live traffic: parted, sticky, copied, promoted and called back. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Decision } from "../../src/core/decision.ts";
import { endToEnd } from "./end-to-end.ts";
import {
  admin,
  chat,
  command,
  decisionOf,
  eventually,
  inject,
  KEY,
  listDecisions,
  pointsman,
  type RunningGateway,
  readStream,
  startGateway,
} from "./harness.ts";
import { INSTANT, PROVIDER_SECRET, testPolicy, withUpstream } from "./policies.ts";
import { type RecordingUpstream, startUpstream } from "./recording-upstream.ts";

const scratch = endToEnd();

const armOf = (response: Response) => response.headers.get("x-pointsman-arm");
const modelOf = (response: Response) => response.headers.get("x-pointsman-model");

/** A command about the policy file of `gateway`. */
async function rollout(gateway: RunningGateway, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await pointsman(["rollout", ...args, "--policy", gateway.policyFile]);
  if (code !== 0) throw new Error(stderr);
}

describe("a weighted canary", () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    const rollouts =
      "rollouts:\n  - { name: try, use_case: support-chat, canary: { candidate: nimbus, weight: 30 } }\n";
    gateway = await startGateway({ policy: testPolicy() + rollouts, scenario: INSTANT });
  });
  afterAll(() => gateway.stop());

  test("parts users by weight, keeps each where it is, and says so on header, record and metric", async () => {
    const seen = new Map<string, string | null>();
    for (let i = 0; i < 100; i++) {
      const response = await chat(gateway, { user: `u${i}` });
      expect(modelOf(response)).toBe(armOf(response) === "try/candidate" ? "nimbus" : "atlas");
      seen.set(`u${i}`, armOf(response));
    }
    const taken = [...seen].filter(([, arm]) => arm === "try/candidate");
    // Binomial(100, 0.3): five standard deviations are 23.
    expect(Math.abs(taken.length - 30)).toBeLessThan(23);
    for (const [user, arm] of seen) {
      const question = {
        request: { model: "support-chat", messages: [{ role: "user", content: "x" }], user },
      };
      const asked = { ...question, caller: { key: "demo", tenant: "demo", tier: "premium" } };
      const explained = (await admin(gateway, "/admin/explain", asked)) as { rollout: { arm: string } };
      expect(`try/${explained.rollout.arm}`).toBe(arm ?? "");
    }
    const again = await chat(gateway, { user: "u7", stream: true });
    expect(armOf(again)).toBe(seen.get("u7") ?? "");
    await readStream(again);
    const decision = await decisionOf(gateway, again);
    expect(decision.experiment).toEqual({ rollout: "try", arm: String(armOf(again)).slice("try/".length) });
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toMatch(
      /pointsman_routed_total\{policy_version="e2e@[0-9a-f]+",use_case="support-chat",rule="default",rollout="try",arm="candidate",outcome="answered"\} \d+/,
    );
  });

  test("another use case is none of its business", async () => {
    expect(armOf(await chat(gateway, { model: "bare-chat" }))).toBeNull();
  });

  test("rollout list tells what each arm got", async () => {
    const listed = await eventually(async () => {
      const { code, stdout } = await pointsman(["rollout", "list", "--url", gateway.url, "--json"], {
        env: { POINTSMAN_API_KEY: KEY },
      });
      const list = code === 0 ? (JSON.parse(stdout) as RolloutList) : null;
      const total = list?.rollouts[0]?.arms.reduce((sum, { requests }) => sum + requests, 0) ?? 0;
      return total >= 101 ? list : null;
    });
    const arms = listed.rollouts[0]?.arms ?? [];
    expect(arms.map(({ arm, weight, model }) => [arm, weight, model])).toEqual([
      ["stable", 70, null],
      ["candidate", 30, "nimbus"],
    ]);
    for (const { requests, failed, cost } of arms) {
      expect(requests).toBeGreaterThan(0);
      expect(failed).toBe(0);
      expect(cost).toBeGreaterThan(0);
    }
  });
});

interface RolloutList {
  readonly rollouts: readonly {
    readonly arms: readonly {
      readonly arm: string;
      readonly weight: number;
      readonly model: string | null;
      readonly requests: number;
      readonly failed: number;
      readonly cost: number;
    }[];
  }[];
}

describe("the drill: load goes on while operators change their mind", () => {
  /** Requests one after another by eight workers, until told to stop: when each began, its arm, its status. */
  function load(gateway: RunningGateway) {
    const seen: { readonly startedAt: number; readonly arm: string | null; readonly status: number }[] = [];
    let going = true;
    const workers = Array.from({ length: 8 }, async (_, worker) => {
      for (let i = 0; going; i++) {
        const startedAt = performance.now();
        const response = await chat(gateway, { user: `w${worker}-${i}` });
        await response.arrayBuffer();
        seen.push({ startedAt, arm: armOf(response), status: response.status });
      }
    });
    return {
      seen,
      async stop() {
        going = false;
        await Promise.all(workers);
      },
    };
  }

  test.each([
    ["a canary", "{ name: r, canary: { candidate: nimbus, weight: 50 } }", "r/candidate", "r/stable"],
    ["blue-green", "{ name: r, blue_green: { green: nimbus, live: green } }", "r/green", "r/blue"],
  ])(
    "%s: within a second of the abort no request goes to the new arm, and none fails",
    async (_what, text, from, to) => {
      const gateway = await startGateway({
        policy: `${testPolicy()}rollouts:\n  - ${text}\n`,
        scenario: INSTANT,
      });
      const running = load(gateway);
      await eventually(async () => running.seen.some(({ arm }) => arm === from));
      await rollout(gateway, "abort", "r");
      const abortedAt = performance.now();
      await eventually(async () => running.seen.some(({ startedAt }) => startedAt > abortedAt + 1500));
      await running.stop();
      const late = running.seen.filter(({ startedAt, arm }) => arm === from && startedAt > abortedAt + 1000);
      expect(late).toEqual([]);
      expect(running.seen.filter(({ status }) => status !== 200)).toEqual([]);
      expect(running.seen.filter(({ arm }) => arm !== from && arm !== to)).toEqual([]);

      // And back again, just as fast.
      const again = load(gateway);
      await rollout(gateway, "promote", "r");
      const promotedAt = performance.now();
      await eventually(async () => again.seen.some(({ startedAt }) => startedAt > promotedAt + 1500));
      await again.stop();
      expect(again.seen.filter(({ startedAt, arm }) => arm === to && startedAt > promotedAt + 1000)).toEqual(
        [],
      );
      expect(again.seen.filter(({ status }) => status !== 200)).toEqual([]);
      await gateway.stop();
    },
  );
});

test("a policy in the gateway's own store is changed there, and the change is in its history", async () => {
  const directory = scratch.folder();
  const gateway = await startGateway({
    policy: `${testPolicy()}rollouts:\n  - { name: r, canary: { candidate: nimbus, weight: 0 } } # none yet\n`,
    scenario: INSTANT,
    directory,
    args: ["--policy", `store:${join(directory, "policy.yaml")}`],
  });
  expect(modelOf(await chat(gateway, {}))).toBe("atlas");
  const asked = await command(gateway, "rollout", "promote", "r", "--note", "it is good");
  expect(asked.stderr).toBe("");
  expect(asked.code).toBe(0);
  expect(modelOf(await chat(gateway, {}))).toBe("nimbus");
  const history = (await admin(gateway, "/admin/policy/history")) as {
    activations: readonly { note: string }[];
  };
  expect(history.activations[0]?.note).toBe("it is good");
  await gateway.stop();
});

describe("with a provider that shows what it was sent", () => {
  let upstream: RecordingUpstream;
  beforeAll(() => {
    upstream = startUpstream();
  });
  afterAll(() => upstream.stop());

  const start = (more: string) =>
    startGateway({
      policy: withUpstream(testPolicy(), upstream.baseUrl) + more,
      scenario: INSTANT,
      env: { [PROVIDER_SECRET.name]: PROVIDER_SECRET.value },
    });

  test("an arm's prompt and parameters go to the model, with any model's answer", async () => {
    const gateway = await start(`rollouts:
  - name: tone
    use_case: recorded-chat
    blue_green:
      live: green
      green:
        system_prompt: { id: support, version: 4, text: "Be brief.", place: instead }
        parameters: { temperature: 0.1, max_tokens: 77, reasoning: low }
`);
    const before = upstream.calls.length;
    const response = await chat(gateway, {
      model: "recorded-chat",
      temperature: 1,
      seed: 3,
      messages: [
        { role: "system", content: "Be long." },
        { role: "user", content: "Hello" },
      ],
    });
    expect(response.status).toBe(200);
    expect(armOf(response)).toBe("tone/green");
    const sent = upstream.calls[before]?.body;
    expect(sent?.messages).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hello" },
    ]);
    expect(sent).toMatchObject({ temperature: 0.1, max_tokens: 77 });
    const decision = await decisionOf(gateway, response);
    expect(decision.experiment).toEqual({ rollout: "tone", arm: "green", prompt: "support@4" });
    expect(JSON.stringify(decision)).not.toContain("Be brief");
    await gateway.stop();
  });

  const SHADOW = `rollouts:
  - { name: copy, use_case: support-chat, shadow: { candidate: recorded, share: 100 } }
`;

  async function shadowOf(gateway: RunningGateway, response: Response): Promise<Decision> {
    const id = response.headers.get("x-pointsman-decision");
    return eventually(async () => {
      const { decisions } = await listDecisions(gateway, "limit=100");
      return decisions.find((decision) => decision.shadowOf === id);
    });
  }

  test.each([false, true])("a shadow gets its copy (streamed: %p) and leaves a record", async (stream) => {
    const gateway = await start(SHADOW);
    const before = upstream.calls.length;
    const response = await chat(gateway, { stream, messages: [{ role: "user", content: "Copy me" }] });
    expect(modelOf(response)).toBe("atlas");
    expect(armOf(response)).toBeNull();
    if (stream) expect((await readStream(response)).done).toBe(true);
    else await response.arrayBuffer();
    const copy = await shadowOf(gateway, response);
    expect(copy).toMatchObject({
      model: "recorded",
      outcome: "answered",
      stream,
      experiment: { rollout: "copy", arm: "candidate" },
      usage: { inputTokens: 5, outputTokens: 2 },
      cost: null,
    });
    expect(upstream.calls).toHaveLength(before + 1);
    expect(upstream.calls[before]?.body).toMatchObject({
      stream,
      messages: [{ role: "user", content: "Copy me" }],
    });
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain('pointsman_shadow_total{rollout="copy",outcome="answered"} 1');
    // The copy is no request of anybody's.
    expect(metrics).toMatch(/pointsman_requests_total\{use_case="support-chat"[^}]*\} 1\n/);
    await gateway.stop();
  });

  test("a candidate that is slow delays nobody, is left out beyond sixteen, and ends with the process", async () => {
    const gateway = await start(SHADOW);
    upstream.behave({ delayMs: 60_000 });
    const startedAt = performance.now();
    const responses = await Promise.all(Array.from({ length: 20 }, () => chat(gateway, {})));
    expect(responses.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(performance.now() - startedAt).toBeLessThan(1000);
    await eventually(async () => upstream.open === 16);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain('pointsman_shadow_total{rollout="copy",outcome="skipped_busy"} 4');
    const stoppedAt = performance.now();
    gateway.signal("SIGTERM");
    expect((await gateway.exited()).code).toBe(0);
    expect(performance.now() - stoppedAt).toBeLessThan(5000);
    await eventually(async () => upstream.open === 0);
    upstream.behave({});
    await gateway.stop();
  });

  test("a candidate that fails fails nobody", async () => {
    const gateway = await start(SHADOW.replace("candidate: recorded", "candidate: pebble"));
    await inject(gateway, { fault: { status: 503 }, match: { deployment: "pebble-us" } });
    const response = await chat(gateway, {});
    expect(response.status).toBe(200);
    const copy = await shadowOf(gateway, response);
    expect(copy).toMatchObject({ outcome: "failed", fault: { kind: "outage" }, cost: 0 });
    expect(copy.attempts).toHaveLength(1);
    await gateway.stop();
  });
});

describe("feature flags", () => {
  const FLAGS = `flags:
  nimbus: { rules: [{ match: { tenant: demo }, variant: off }] }
routes:
  - { name: by-flag, use_case: support-chat, when: flags.nimbus, ladder: { primary: nimbus } }
`;

  test("an edit of the policy switches one, live", async () => {
    const gateway = await startGateway({ policy: testPolicy() + FLAGS, scenario: INSTANT });
    expect(modelOf(await chat(gateway, {}))).toBe("atlas");
    writeFileSync(
      gateway.policyFile,
      readFileSync(gateway.policyFile, "utf8").replace("variant: off", "variant: on"),
    );
    await eventually(async () => modelOf(await chat(gateway, {})) === "nimbus");
    await gateway.stop();
  });

  test("an OpenFeature provider of a package goes before the policy", async () => {
    const provider = `flags_provider:
  module: "@openfeature/server-sdk"
  export: InMemoryProvider
  options: { nimbus: { variants: { on: true, off: false }, defaultVariant: on, disabled: false } }
`;
    const gateway = await startGateway({ policy: testPolicy() + FLAGS + provider, scenario: INSTANT });
    // The first request does not wait for it: the policy decides.
    expect(modelOf(await chat(gateway, {}))).toBe("atlas");
    await eventually(async () => modelOf(await chat(gateway, {})) === "nimbus");
    const explained = (await admin(gateway, "/admin/explain", {
      request: { model: "support-chat", messages: [{ role: "user", content: "x" }] },
      caller: { key: "demo", tenant: "demo" },
    })) as { readonly flags: readonly unknown[] };
    expect(explained.flags).toEqual([{ flag: "nimbus", value: true, variant: "on", reason: "CACHED" }]);
    await gateway.stop();
  });
});
