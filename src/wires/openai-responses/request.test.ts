import { describe, expect, test } from "bun:test";
import { CAPABILITIES, type Capability } from "../../core/contract.ts";
import { type ModelRequest, withMessages } from "../../core/request.ts";
import { openaiResponses } from "../openai-responses.ts";
import type { LowerTarget } from "../wire.ts";

const NO_HINTS = { contract: {}, strict: false };
const BODY = { model: "support-chat", input: "Hi" };
const ENCRYPTED = "gAAAAABoyfKl";

function parse(extra: Record<string, unknown> = {}, hints = NO_HINTS): ModelRequest {
  const result = openaiResponses.parseRequest({ ...BODY, ...extra }, hints);
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

function target(without: readonly Capability[] = [], unsupported: readonly string[] = []): LowerTarget {
  return {
    modelId: "gpt-5-mini",
    maxOutputTokens: 4096,
    capabilities: new Set(CAPABILITIES.filter((capability) => !without.includes(capability))),
    unsupported: new Set(unsupported),
  };
}

function lower(request: ModelRequest, to = target()) {
  const result = openaiResponses.lower(request, to);
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

/** The same request as if it had come in on another wire. */
function foreign(request: Partial<ModelRequest>): ModelRequest {
  return { ...parse(), ...request, origin: { wire: "openai-chat", body: {}, rewritten: new Set() } };
}

describe("parseRequest", () => {
  test("instructions come first, and what the model did in one turn is one message", () => {
    const { messages } = parse({
      instructions: "Be brief.",
      input: [
        { role: "developer", content: "Numbers have two letters." },
        { role: "user", content: [{ type: "input_text", text: "Track A1." }] },
        {
          type: "reasoning",
          id: "rs_1",
          summary: [{ type: "summary_text", text: "One." }, { text: "Two." }],
        },
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "I will look." }] },
        { type: "function_call", call_id: "c1", name: "track", arguments: "{" },
        { type: "function_call", call_id: "c2", name: "track", arguments: "{}" },
        { type: "function_call_output", call_id: "c1", output: "Kassel" },
        { type: "function_call_output", call_id: "c2", output: [{ type: "input_text", text: "Bonn" }] },
        { role: "assistant", content: "Kassel." },
        { role: "assistant", content: "And Bonn." },
      ],
    });
    expect(messages).toEqual([
      { role: "system", content: [{ type: "text", text: "Be brief." }] },
      { role: "system", content: [{ type: "text", text: "Numbers have two letters." }] },
      { role: "user", content: [{ type: "text", text: "Track A1." }] },
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "One.\n\nTwo." },
          { type: "text", text: "I will look." },
          { type: "tool_call", id: "c1", name: "track", arguments: "{" },
          { type: "tool_call", id: "c2", name: "track", arguments: "{}" },
        ],
      },
      {
        role: "tool",
        content: [{ type: "tool_result", callId: "c1", content: [{ type: "text", text: "Kassel" }] }],
      },
      {
        role: "tool",
        content: [{ type: "tool_result", callId: "c2", content: [{ type: "text", text: "Bonn" }] }],
      },
      { role: "assistant", content: [{ type: "text", text: "Kassel." }] },
      { role: "assistant", content: [{ type: "text", text: "And Bonn." }] },
    ]);
  });

  test("images, files and cache marks are read wherever they come from", () => {
    const { messages } = parse({
      input: [
        {
          role: "user",
          content: [
            { type: "input_image", image_url: "data:image/png;base64,AAAA", detail: "original" },
            { type: "input_image", file_id: "file-1" },
            { type: "input_file", file_url: "https://example.com/a.pdf" },
            { type: "input_text", text: "?", prompt_cache_breakpoint: { mode: "explicit" } },
          ],
        },
      ],
    });
    expect(messages[0]?.content).toEqual([
      { type: "image", source: { kind: "base64", mediaType: "image/png", data: "AAAA" }, detail: "high" },
      { type: "image", source: { kind: "file", id: "file-1" } },
      { type: "document", source: { kind: "url", url: "https://example.com/a.pdf" } },
      { type: "text", text: "?", cache: {} },
    ]);
  });

  test("items of built-in tools stay whole, on the side of the conversation they belong to", () => {
    const call = { type: "computer_call", call_id: "c", action: { type: "screenshot" } };
    const output = { type: "computer_call_output", call_id: "c", output: { type: "computer_screenshot" } };
    expect(parse({ input: [call, output] }).messages).toEqual([
      { role: "assistant", content: [{ type: "opaque", wire: "openai-responses", value: call }] },
      { role: "user", content: [{ type: "opaque", wire: "openai-responses", value: output }] },
    ]);
  });

  test("null stands for absent, as the official clients' types allow", () => {
    const nulls = ["instructions", "temperature", "tools", "tool_choice", "text", "reasoning", "metadata"];
    const stateful = { previous_response_id: null, conversation: null, prompt: null, background: false };
    const request = parse({ ...Object.fromEntries(nulls.map((name) => [name, null])), ...stateful });
    expect(request).toMatchObject({ sampling: {}, tools: [], responseFormat: { type: "text" } });
    expect(request).not.toHaveProperty("reasoning");
  });

  test("log probabilities are asked for by either field", () => {
    expect(parse({ top_logprobs: 2 }).sampling.logprobs).toBe(2);
    expect(parse({ include: ["message.output_text.logprobs"] }).sampling.logprobs).toBe(0);
    expect(parse({ top_logprobs: 0 }).sampling.logprobs).toBeUndefined();
  });

  test("the effort above the contract's scale is its last step", () => {
    expect(parse({ reasoning: { effort: "max" } }).reasoning).toEqual({ effort: "xhigh" });
    expect(lower(parse({ reasoning: { effort: "max" } })).body.reasoning).toEqual({ effort: "max" });
  });

  test("whoever asks is known by the first field that says so", () => {
    expect(parse({ safety_identifier: "s", prompt_cache_key: "k" }).user).toBe("s");
    // Many users share the key of one beginning.
    expect(parse({ prompt_cache_key: "k" }).user).toBeUndefined();
    expect(parse({ user: "u", safety_identifier: "s" }).user).toBe("u");
  });
});

