import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import { FAKE_HEALTH, snapshotOf } from "../../policy/fake-policy.ts";
import { type ExplainQuestion, explainRequest } from "./explain-request.ts";

const POLICY = `version: 1
name: explained
providers: { sim: { kind: simulator }, simr: { kind: simulator, wire: openai-responses }, simb: { kind: simulator, wire: bedrock-converse }, sima: { kind: simulator, wire: anthropic-messages }, simu: { kind: openai-compatible, base_url: "http://127.0.0.1:9/v1", unsupported: [max_tokens, max_completion_tokens] } }
models:
  large: { context_window: 8000, max_output_tokens: 4000, capabilities: [seed, logprobs], prices: { input: 3, output: 15 } }
  claude: { context_window: 8000, max_output_tokens: 500, prices: { input: 3, output: 15 } }
  pair: { context_window: 8000, capabilities: [seed], prices: { input: 3, output: 15 } }
  pair2: { context_window: 8000, capabilities: [seed], prices: { input: 3, output: 15 } }
  small: { context_window: 6000, max_output_tokens: 1000, prices: { input: 1, output: 2 } }
  always: { context_window: 8000, max_output_tokens: 4000, prices: { input: 3, output: 15 } }
  never: { context_window: 8000, max_output_tokens: 4000, prices: { input: 3, output: 15 } }
  vec: { context_window: 8000, capabilities: [embeddings], prices: { input: 1, output: 0 } }
deployments:
  large-us: { model: large, provider: sim, model_id: l, region: us-east-1 }
  vec-us: { model: vec, provider: sim, model_id: v, region: us-east-1 }
  pair-chat: { model: pair, provider: sim, model_id: p, region: us-east-1, weight: 1 }
  pair-responses: { model: pair, provider: simr, model_id: p, region: us-east-1, weight: 99 }
  pair2-responses: { model: pair2, provider: simr, model_id: p, region: us-east-1 }
  pair2-other: { model: pair2, provider: simr, model_id: q, region: us-east-1 }
  small-us: { model: small, provider: sim, model_id: s, region: us-east-1 }
  always-us: { model: always, provider: sima, model_id: a, region: us-east-1 }
  never-us: { model: never, provider: simu, model_id: n, region: us-east-1 }
  claude-us: { model: claude, provider: simb, model_id: c, region: us-east-1 }
use_cases:
  both: { ladder: { primary: large, fallback: [claude] } }
  other: { ladder: { primary: claude, fallback: [large] } }
  stated: { task_type: embedding, ladder: { primary: vec } }
  unstated: { ladder: { primary: vec } }
  capped: { max_output_tokens: 100, on_overflow: [truncate_oldest], ladder: { primary: large } }
  paired: { ladder: { primary: pair, fallback: [large] } }
  unpaired: { ladder: { primary: pair2, fallback: [large] } }
  bounded: { cost_ceiling_usd: 0.03, ladder: { primary: large, fallback: [claude] } }
  summed: { on_overflow: [{ summarize: { model: small } }], ladder: { primary: claude } }
  opposites: { ladder: { primary: always, fallback: [never] } }
  opposites-bounded: { cost_ceiling_usd: 0.03, ladder: { primary: always, fallback: [never] } }
  short: { ladder: { primary: claude } }
  long: { ladder: { primary: claude } }
routes:
  - { name: gold, match: { tier: gold }, ladder: { primary: claude } }
keys:
  - { id: app, env: APP, tenant: acme, tier: gold, use_cases: [both] }
  - { id: set, sha256: "${"a".repeat(64)}", tenant: acme, tier: gold }
rollouts:
  - { name: less, use_case: short, canary: { weight: 100, candidate: { parameters: { max_tokens: 300 } } } }
  - { name: more, use_case: long, canary: { weight: 100, candidate: { parameters: { max_tokens: 900 } } } }
`;

const CHAT = { messages: [{ role: "user", content: "Hi" }] };

