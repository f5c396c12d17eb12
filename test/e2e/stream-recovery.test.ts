/** Streams that break after the caller has seen a part of them, under each recovery that a policy may name. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { startBreakingUpstream } from "./breaking-upstream.ts";
import { endToEnd } from "./end-to-end.ts";
import {
  admin,
  callsUpstream,
  chat,
  clearFaults,
  decisionOf,
  inject,
  KEY,
  type RunningGateway,
  readStream,
  startGateway,
} from "./harness.ts";
import { INSTANT, TEMPLATE_WORDS, testPolicy } from "./policies.ts";

endToEnd();

let gateway: RunningGateway;

/** The suite's policy with a use case for each recovery, the same ladder under all. */
function recoveryPolicy(): string {
  const ladder = "primary: atlas@us-east-1, cross_region: auto, fallback: [nimbus]";
  const words = `degraded: [{ template: { message: "${TEMPLATE_WORDS} {{request_id}}." } }]`;
  const prefilled =
    "  prefilled: { latency_tier: interactive, deadline: 4s, stream_recovery: continue, ladder: { primary: atlas@us-east-1, cross_region: none, fallback: [pebble] } }\n";
  const useCase = (name: string, more: string) =>
    `  ${name}: { latency_tier: interactive, deadline: 4s, ${more}, ladder: { ${ladder}, ${words} } }\n`;
  return (
    testPolicy()
      .replace("capabilities: [tools], prices", "capabilities: [tools, prefill], prices")
      // Every test breaks the same deployment: no circuit shall remember the one before.
      .replace("consecutive_failures: 5", "consecutive_failures: 1000")
      .replace(
        "use_cases:\n",
        `use_cases:\n${prefilled}${useCase("continued", "stream_recovery: continue")}${useCase("held", "stream_recovery: buffer, format_retries: 2")}${useCase("failing", "stream_recovery: fail")}`,
      )
  );
}

/** Every deployment gives the same answer, as a model at temperature 0 nearly does. */
const SAME_WORDS = `${INSTANT}deployments:
  atlas-us: { model: atlas }
  atlas-eu: { model: atlas }
  nimbus-us: { model: atlas }
  pebble-us: { model: atlas }
`;

beforeAll(async () => {
  gateway = await startGateway({ policy: recoveryPolicy(), scenario: SAME_WORDS });
});
afterEach(() => clearFaults(gateway));

const QUESTION = [
  { role: "user", content: "Tell me everything about the parcel DE-4711 and where it is now." },
];

async function ask(model: string, more: Record<string, unknown> = {}) {
  const body = { model, messages: QUESTION, stream: true, stream_options: { include_usage: true }, ...more };
  const response = await chat(gateway, body);
  const stream = await readStream(response);
  return { response, stream, decision: await decisionOf(gateway, response) };
}

describe.each([
  ["cut", { cut_after_tokens: 25 }],
  ["stalled", { stall_after_tokens: 25 }],
  ["broken by an error", { error_in_stream_after_tokens: 25 }],
  ["garbled", { malformed_chunk_at: 25 }],
])("a stream that is %s in the middle", (_how, fault) => {
  test("under continue: the next region goes on, word for word, and the record tells of both", async () => {
    const whole = await ask("continued");
    await inject(gateway, { match: { deployment: "atlas-us" }, fault });
    const { stream, decision } = await ask("continued");
    expect(stream).toMatchObject({ done: true, error: null, broken: false });
    expect(stream.text).toBe(whole.stream.text);
    expect(decision).toMatchObject({ outcome: "answered", region: "eu-west-1", rung: "cross-region" });
    const [first, second] = decision.attempts;
    expect(first).toMatchObject({ deployment: "atlas-us", result: "fault" });
    expect(second).toMatchObject({ deployment: "atlas-eu", result: "ok", continues: { mode: "fresh" } });
    expect(second?.continues?.chars).toBeGreaterThan(40);
    expect(first?.usage?.outputTokens).toBeGreaterThan(0);
    expect(decision.cost).toBe((first?.cost ?? 0) + (second?.cost ?? 0));
    const usage = stream.chunks.map((chunk) => (chunk as { usage?: { completion_tokens: number } }).usage);
    expect(usage.findLast(Boolean)?.completion_tokens).toBe(decision.usage.outputTokens);
  });

  test("under fail: an error frame, and no end", async () => {
    await inject(gateway, { match: { deployment: "atlas-us" }, fault });
    const { stream, decision } = await ask("failing");
    expect(stream.done).toBe(false);
    expect(stream.error?.code).toBeString();
    expect(stream.text.length).toBeGreaterThan(0);
    expect(decision.outcome).toBe("failed");
  });

  test("under buffer: the caller sees a complete answer of the next region and nothing of the first", async () => {
    await inject(gateway, { match: { deployment: "atlas-us" }, fault });
    const { response, stream, decision } = await ask("held");
    expect(stream).toMatchObject({ done: true, error: null });
    expect(response.headers.get("x-pointsman-region")).toBe("eu-west-1");
    expect(decision.attempts.map(({ result }) => result)).toEqual(["fault", "ok"]);
    expect(decision.attempts[1]?.continues).toBeUndefined();
  });
});

