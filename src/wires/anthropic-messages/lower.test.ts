import { describe, expect, test } from "bun:test";
import { withMessages } from "../../core/request.ts";
import { anthropicMessages } from "../anthropic-messages.ts";
import type { LowerTarget } from "../wire.ts";
import {
  BODY,
  COUNT,
  chat,
  controls,
  lower,
  NO_HINTS,
  parse,
  rewritten,
  says,
  TOOL,
  target,
} from "./fake-requests.ts";

describe("lower, on this wire", () => {
  test("sampling of the policy's gives way to thinking also where the deployment's own name hides Claude", () => {
    const asked = parse({ thinking: { type: "enabled", budget_tokens: 1024 } });
    const request = rewritten({ ...asked, sampling: { maxTokens: 2000, temperature: 0.2 } }, "sampling");
    const lowered = lower(request, { ...target("prod"), baseModel: "claude-sonnet-4-5" });
    expect(lowered.body).toMatchObject({ model: "prod", thinking: { type: "enabled" } });
    expect(lowered.body.temperature).toBeUndefined();
    expect(controls(lowered)).toEqual(["temperature"]);
  });

  test("keeps the body and names the provider's model", () => {
    const sent = {
      stream: true,
      container: { id: "c" },
      tools: [{ type: "web_search_20250305", name: "web_search" }],
      messages: [{ role: "user", content: [{ type: "text", text: "x", citations: [] }] }],
    };
    const { body, warnings, headers } = lower(parse(sent));
    expect(body).toEqual({ ...BODY, ...sent, model: "some-model" });
    expect(warnings).toEqual([]);
    expect(headers).toEqual({ "anthropic-version": "2023-06-01" });
  });

  test("the caller's version goes along, but with sampling the one that takes it", () => {
    const headers = { "anthropic-version": "2026-10-21", "anthropic-beta": "a,b" };
    const hints = { ...NO_HINTS, headers };
    expect(lower(parse({}, hints)).headers).toEqual(headers);
    expect(lower(parse({ temperature: 0.2 }, hints)).headers).toEqual({
      "anthropic-version": "2023-06-01",
      "anthropic-beta": "a,b",
    });
    expect(lower(withMessages({ ...chat(), origin: { ...chat().origin, headers } }, [])).headers).toEqual({
      "anthropic-version": "2023-06-01",
    });
  });

  test("rewritten messages are rendered anew, system messages in between where they were", () => {
    const request = withMessages(parse({ x: 1, system: "Old." }), [
      says("system", "New."),
      says("user", "Ho"),
      says("system", "Hurry."),
      says("user", "Well?"),
    ]);
    const { body } = lower(request);
    expect(body).toMatchObject({ x: 1, system: "New.", max_tokens: 2000 });
    expect(body.messages).toEqual([
      { role: "user", content: "Ho" },
      { role: "system", content: "Hurry." },
      { role: "user", content: "Well?" },
    ]);
    expect(lower(withMessages(parse({ system: "Old." }), [says("user", "Ho")])).body).not.toHaveProperty(
      "system",
    );
  });

  test("rewritten sampling and formats replace the caller's, and a budget keeps below the limit", () => {
    const thinking = { type: "enabled", budget_tokens: 1900 };
    const request = parse({ top_k: 5, thinking, stop_sequences: ["a"] });
    const { body } = lower(rewritten({ ...request, sampling: { maxTokens: 1600 } }, "sampling"));
    expect(body).toMatchObject({ max_tokens: 1600, thinking: { type: "enabled", budget_tokens: 1200 } });
    expect(body).not.toHaveProperty("top_k");
    expect(body).not.toHaveProperty("stop_sequences");
    for (const own of [{ type: "adaptive" }, { type: "disabled" }]) {
      const limited = rewritten({ ...parse({ thinking: own }), sampling: { maxTokens: 9 } }, "sampling");
      expect(lower(limited).body.thinking).toEqual(own);
    }
    const colder = rewritten({ ...request, sampling: { maxTokens: 2000, temperature: 0.2 } }, "sampling");
    expect(controls(lower(colder, target("claude-sonnet-4-5")))).toEqual(["temperature"]);
    const format = { type: "json_schema", schema: { type: "object" } };
    const formatted = parse({ output_config: { format, effort: "low" }, output_format: format });
    const plain = lower(rewritten({ ...formatted, responseFormat: { type: "text" } }, "responseFormat")).body;
    expect(plain.output_config).toEqual({ effort: "low" });
    expect(plain).not.toHaveProperty("output_format");
  });

  test("thinking that another provider's model did is not sent back", () => {
    const thought = { type: "thinking", thinking: "x", signature: "" };
    const sealed = { type: "redacted_thinking", data: "openai-responses:gAAAA" };
    const messages = [
      { role: "user", content: "Hi" },
      { role: "assistant", content: [thought, sealed] },
      { role: "assistant", content: [thought, { type: "text", text: "Ho", citations: [] }] },
      { role: "user", content: "Well?" },
    ];
    expect(lower(parse({ messages })).body.messages).toEqual(messages);
    const lowered = lower(parse({ messages }), target("claude-opus-5"));
    expect(controls(lowered)).toEqual(["reasoning"]);
    expect(lowered.body.messages).toEqual([
      messages[0],
      { role: "assistant", content: [{ type: "text", text: "Ho", citations: [] }] },
      messages[3],
    ]);
  });

  test("a call that another model made goes without a budget for thinking", () => {
    const messages = [
      { role: "user", content: "Hi" },
      { role: "assistant", content: [{ type: "tool_use", id: "c", name: "f", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "c", content: "x" }] },
    ];
    const thinking = { type: "enabled", budget_tokens: 1024 };
    const to = target("claude-sonnet-4-5");
    const lowered = lower(parse({ messages, thinking, tools: [TOOL] }), to);
    expect(lowered.body).not.toHaveProperty("thinking");
    expect(controls(lowered)).toEqual(["thinking"]);
    const answered = [
      ...messages,
      { role: "assistant", content: "Done." },
      { role: "user", content: "And?" },
    ];
    expect(lower(parse({ messages: answered, thinking, tools: [TOOL] }), to).body.thinking).toEqual(thinking);
    expect(lower(parse({ messages, thinking, tools: [TOOL] })).body.thinking).toEqual(thinking);
  });

  test.each<[string, string, Record<string, unknown>, Record<string, unknown>, readonly string[]]>([
    [
      "effort becomes a budget before 4.6",
      "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
      { max_tokens: 20_000, thinking: { type: "adaptive" }, output_config: { effort: "medium" } },
      { thinking: { type: "enabled", budget_tokens: 8192 }, output_config: undefined },
      [],
    ],
    [
      "a budget leaves room for the answer",
      "claude-3-7-sonnet-20250219",
      { thinking: { type: "adaptive" } },
      { thinking: { type: "enabled", budget_tokens: 1500 } },
      [],
    ],
    [
      "no budget without room for it",
      "claude-3-7-sonnet-20250219",
      { max_tokens: 1024, thinking: { type: "adaptive" } },
      { thinking: undefined },
      ["thinking"],
    ],
    [
      "the caller's own budget, which interleaved thinking may let exceed the limit",
      "claude-sonnet-4-5",
      { thinking: { type: "enabled", budget_tokens: 4000 } },
      { thinking: { type: "enabled", budget_tokens: 4000 } },
      [],
    ],
    [
      "4.6 has no xhigh",
      "claude-sonnet-4-6",
      { thinking: { type: "adaptive" }, output_config: { effort: "xhigh" } },
      { output_config: { effort: "high" } },
      ["output_config.effort"],
    ],
    [
      "4.6 takes both",
      "claude-opus-4-6",
      { thinking: { type: "enabled", budget_tokens: 1024 }, temperature: 1 },
      { thinking: { type: "enabled", budget_tokens: 1024 }, temperature: 1 },
      [],
    ],
    [
      "a budget becomes an effort after it",
      "claude-opus-4-8",
      { thinking: { type: "enabled", budget_tokens: 1600 } },
      { thinking: { type: "adaptive" }, output_config: { effort: "low" } },
      [],
    ],
    [
      "an effort that was stated stays",
      "claude-sonnet-5",
      { thinking: { type: "enabled", budget_tokens: 1600 }, output_config: { effort: "max" } },
      { thinking: { type: "adaptive" }, output_config: { effort: "max" } },
      [],
    ],
    [
      "newer models take no sampling",
      "claude-haiku-5-5",
      { temperature: 0.2, top_k: 3, top_p: 1 },
      { temperature: undefined, top_k: undefined, top_p: undefined },
      ["temperature", "top_k"],
    ],
    [
      "an effort beside a budget goes where it is known",
      "claude-opus-4-5-20251101",
      { thinking: { type: "enabled", budget_tokens: 1600 }, output_config: { effort: "low" } },
      { thinking: { type: "enabled", budget_tokens: 1600 }, output_config: { effort: "low" } },
      [],
    ],
    [
      "an effort alone is lost where it is not known",
      "claude-haiku-4-5",
      { output_config: { effort: "low" } },
      { output_config: undefined },
      ["output_config.effort"],
    ],
    [
      "4.1 and later take a temperature or a top_p",
      "claude-opus-4-1-20250805",
      { temperature: 0.2, top_p: 0.5 },
      { temperature: 0.2, top_p: undefined },
      ["top_p"],
    ],
    [
      "older ones take both",
      "claude-sonnet-4@20250514",
      { temperature: 0.2, top_p: 0.5 },
      { temperature: 0.2, top_p: 0.5 },
      [],
    ],
    ["a date is no version", "claude-opus-4-20250514", { temperature: 0.2 }, { temperature: 0.2 }, []],
    ["older models do", "claude-sonnet-4@20250514", { temperature: 0.2, top_k: 3 }, { temperature: 0.2 }, []],
    [
      "a name that says nothing changes nothing",
      "arn:aws:bedrock:eu-west-1:1:application-inference-profile/x",
      { thinking: { type: "adaptive" }, temperature: 0.2 },
      { thinking: { type: "adaptive" }, temperature: 0.2 },
      [],
    ],
  ])("rewords for the model's generation: %s", (_, modelId, sent, expected, lost) => {
    const lowered = lower(parse(sent), target(modelId));
    for (const [field, value] of Object.entries(expected)) expect(lowered.body[field]).toEqual(value);
    expect(controls(lowered)).toEqual([...lost]);
  });

  test.each<[string, Record<string, unknown>, LowerTarget, readonly string[]]>([
    ["a refused field", { temperature: 0.2 }, target("m", [], ["temperature", "top_p"]), ["temperature"]],
    ["a refused field that is null", { temperature: null }, target("m", [], ["temperature"]), []],
    ["thinking", { thinking: { type: "adaptive" } }, target("m", ["reasoning"]), ["thinking"]],
    ["no thinking, which holds anyway", { thinking: { type: "disabled" } }, target("m", ["reasoning"]), []],
  ])("%s is left out, and said so", (_, extra, to, lost) => {
    const lowered = lower(parse(extra), to);
    expect(controls(lowered)).toEqual([...lost]);
    for (const field of Object.keys(extra)) expect(lowered.body).not.toHaveProperty(field);
    const strict = anthropicMessages.lower({ ...parse(extra), strict: true }, to);
    expect(strict.ok).toBe(lost.length === 0);
    if (!strict.ok) {
      expect(strict.fault).toMatchObject({ kind: "invalid", code: "unsupported_control", param: lost[0] });
    }
  });

  test("a count goes to its own path, without what only an answer needs", () => {
    const request = parse({ stream: true, temperature: 1, metadata: { user_id: "u" }, system: "S" }, COUNT);
    expect(anthropicMessages.path(request, target())).toBe("/messages/count_tokens");
    expect(anthropicMessages.path(parse(), target())).toBe("/messages");
    expect(lower(request).body).toEqual({ model: "some-model", messages: BODY.messages, system: "S" });
    const crossing = lower({ ...chat({ seed: 1 }), operation: "count_tokens" });
    expect(crossing.body).toEqual({ model: "some-model", messages: BODY.messages });
    expect(crossing.warnings).toEqual([]);
  });

  test("a server without formats is asked in the system prompt", () => {
    const format = { type: "json_schema", schema: { type: "object", properties: { a: {} } } };
    const request = parse({ output_config: { format }, system: "Be brief." });
    const lowered = lower(request, target("m", [], ["output_config"]));
    expect(lowered.warnings).toEqual([]);
    expect(lowered.body).not.toHaveProperty("output_config");
    expect(lowered.body.system).toMatchObject([
      { text: "Be brief." },
      { text: expect.stringContaining('"a"') },
    ]);
  });

  test("neither the request nor the caller's body is changed", () => {
    const metadata = { pointsman_strict: "false", user_id: "u" };
    const thinking = { type: "adaptive" };
    const request = parse({ metadata, thinking, temperature: 0.5, output_config: { effort: "low" } });
    const before = structuredClone(request.origin.body);
    expect(lower(request, target("claude-sonnet-4-5")).body.metadata).toEqual({ user_id: "u" });
    expect(request.origin.body).toEqual(before);
  });
});
