/** The use case's limit on an answer's length reaches every provider, whatever dialect the caller speaks. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { endToEnd } from "./end-to-end.ts";
import { admin, chat, decisionOf, KEY, type RunningGateway, startGateway } from "./harness.ts";
import { type RecordingUpstream, startUpstream } from "./recording-upstream.ts";
import { INSTANT, PROVIDER_WIRES, via, wirePolicy } from "./wire-policies.ts";

endToEnd();

const CAP = 20;
const QUESTION = "Tell me everything that is known about the parcel DE-4711 and the way it took to me.";

let gateway: RunningGateway;

beforeAll(async () => {
  const policy = wirePolicy().replaceAll(
    /(via-[a-z-]+: \{ latency_tier: interactive,)/g,
    `$1 max_output_tokens: ${CAP},`,
  );
  expect(policy.split("max_output_tokens: 20").length - 1).toBe(PROVIDER_WIRES.length);
  gateway = await startGateway({ policy, scenario: INSTANT });
});

/** A body of each dialect for callers, with a limit where one is given. */
const CALLERS: Readonly<
  Record<string, (model: string, limit: number | null) => { path: string; body: Record<string, unknown> }>
> = {
  "openai-chat": (model, limit) => ({
    path: "/v1/chat/completions",
    body: { model, messages: MESSAGES, ...(limit !== null && { max_tokens: limit }) },
  }),
  "openai-responses": (model, limit) => ({
    path: "/v1/responses",
    body: { model, input: QUESTION, ...(limit !== null && { max_output_tokens: limit }) },
  }),
  // Its callers must state a limit.
  "anthropic-messages": (model, limit) => ({
    path: "/v1/messages",
    body: { model, messages: MESSAGES, max_tokens: limit ?? CAP },
  }),
  "bedrock-converse": (model, limit) => ({
    path: `/model/${model}/converse`,
    body: {
      messages: [{ role: "user", content: [{ text: QUESTION }] }],
      ...(limit !== null && { inferenceConfig: { maxTokens: limit } }),
    },
  }),
  gemini: (model, limit) => ({
    path: `/v1beta/models/${model}:generateContent`,
    body: {
      contents: [{ role: "user", parts: [{ text: QUESTION }] }],
      ...(limit !== null && { generationConfig: { maxOutputTokens: limit } }),
    },
  }),
  native: (model, limit) => ({
    path: "/v1/invoke",
    body: { use_case: model, messages: MESSAGES, ...(limit !== null && { sampling: { max_tokens: limit } }) },
  }),
};
const MESSAGES = [{ role: "user", content: QUESTION }];