async function explained(body: object, caller: ExplainQuestion["caller"] = {}, said: object = CHAT) {
  const ports = { snapshot: snapshotOf(POLICY), health: FAKE_HEALTH, clock: new FakeClock() };
  const result = await explainRequest({ body: { ...said, ...body }, caller }, ports);
  if (!result.ok) throw new Error(result.fault.message);
  const candidates = result.value.ladder.flatMap((rung) => rung.candidates);
  return {
    rule: result.value.rule,
    strict: result.value.strict,
    fault: result.value.fault?.code ?? null,
    overflow: result.value.overflow?.how ?? null,
    lost: candidates.map(({ warnings }) => warnings.map(({ control }) => control)),
    refused: candidates.map(({ refusal }) => refusal?.code ?? null),
  };
}

const STRICT = { metadata: { pointsman_strict: "true" } };

describe("a caller that is named", () => {
  test.each(["app", "set"])("is who the policy says that the key %s is", async (key) => {
    expect(await explained({ model: "both" }, { key })).toMatchObject({ rule: "gold" });
    expect(await explained({ model: "both" }, { key, tier: "free" })).toMatchObject({ rule: "default" });
  });

  test("may ask for what its key may, also where the key's value is not set here", async () => {
    const stated = { key: "app", tenant: "acme", tier: "gold" };
    await expect(explained({ model: "other" }, stated)).rejects.toThrow("This key may use: both.");
  });

  test("is nobody where the policy has no such key", async () => {
    expect(await explained({ model: "both" }, { key: "other" })).toMatchObject({ rule: "default" });
  });
});

describe("a request for vectors", () => {
  test.each(["stated", "unstated"])(
    "is a body with input, or a prompt for the use case %s",
    async (model) => {
      const served = { fault: null, lost: [[]] };
      expect(await explained({ model }, {}, { input: "Hi" })).toMatchObject(served);
      expect(await explained({ model }, {}, { prompt: "Hi" })).toMatchObject(served);
      expect(await explained({ model })).toMatchObject({ fault: "no_candidate" });
    },
  );

  test("a prompt for another use case is what a user says", async () => {
    expect(await explained({ model: "both" }, {}, { prompt: "Hi" })).toMatchObject({ fault: null });
  });

  test("what is neither is told what a chat lacks", async () => {
    await expect(explained({ model: "both" }, {}, {})).rejects.toThrow("messages");
  });
});

describe("what each candidate would not honour", () => {
  test("is nothing for a request that all honour, strict or not", async () => {
    const fine = { fault: null, overflow: null, lost: [[], []], refused: [null, null] };
    expect(await explained({ model: "both" })).toEqual({ rule: "default", strict: false, ...fine });
    expect(await explained({ model: "both", ...STRICT })).toEqual({ rule: "default", strict: true, ...fine });
  });

  test("is a warning to a caller who is not strict", async () => {
    const asked = await explained({ model: "both", seed: 5, max_tokens: 900 });
    expect(asked).toMatchObject({ fault: null, lost: [[], ["seed", "max_tokens"]], refused: [null, null] });
  });

  test("refuses under strict: a later rung in its turn, the first one at once", async () => {
    const later = await explained({ model: "both", seed: 5, ...STRICT });
    expect(later).toMatchObject({
      fault: null,
      lost: [[], ["seed"]],
      refused: [null, "unsupported_control"],
    });
    const first = await explained({ model: "other", seed: 5, ...STRICT });
    expect(first).toMatchObject({ fault: "unsupported_control", refused: ["unsupported_control", null] });
    const long = await explained({ model: "other", max_tokens: 900, ...STRICT });
    expect(long).toMatchObject({ fault: "unsupported_control", lost: [["max_tokens"], []] });
  });

  test("is passed by for whoever honours it beside it; where nobody of the first rung does, all is refused", async () => {
    const one = await explained({ model: "paired", seed: 5, ...STRICT });
    expect(one).toMatchObject({ fault: null, refused: ["unsupported_control", null, null] });
    const none = await explained({ model: "unpaired", seed: 5, ...STRICT });
    expect(none).toMatchObject({ fault: "unsupported_control" });
  });

  test("is the use case's limit, for all of them", async () => {
    expect(await explained({ model: "capped", max_tokens: 300 })).toMatchObject({
      fault: null,
      lost: [["max_tokens"]],
    });
    const strict = await explained({ model: "capped", max_tokens: 300, ...STRICT });
    expect(strict).toMatchObject({ fault: "unsupported_control" });
  });

  test("is that limit's refusal before anything of a long request is left out", async () => {
    const said = { role: "user", content: "Over and over again. ".repeat(800) };
    const messages = Array.from({ length: 4 }, () => said);
    const asked = { model: "capped", messages, max_tokens: 300 };
    expect(await explained(asked)).toMatchObject({ fault: null, overflow: "truncated" });
    const strict = await explained({ ...asked, ...STRICT });
    expect(strict).toMatchObject({ fault: "unsupported_control", overflow: null, lost: [] });
  });

  test("is foreseen of what is summed up by a model that would not hold the whole", async () => {
    const said = { role: "user", content: "Over and over again. ".repeat(400) };
    const answered = { role: "assistant", content: "Indeed. ".repeat(200) };
    const messages = [...Array.from({ length: 4 }, () => [said, answered]).flat(), said];
    expect(await explained({ model: "summed", messages })).toMatchObject({
      fault: null,
      overflow: "summarized",
    });
  });

  test("is what the arm asks for, and what the arm asks for is not refused in the caller's name", async () => {
    const fine = { fault: null, lost: [[]], refused: [null] };
    expect(await explained({ model: "short", max_tokens: 5000, ...STRICT })).toMatchObject(fine);
    expect(await explained({ model: "long", max_tokens: 100, ...STRICT })).toMatchObject(fine);
    const seeded = await explained({ model: "short", seed: 5, ...STRICT });
    expect(seeded).toMatchObject({ fault: "unsupported_control", lost: [["seed"]] });
  });
});