describe("beyondContract", () => {
  test("names what no other wire can do, and nothing else", () => {
    const request = parse({
      input: [
        { role: "user", content: "Hi", phase: "x" },
        {
          type: "message",
          id: "msg_1",
          status: "completed",
          role: "assistant",
          content: [{ type: "output_text", text: "Yes?", annotations: [{}], logprobs: [{}] }],
        },
        { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Hm." }] },
        { type: "function_call", id: "fc_1", call_id: "a", name: "f", arguments: "{}", namespace: "n" },
        { type: "function_call_output", call_id: "a", output: "2" },
      ],
      tools: [
        { type: "function", name: "f", defer_loading: true },
        { type: "web_search" },
        { type: "mcp", server_label: "x" },
      ],
      tool_choice: { type: "web_search" },
      include: ["reasoning.encrypted_content", "web_search_call.action.sources"],
      reasoning: { effort: "low", summary: "auto", mode: "pro" },
      text: { verbosity: "low" },
      max_tool_calls: 3,
      store: true,
      truncation: "auto",
      service_tier: "flex",
      prompt_cache_key: "k",
      stream_options: { include_obfuscation: false },
    });
    expect([...openaiResponses.beyondContract(request)].sort()).toEqual([
      "include",
      "input[3].namespace",
      "max_tool_calls",
      "reasoning.mode",
      "service_tier",
      "store",
      "text.verbosity",
      "tool_choice",
      "tools[0].defer_loading",
      "tools[1]",
      "tools[2]",
      "truncation",
    ]);
    const usual = parse({ store: false, truncation: "disabled", service_tier: "auto" });
    expect(openaiResponses.beyondContract(usual)).toEqual([]);
  });
});

describe("lower", () => {
  test("keeps the body of its own wire as it came", () => {
    const sent = {
      instructions: "Be brief.",
      input: [
        { type: "item_reference", id: "msg_1" },
        { role: "user", content: "Hi", phase: "x" },
      ],
      tools: [{ type: "web_search", search_context_size: "low" }],
      store: true,
      stream: true,
      stream_options: { include_obfuscation: false },
      metadata: { pointsman_task_type: "chat", order: "17" },
    };
    const { body, warnings } = lower(parse(sent));
    expect(body).toEqual({ ...BODY, ...sent, model: "gpt-5-mini", metadata: { order: "17" } });
    expect(warnings).toEqual([]);
    expect(lower(parse({ metadata: { pointsman_strict: "false" } })).body).not.toHaveProperty("metadata");
  });

  test("what this gateway made when another provider answered does not go to one of this wire", () => {
    const user = { role: "user", content: "Hi" };
    const message = { type: "message", role: "assistant", content: [{ type: "output_text", text: "Ho" }] };
    const call = { type: "function_call", call_id: "c", name: "f", arguments: "{}" };
    const kept = { type: "reasoning", id: "rs_9", summary: [], encrypted_content: ENCRYPTED };
    const input = [
      user,
      { type: "reasoning", id: "rs_pm_1_0", summary: [{ type: "summary_text", text: "Hm." }] },
      { type: "reasoning", summary: [], encrypted_content: "pointsman-signature:c2ln" },
      { ...message, id: "msg_pm_1_1" },
      { ...call, id: "fc_pm_1_2" },
      kept,
    ];
    expect(lower(parse({ input })).body.input).toEqual([user, message, call, kept]);
  });

  test("rewritten sections are rendered anew, the others stay as they came", () => {
    const request = parse({
      instructions: "Be brief.",
      temperature: 1,
      top_logprobs: 3,
      include: ["message.output_text.logprobs"],
      text: { format: { type: "json_object" }, verbosity: "low" },
      x: 1,
    });
    const shorter = withMessages(request, [
      { role: "user", content: [{ type: "text", text: "Ho" }] },
      { role: "system", content: [{ type: "text", text: "Answer in JSON." }] },
    ]);
    const { body } = lower(shorter);
    expect(body.input).toEqual([
      { role: "user", content: "Ho" },
      { role: "system", content: "Answer in JSON." },
    ]);
    expect(body).not.toHaveProperty("instructions");
    expect(body).toMatchObject({ temperature: 1, x: 1 });
    const rewritten = new Set(["sampling", "responseFormat"] as const);
    const capped = lower({
      ...request,
      sampling: { maxTokens: 5 },
      responseFormat: { type: "text" },
      origin: { ...request.origin, rewritten },
    }).body;
    expect(capped).toMatchObject({
      max_output_tokens: 5,
      instructions: "Be brief.",
      text: { verbosity: "low", format: { type: "text" } },
    });
    for (const gone of ["temperature", "top_logprobs", "include"]) expect(capped).not.toHaveProperty(gone);
  });

  test("a request of another wire is not kept at the provider, and its tools are as strict as it said", () => {
    const { body } = lower(
      foreign({
        tools: [{ name: "f", parameters: {} }],
        toolChoice: { type: "tool", name: "f" },
        reasoning: { budgetTokens: 9000 },
        user: "u",
      }),
    );
    expect(body).toMatchObject({
      store: false,
      tools: [{ type: "function", name: "f", parameters: {}, strict: false }],
      tool_choice: { type: "function", name: "f" },
      reasoning: { effort: "high" },
      include: ["reasoning.encrypted_content"],
      user: "u",
    });
  });

  test("reasoning goes back to those who encrypted it, and no further", () => {
    const own = parse({
      input: [{ type: "reasoning", summary: [], encrypted_content: ENCRYPTED }],
    }).messages;
    expect(lower(foreign({ messages: own })).body.input).toEqual([
      { type: "reasoning", summary: [], encrypted_content: ENCRYPTED },
    ]);
    const { body, warnings } = lower(
      foreign({
        messages: [
          {
            role: "assistant",
            content: [
              { type: "reasoning", text: "Hm.", signature: "c2ln" },
              { type: "reasoning", text: "", redacted: "ZW5j" },
              { type: "text", text: "Ho", cache: {} },
            ],
          },
        ],
      }),
    );
    expect(body.input).toEqual([
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "Ho" }] },
    ]);
    expect(warnings.map((warning) => warning.control)).toEqual(["cache", "reasoning"]);
  });

  test("a signature that another provider gave comes back to it through the caller", () => {
    const { messages } = parse({
      input: [
        { type: "reasoning", summary: [{ text: "Hm." }], encrypted_content: "pointsman-signature:c2ln" },
      ],
    });
    expect(messages[0]?.content).toEqual([{ type: "reasoning", text: "Hm.", signature: "c2ln" }]);
  });

  test("a file without a name gets one that says what it is", () => {
    const document = (mediaType: string) =>
      lower(
        foreign({
          messages: [
            {
              role: "user",
              content: [{ type: "document", source: { kind: "base64", mediaType, data: "AAAA" } }],
            },
          ],
        }),
      ).body.input;
    expect(document("application/pdf")).toMatchObject([{ content: [{ filename: "document.pdf" }] }]);
    expect(document("text/plain")).toMatchObject([{ content: [{ filename: "document.txt" }] }]);
  });

  test.each<[string, Partial<ModelRequest>, readonly string[]]>([
    ["stop sequences", { sampling: { stop: ["END"] } }, ["stop"]],
    ["no stop sequences", { sampling: { stop: [] } }, []],
    ["a seed", { sampling: { seed: 7 } }, ["seed"]],
    ["two choices", { sampling: { choices: 2 } }, ["n"]],
    ["one choice", { sampling: { choices: 1 } }, []],
    [
      "penalties",
      { sampling: { frequencyPenalty: 1, presencePenalty: 0 } },
      ["frequency_penalty", "presence_penalty"],
    ],
    ["top k", { sampling: { topK: 40 } }, ["top_k"]],
  ])("%s of another wire: what this one lacks is said", (_, change, controls) => {
    const request = foreign(change);
    expect(lower(request).warnings.map((warning) => warning.control)).toEqual([...controls]);
    const strict = openaiResponses.lower({ ...request, strict: true }, target());
    expect(strict.ok).toBe(controls.length === 0);
    if (!strict.ok) {
      expect(strict.fault).toMatchObject({
        kind: "invalid",
        code: "unsupported_control",
        param: controls[0],
      });
    }
  });

  test.each<[string, Record<string, unknown>, LowerTarget, readonly string[]]>([
    ["logprobs", { top_logprobs: 2 }, target(["logprobs"]), ["top_logprobs"]],
    ["parallel calls", { parallel_tool_calls: true }, target(["parallel_tools"]), ["parallel_tool_calls"]],
    ["no parallel calls, which holds anyway", { parallel_tool_calls: false }, target(["parallel_tools"]), []],
    ["thinking", { reasoning: { effort: "low" } }, target(["reasoning"]), ["reasoning"]],
    ["not thinking, which holds anyway", { reasoning: { effort: "none" } }, target(["reasoning"]), []],
    ["a refused field", { temperature: 0.2 }, target([], ["temperature", "top_p"]), ["temperature"]],
    ["a refused field that is null", { temperature: null }, target([], ["temperature"]), []],
    ["a refused field that the caller stated", { store: false }, target([], ["store"]), ["store"]],
  ])("%s: what the target lacks is left out, and said so", (_, extra, to, controls) => {
    const { body, warnings } = lower(parse(extra), to);
    expect(warnings.map((warning) => warning.control)).toEqual([...controls]);
    for (const field of [...controls, ...to.unsupported]) expect(body).not.toHaveProperty(field);
  });

  test("what only the gateway added is taken back in silence", () => {
    const { body, warnings } = lower(
      foreign({ reasoning: { effort: "low" } }),
      target([], ["store", "include"]),
    );
    expect(warnings).toEqual([]);
    expect(body).not.toHaveProperty("store");
    expect(body).not.toHaveProperty("include");
  });

  test("neither the request nor the caller's body is changed", () => {
    const request = parse({
      metadata: { pointsman_strict: "false" },
      top_logprobs: 1,
      include: ["message.output_text.logprobs"],
      input: [
        { role: "user", content: "Hi" },
        { type: "message", role: "assistant", id: "msg_pm_1_0", content: [] },
      ],
    });
    const before = structuredClone(request.origin.body);
    lower(request, target(["logprobs"], ["metadata"]));
    expect(request.origin.body).toEqual(before);
  });
});