describe("under continue", () => {
  test("a model that goes on from a beginning is given what was told", async () => {
    const whole = await ask("prefilled");
    await inject(gateway, { match: { deployment: "atlas-us" }, fault: { cut_after_tokens: 25 } });
    const { stream, decision } = await ask("prefilled");
    expect(stream).toMatchObject({ done: true, error: null, text: whole.stream.text });
    expect(decision.attempts[1]).toMatchObject({
      deployment: "pebble-us",
      continues: { mode: "prefill" },
    });
    // The second model was paid for the rest alone.
    expect(decision.attempts[1]?.usage?.outputTokens).toBeLessThan(whole.decision.usage.outputTokens);
  });

  test("an answer that nobody can go on with ends with an error, and every attempt is on record", async () => {
    await inject(gateway, { fault: { cut_after_tokens: 25 } });
    const { stream, decision } = await ask("continued");
    expect(stream.done).toBe(false);
    expect(stream.error?.code).toBeString();
    expect(decision.outcome).toBe("failed");
    expect(decision.attempts.length).toBe(3);
  });

  test("a tool call is never spliced", async () => {
    await inject(gateway, { match: { deployment: "atlas-us" }, fault: { cut_after_tokens: 2 } });
    const tools = [
      {
        type: "function",
        function: {
          name: "track_parcel",
          description: "Where a parcel is",
          parameters: { type: "object", properties: { number: { type: "string" } }, required: ["number"] },
        },
      },
    ];
    const { stream, decision } = await ask("continued", { tools, tool_choice: "required" });
    expect(stream.done).toBe(false);
    expect(stream.error).not.toBeNull();
    expect(decision.attempts).toHaveLength(1);
  });

  test("before the first token the ladder falls back as ever", async () => {
    await inject(gateway, { match: { deployment: "atlas-us" }, fault: { status: 503 } });
    const { stream, decision } = await ask("continued");
    expect(stream.done).toBe(true);
    expect(decision.attempts[1]?.continues).toBeUndefined();
  });

  test("is counted", async () => {
    await inject(gateway, { match: { deployment: "atlas-us" }, fault: { cut_after_tokens: 25 } });
    await ask("continued");
    const metrics = await fetch(`${gateway.url}/metrics`, { headers: { authorization: `Bearer ${KEY}` } });
    expect(await metrics.text()).toMatch(
      /pointsman_stream_recoveries_total\{use_case="continued",how="fresh"\} [1-9]/,
    );
  });
});