describe("the limit that is sent, and what it costs", () => {
  const limits = async (body: object) => {
    const ports = { snapshot: snapshotOf(POLICY), health: FAKE_HEALTH, clock: new FakeClock() };
    const result = await explainRequest({ body: { ...CHAT, ...body } }, ports);
    if (!result.ok) throw new Error(result.fault.message);
    const candidates = result.value.ladder.flatMap((rung) => rung.candidates);
    const lost = candidates.map(({ warnings }) => warnings.map(({ control }) => control).join());
    const sent = candidates.map(({ maxOutputTokens: sent, estimatedCostUsd: usd }) => [sent, usd]);
    return { openEnded: result.value.openEnded, sent, lost };
  };

  test("are what the ceiling pays for where nobody states one", async () => {
    const sent = [
      // 5 tokens of input at 3 USD a million, and output at 15.
      [1999, "0.03"],
      [500, "0.007515"],
    ];
    expect(await limits({ model: "bounded" })).toEqual({ openEnded: true, sent, lost: ["max_tokens", ""] });
  });

  test("are what is stated, or nothing and an assumption", async () => {
    expect(await limits({ model: "bounded", max_tokens: 600 })).toEqual({
      openEnded: false,
      sent: [
        [600, "0.009015"],
        [500, "0.007515"],
      ],
      lost: ["", "max_tokens"],
    });
    const assumed = {
      openEnded: true,
      sent: [
        [null, "0.015375"],
        [null, "0.007515"],
      ],
      lost: ["", ""],
    };
    expect(await limits({ model: "both" })).toEqual(assumed);
  });

  test("are those of the body: what a dialect always states, and nothing where a server takes none", async () => {
    const ofNever = [null, "0.015375"];
    const sent = [[4000, "0.060015"], ofNever];
    expect(await limits({ model: "opposites" })).toEqual({ openEnded: true, sent, lost: ["", ""] });
    expect(await limits({ model: "opposites", max_tokens: 100 })).toEqual({
      openEnded: false,
      sent: [
        [100, "0.001515"],
        [null, "0.001515"],
      ],
      lost: ["", "max_tokens"],
    });
    const bounded = [[1999, "0.03"], ofNever];
    expect(await limits({ model: "opposites-bounded" })).toMatchObject({ openEnded: true, sent: bounded });
  });
});
