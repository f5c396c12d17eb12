import { describe, expect, test } from "bun:test";
import { CAPABILITIES, type Capability } from "../../core/contract.ts";
import { type ModelRequest, withMessages } from "../../core/request.ts";
import { native } from "../native.ts";
import type { LowerTarget, RequestHints } from "../wire.ts";

const NO_HINTS: RequestHints = { contract: {}, strict: false };
const BODY = { use_case: "support-chat", input: "Hi" };

function result(extra: Record<string, unknown> = {}, hints = NO_HINTS) {
  return native.parseRequest({ ...BODY, ...extra }, hints);
}

function parse(extra: Record<string, unknown> = {}, hints = NO_HINTS): ModelRequest {
  const parsed = result(extra, hints);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return parsed.value;
}

function target(without: readonly Capability[] = [], unsupported: readonly string[] = []): LowerTarget {
  return {
    modelId: "inner-use-case",
    maxOutputTokens: 4096,
    capabilities: new Set(CAPABILITIES.filter((capability) => !without.includes(capability))),
    unsupported: new Set(unsupported),
  };
}

function lower(request: ModelRequest, to = target()) {
  const lowered = native.lower(request, to);
  if (!lowered.ok) throw new Error(lowered.fault.message);
  return lowered.value;
}

describe("the contract", () => {
  const stated = { task_type: "chat", latency_tier: "batch", residency: ["eu-west-1", "eu-*"], strict: true };

  test("is read from the body, and headers win", () => {
    const request = parse(stated, { contract: { latencyTier: "interactive" }, strict: false });
    expect(request.contract).toEqual({
      taskType: "chat",
      latencyTier: "interactive",
      residency: ["eu-west-1", "eu-*"],
    });
    expect(request.strict).toBe(true);
    expect(parse({}, { contract: {}, strict: true }).strict).toBe(true);
  });

  test("goes on to the gateway behind, headers and all", () => {
    const request = parse(stated, { contract: { contextWindow: 8000 }, strict: false });
    expect(lower(request).body).toEqual({
      ...BODY,
      ...stated,
      use_case: "inner-use-case",
      context_window: 8000,
    });
  });
});

describe("what is asked", () => {
  test("a text is one message of the user", () => {
    expect(parse().messages).toEqual([{ role: "user", content: [{ type: "text", text: "Hi" }] }]);
  });

  test("vectors are an operation of their own", () => {
    const request = parse({ input: null, embedding: { inputs: ["a", [1, 2]], purpose: "query" } });
    expect(request).toMatchObject({
      operation: "embed",
      messages: [],
      embedding: { inputs: ["a", [1, 2]], purpose: "query" },
    });
  });

  test("an object of arguments becomes its JSON text", () => {
    const call = { type: "tool_call", id: "c", name: "f", arguments: { a: 1 } };
    const { messages } = parse({ input: null, messages: [{ role: "assistant", content: [call] }] });
    expect(messages[0]?.content).toEqual([{ ...call, type: "tool_call", arguments: '{"a":1}' }]);
  });

  test("null stands for absent", () => {
    const nulls = [
      "messages",
      "embedding",
      "tools",
      "tool_choice",
      "response_format",
      "sampling",
      "reasoning",
      "user",
    ];
    const request = parse(Object.fromEntries(nulls.map((name) => [name, null])));
    expect(request).toMatchObject({
      operation: "chat",
      tools: [],
      sampling: {},
      responseFormat: { type: "text" },
    });
    expect(parse({ sampling: { stop: "END", seed: null } }).sampling).toEqual({ stop: ["END"] });
  });

  test.each([
    ["misspelt", { use_cas: "x" }, "use_cas", "`use_case`"],
    ["of another API", { model: "x" }, "model", "`use_case`"],
    ["at the wrong place", { max_tokens: 5 }, "max_tokens", "`sampling.max_tokens`"],
    ["misspelt inside", { sampling: { temprature: 1 } }, "sampling.temprature", "`sampling.temperature`"],
    ["far from anything", { wqzxkv: 1 }, "wqzxkv", "Remove it."],
    ["of a tool", { tools: [{ name: "f", input_schema: {} }] }, "tools[0].input_schema", "Remove it."],
  ])("a field %s is refused with the one that was meant", (_, extra, param, meant) => {
    const refused = result(extra);
    expect(refused).toMatchObject({ ok: false, fault: { code: "unknown_field", param } });
    if (!refused.ok) expect(refused.fault.message).toContain(meant);
  });
});

describe("lower", () => {
  test("a rewritten section replaces the caller's, whichever field it was in", () => {
    const request = parse({ sampling: { seed: 1 }, response_format: { type: "json" } });
    const longer = withMessages(request, [
      ...request.messages,
      { role: "system", content: [{ type: "text", text: "Answer in JSON." }] },
    ]);
    const { body } = lower(longer);
    expect(body).not.toHaveProperty("input");
    expect(body.messages).toEqual([
      { role: "user", content: "Hi" },
      { role: "system", content: "Answer in JSON." },
    ]);
    const rewritten = new Set(["sampling", "responseFormat"] as const);
    expect(
      lower({
        ...request,
        sampling: { maxTokens: 5 },
        responseFormat: { type: "text" },
        origin: { ...request.origin, rewritten },
      }).body,
    ).toMatchObject({ input: "Hi", sampling: { max_tokens: 5 }, response_format: { type: "text" } });
  });

  test.each<[string, Record<string, unknown>, LowerTarget, readonly string[]]>([
    ["logprobs", { sampling: { logprobs: 2, seed: 1 } }, target(["logprobs"]), ["logprobs"]],
    ["a seed", { sampling: { seed: 1 } }, target(["seed"]), ["seed"]],
    ["parallel calls", { parallel_tool_calls: true }, target(["parallel_tools"]), ["parallel_tool_calls"]],
    ["no parallel calls, which holds anyway", { parallel_tool_calls: false }, target(["parallel_tools"]), []],
    ["thinking", { reasoning: { effort: "low" } }, target(["reasoning"]), ["reasoning"]],
    ["not thinking, which holds anyway", { reasoning: { effort: "none" } }, target(["reasoning"]), []],
    ["a refused control", { sampling: { top_k: 4 } }, target([], ["top_k", "top_p"]), ["top_k"]],
  ])("%s: what the target lacks is left out, and said so", (_, extra, to, controls) => {
    const { body, warnings } = lower(parse(extra), to);
    expect(warnings.map((warning) => warning.control)).toEqual([...controls]);
    for (const control of controls) expect(JSON.stringify(body)).not.toContain(`"${control}":`);
    const strict = native.lower({ ...parse(extra), strict: true }, to);
    expect(strict.ok).toBe(controls.length === 0);
    if (!strict.ok) expect(strict.fault).toMatchObject({ code: "unsupported_control", param: controls[0] });
  });

  test("the caller's body is not changed", () => {
    const request = parse({ sampling: { seed: 1, logprobs: 0 }, stream: true });
    const before = structuredClone(request.origin.body);
    lower({ ...request, stream: false }, target(["seed", "logprobs"]));
    expect(request.origin.body).toEqual(before);
  });
});