test("under buffer a streamed answer keeps its schema, or is asked for again", async () => {
  await inject(gateway, { match: { deployment: "atlas-us" }, fault: { schema_violation: true } });
  const schema = {
    type: "object",
    properties: { total: { type: "number" } },
    required: ["total"],
    additionalProperties: false,
  };
  const { stream, decision } = await ask("held", {
    response_format: { type: "json_schema", json_schema: { name: "t", schema, strict: true } },
  });
  expect(JSON.parse(stream.text)).toEqual({ total: expect.any(Number) });
  expect(decision.attempts[0]?.fault?.code).toBe("schema_violation");
  expect(decision.attempts.at(-1)?.result).toBe("ok");
  expect(Object.keys(await callsUpstream(gateway))).toContain("atlas-eu");
});

test("explain and the policy's schema know the recoveries", async () => {
  const schema = JSON.stringify(await admin(gateway, "/schema/policy.json"));
  for (const word of ['"continue"', '"buffer"', '"fail"']) expect(schema).toContain(word);
});

describe("the white space where a stream broke", () => {
  const TEXT =
    "Title:\n\nHere  is it:\n\n```python\ndef f(x):\n    if x > 1:\n        return [\n            x,\n        ]\n\n    return 0\n```\n\n- one\n  - two  \n\nDone.";
  const upstream = startBreakingUpstream();
  let other: RunningGateway;

  beforeAll(async () => {
    const useCase = (name: string, model: string, more = "") =>
      `  ${name}: { ${more}latency_tier: interactive, deadline: 6s, stream_recovery: continue, ladder: { primary: breaks, fallback: [${model}] } }\n`;
    const policy = `version: 1
name: seam
providers:
  own: { kind: openai-compatible, base_url: "${upstream.baseUrl}", credential: { env: SEAM_TEST_KEY } }
models:
  breaks: { context_window: 32000 }
  whole: { context_window: 32000 }
  goes-on: { context_window: 32000, capabilities: [prefill] }
deployments:
  breaks: { model: breaks, provider: own, model_id: breaks, region: us-east-1 }
  whole: { model: whole, provider: own, model_id: whole, region: eu-west-1 }
  goes-on: { model: goes-on, provider: own, model_id: goes-on, region: eu-west-1 }
use_cases:
${useCase("anew", "whole")}${useCase("gone-on-with", "goes-on")}${useCase("bounded", "goes-on", "max_output_tokens: 100, ")}circuit: { consecutive_failures: 1000, minimum_calls: 10000 }
retry: { budget_per_second: 1000 }
`;
    other = await startGateway({ policy, env: { SEAM_TEST_KEY: "sk-test" } });
  });
  afterAll(() => upstream.stop());

  const askOther = async (model: string, more: Record<string, unknown> = {}) =>
    readStream(await chat(other, { model, messages: QUESTION, stream: true, ...more }));

  test.each(["anew", "gone-on-with"])("is told once and none of it is lost: %s", async (model) => {
    for (let at = 1; at < TEXT.length; at++) {
      upstream.say(TEXT, at);
      expect(await askOther(model)).toMatchObject({ done: true, error: null, text: TEXT });
      expect(upstream.bodies).toHaveLength(2);
    }
  });

  test("a model that goes on has what is left of the caller's tokens, one that says all anew has all", async () => {
    upstream.say(TEXT, 80);
    await askOther("gone-on-with", { max_tokens: 100 });
    expect(upstream.bodies.map(({ max_tokens }) => max_tokens)).toEqual([100, 80]);
    await askOther("gone-on-with", { max_tokens: 10 });
    expect(upstream.bodies.at(-1)?.max_tokens).toBe(1);
    await askOther("anew", { max_tokens: 100 });
    expect(upstream.bodies.at(-1)?.max_tokens).toBe(100);
    await askOther("bounded");
    const limits = upstream.bodies.map((body) => body.max_tokens ?? body.max_completion_tokens);
    expect(limits.slice(-2)).toEqual([100, 80]);
  });

  test.each(["", "\n"])(
    "a text that lacked only its end is ended by a model with nothing to add: %j",
    async (end) => {
      upstream.say(TEXT + end, TEXT.length + end.length);
      expect(await askOther("gone-on-with")).toMatchObject({ done: true, error: null, text: TEXT + end });
      expect(upstream.bodies).toHaveLength(2);
    },
  );
});