async function ask(
  caller: string,
  model: string,
  limit: number | null,
  headers: Record<string, string> = {},
) {
  const question = CALLERS[caller]?.(model, limit);
  if (!question) throw new Error(`There is no caller ${caller}.`);
  const response = await fetch(`${gateway.url}${question.path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(question.body),
  });
  return { response, text: await response.text() };
}

const pairs = Object.keys(CALLERS).flatMap((caller) => PROVIDER_WIRES.map((wire) => [caller, wire] as const));

describe.each(pairs)("%s to a provider of %s", (caller, wire) => {
  test("an answer has no more than the cap, and who asked for more is told", async () => {
    for (const limit of [null, 5000]) {
      const { response } = await ask(caller, via(wire), limit);
      expect(response.status).toBe(200);
      const { usage, finish } = await decisionOf(gateway, response);
      expect(finish?.unified).toBe("length");
      expect(usage.outputTokens + usage.reasoningTokens).toBeLessThanOrEqual(CAP);
      const warnings = response.headers.get("x-pointsman-warnings") ?? "";
      expect(warnings.split(", ").includes("max_tokens")).toBe(limit === 5000);
    }
  });
});

test.each(Object.keys(CALLERS))("%s under strict: refused, and nothing is called", async (caller) => {
  const { response, text } = await ask(caller, via("openai-chat"), 5000, { "x-pointsman-strict": "true" });
  expect(response.status).toBe(400);
  expect(text).toContain("20 tokens at the most");
  expect(response.headers.get("x-pointsman-use-case")).toBe(via("openai-chat"));
  const decision = await decisionOf(gateway, response);
  expect(decision).toMatchObject({ attempts: [], useCase: via("openai-chat"), rule: "default" });
  expect(decision.estimatedInputTokens).toBeGreaterThan(0);
});

test("a caller who asks for less has less", async () => {
  const { response } = await ask("openai-chat", via("openai-chat"), 5);
  const { usage } = await decisionOf(gateway, response);
  expect(usage.outputTokens).toBe(5);
  expect(response.headers.get("x-pointsman-warnings")).toBeNull();
});

describe("what a model can produce", () => {
  let upstream: RecordingUpstream;
  let other: RunningGateway;

  beforeAll(async () => {
    upstream = startUpstream();
    // As real ones do: a limit above their own is an error, not a shorter answer.
    upstream.behave({
      answer: ({ body }) =>
        body.model === "big"
          ? Response.json({ error: { message: "Overloaded.", type: "server_error" } }, { status: 503 })
          : body.model === "little" && Number(body.max_tokens) > 4096
            ? Response.json({ error: { message: "max_tokens is too large" } }, { status: 400 })
            : Response.json(ANSWER),
    });
    other = await startGateway({ policy: producing(upstream.baseUrl), scenario: INSTANT });
  });
  afterAll(() => upstream.stop());

  const chatOf = (model: string, limit: number, headers: Record<string, string> = {}) =>
    chat(other, { model, max_tokens: limit }, { headers });
  const lastSent = () => upstream.calls.at(-1)?.body.max_tokens;

  test("a fallback is sent no more than its own, and the caller is told", async () => {
    const response = await chatOf("falls-back", 8000);
    expect(response.status).toBe(200);
    expect(lastSent()).toBe(4096);
    expect(response.headers.get("x-pointsman-rung")).toBe("fallback");
    expect(response.headers.get("x-pointsman-warnings")).toBe("max_tokens");
  });

  test("under strict it is not called, and what another one failed at is no caller's mistake", async () => {
    const strict = { "x-pointsman-strict": "true" };
    const response = await chatOf("falls-back", 8000, strict);
    expect([response.status, response.headers.get("x-pointsman-degraded")]).toEqual([200, "template"]);
    expect(upstream.calls.at(-1)?.body.model).toBe("big");
    const alone = await chatOf("little-alone", 8000, strict);
    expect(alone.status).toBe(400);
    expect(await alone.text()).toContain("4096 tokens at the most");
  });

  test("an arm's limit is sent as the model can keep it, and no strict caller is refused for it", async () => {
    const strict = { "x-pointsman-strict": "true" };
    for (const [model, asked, sent] of [
      ["armed-short", 8000, 300],
      ["armed-long", 100, 4096],
    ] as const) {
      const response = await chatOf(model, asked, strict);
      expect(response.status).toBe(200);
      expect(lastSent()).toBe(sent);
      expect(response.headers.get("x-pointsman-warnings")).toBeNull();
      const messages = [{ role: "user", content: "Hi" }];
      const request = { model, max_tokens: asked, messages, metadata: { pointsman_strict: "true" } };
      expect(await admin(other, "/admin/explain", { request })).toMatchObject({ strict: true, fault: null });
    }
  });

  test("where the policy does not say it, what the caller asks for is sent", async () => {
    const response = await chatOf("unsaid", 8000);
    expect(response.status).toBe(200);
    expect(lastSent()).toBe(8000);
    expect(response.headers.get("x-pointsman-warnings")).toBeNull();
  });
});

const ANSWER = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1_700_000_000,
  model: "any",
  choices: [{ index: 0, message: { role: "assistant", content: "Fine." }, finish_reason: "stop" }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
};

function producing(baseUrl: string): string {
  const deployments = ["big", "little", "unsaid"].map(
    (model) => `  ${model}-here: { model: ${model}, provider: local, model_id: ${model}, region: ${model} }`,
  );
  return `version: 1
name: producing
providers: { local: { kind: openai-compatible, base_url: "${baseUrl}", credential: none } }
models:
  big: { context_window: 128000, max_output_tokens: 16384, prices: { input: 1, output: 1 } }
  little: { context_window: 128000, max_output_tokens: 4096, prices: { input: 1, output: 1 } }
  unsaid: { context_window: 128000, prices: { input: 1, output: 1 } }
deployments:
${deployments.join("\n")}
use_cases:
  falls-back: { ladder: { primary: big, fallback: [little], degraded: [{ template: { message: Later. } }] } }
  little-alone: { ladder: { primary: little } }
  unsaid: { ladder: { primary: unsaid } }
  armed-short: { ladder: { primary: little } }
  armed-long: { ladder: { primary: little } }
rollouts:
  - { name: less, use_case: armed-short, canary: { weight: 100, candidate: { parameters: { max_tokens: 300 } } } }
  - { name: more, use_case: armed-long, canary: { weight: 100, candidate: { parameters: { max_tokens: 9000 } } } }
`;
}
