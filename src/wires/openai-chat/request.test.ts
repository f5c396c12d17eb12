import { describe, expect, test } from "bun:test";
import { CAPABILITIES, type Capability } from "../../core/contract.ts";
import { type ModelRequest, withMessages } from "../../core/request.ts";
import { openaiChat } from "../openai-chat.ts";
import type { LowerTarget } from "../wire.ts";

const NO_HINTS = { contract: {}, strict: false };
const BODY = { model: "support-chat", messages: [{ role: "user", content: "Hi" }] };

function parse(extra: Record<string, unknown> = {}, hints = NO_HINTS): ModelRequest {
  const result = openaiChat.parseRequest({ ...BODY, ...extra }, hints);
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

function target(without: readonly Capability[] = [], unsupported: readonly string[] = []): LowerTarget {
  return {
    modelId: "gpt-4o-2024-08-06",
    maxOutputTokens: 4096,
    capabilities: new Set(CAPABILITIES.filter((capability) => !without.includes(capability))),
    unsupported: new Set(unsupported),
  };
}

function lower(request: ModelRequest, to = target()) {
  const result = openaiChat.lower(request, to);
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

describe("beyondContract", () => {
  test("names what no other wire can do at any depth, each kind once, and nothing that asks for nothing", () => {
    const request = parse({
      messages: [
        { role: "user", name: "ann", content: [{ type: "text", text: "Hi", cache_control: {} }] },
        { role: "assistant", content: "Yes?", annotations: [{}], audio: null, parsed: {}, reasoning: "Hm." },
        { role: "user", name: "bob", content: "2 + 2?" },
        {
          role: "assistant",
          tool_calls: [
            {
              id: "a",
              index: 0,
              type: "function",
              function: { name: "f", arguments: "{}", parsed_arguments: {} },
            },
          ],
        },
        { role: "tool", name: "f", tool_call_id: "a", content: "4" },
      ],
      tools: [{ type: "function", function: { name: "f", parameters: { anything: 1 }, examples: ["x"] } }],
      logit_bias: { "50256": -100 },
      stream: true,
      stream_options: { include_obfuscation: false },
      store: true,
      service_tier: "priority",
      safety_identifier: "u1",
    });
    expect(request.user).toBe("u1");
    expect(openaiChat.beyondContract(request)).toEqual([
      "messages[0].name",
      "messages[0].content[0].cache_control",
      "tools[0].function.examples",
      "logit_bias",
      "service_tier",
    ]);
    expect(openaiChat.beyondContract(parse({ service_tier: "default" }))).toEqual([]);
  });
});

describe("parseRequest", () => {
  test("reads every section of a conversation", () => {
    const request = parse({
      messages: [
        { role: "developer", content: "Be brief." },
        {
          role: "user",
          content: [
            { type: "text", text: "What is this?" },
            { type: "image_url", image_url: { url: "data:image/png;base64,AAAA", detail: "low" } },
            { type: "image_url", image_url: { url: "https://example.com/a.png" } },
            { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,BBBB" } },
          ],
        },
        {
          role: "assistant",
          content: null,
          reasoning_content: "Look it up.",
          tool_calls: [{ id: "c1", type: "function", function: { name: "find", arguments: "{" } }],
        },
        { role: "tool", tool_call_id: "c1", content: "A duck." },
        { role: "assistant", content: null, refusal: "No." },
      ],
    });
    expect(request.messages).toEqual([
      { role: "system", content: [{ type: "text", text: "Be brief." }] },
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image", source: { kind: "base64", mediaType: "image/png", data: "AAAA" }, detail: "low" },
          { type: "image", source: { kind: "url", url: "https://example.com/a.png" } },
          {
            type: "document",
            source: { kind: "base64", mediaType: "application/pdf", data: "BBBB" },
            name: "a.pdf",
          },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "Look it up." },
          { type: "tool_call", id: "c1", name: "find", arguments: "{" },
        ],
      },
      {
        role: "tool",
        content: [{ type: "tool_result", callId: "c1", content: [{ type: "text", text: "A duck." }] }],
      },
      { role: "assistant", content: [{ type: "refusal", text: "No." }] },
    ]);
  });

  test("null stands for absent, as the official clients' types allow", () => {
    const nulls = [
      "temperature",
      "stop",
      "n",
      "seed",
      "response_format",
      "stream_options",
      "tools",
      "metadata",
    ];
    expect(parse(Object.fromEntries(nulls.map((name) => [name, null]))).sampling).toEqual({});
  });

  test("log probabilities without alternatives ask for the chosen token's alone", () => {
    expect(parse({ logprobs: true }).sampling.logprobs).toBe(0);
    expect(parse({ logprobs: false }).sampling.logprobs).toBeUndefined();
  });

  test("headers win over metadata, and either can ask for strictness", () => {
    const metadata = {
      pointsman_task_type: "code",
      pointsman_residency: "eu-west-1, eu-*",
      pointsman_strict: "true",
    };
    const request = parse({ metadata }, { contract: { taskType: "chat" }, strict: false });
    expect(request.contract).toEqual({ taskType: "chat", residency: ["eu-west-1", "eu-*"] });
    expect(request.strict).toBe(true);
    expect(parse({ metadata: { pointsman_strict: "false" } }, { contract: {}, strict: true }).strict).toBe(
      true,
    );
  });
});

describe("lower", () => {
  test("keeps the body, names the provider's model, and asks for usage when streaming", () => {
    const sent = { stream: true, reasoning_effort: "low", messages: [{ ...BODY.messages[0], name: "Ada" }] };
    const { body } = lower(parse(sent));
    expect(body).toEqual({
      ...BODY,
      ...sent,
      model: "gpt-4o-2024-08-06",
      stream_options: { include_usage: true },
    });
  });

  test("keeps the caller's other stream options, and sends none without a stream", () => {
    const options = { include_usage: false, include_obfuscation: false };
    const request = parse({ stream: true, stream_options: options });
    expect(request.streamUsage).toBe(false);
    expect(lower(request).body.stream_options).toEqual({ include_usage: true, include_obfuscation: false });
    expect(lower({ ...request, stream: false }).body).not.toHaveProperty("stream_options");
  });

  test("the contract's own metadata stays here", () => {
    const metadata = { pointsman_task_type: "chat" };
    expect(lower(parse({ metadata })).body).not.toHaveProperty("metadata");
    expect(lower(parse({ metadata: { ...metadata, order: "17" } })).body.metadata).toEqual({ order: "17" });
  });

  test("messages that stayed as they were keep what the contract does not model, wherever they stand", () => {
    const named = { role: "user", name: "anna", content: [{ type: "text", text: "Hi", cache_control: {} }] };
    const thought = { role: "assistant", content: "Ho", reasoning_content: "Hm", prefix: true };
    const request = parse({ messages: [named, thought] });
    const prompt = { role: "system", content: [{ type: "text", text: "Be brief." }] } as const;
    const prompted = withMessages(request, [prompt, ...request.messages]);
    const more = { role: "user", content: [{ type: "text", text: "And?" }] } as const;
    const again = withMessages(prompted, [...prompted.messages.slice(0, 2), more]);
    const system = { role: "system", content: "Be brief." };
    expect(lower(prompted).body.messages).toEqual([system, named, thought]);
    expect(lower(again).body.messages).toEqual([system, named, { role: "user", content: "And?" }]);
  });

  test("rewritten sections are rendered anew, the others stay as they came", () => {
    const request = parse({ max_tokens: 9, temperature: 1, response_format: { type: "json_object" }, x: 1 });
    const shorter = withMessages(request, [{ role: "user", content: [{ type: "text", text: "Ho" }] }]);
    expect(lower(shorter).body.messages).toEqual([{ role: "user", content: "Ho" }]);
    const rewritten = new Set(["sampling", "responseFormat"] as const);
    const capped: ModelRequest = {
      ...request,
      sampling: { maxTokens: 5 },
      responseFormat: { type: "text" },
      origin: { ...request.origin, rewritten },
    };
    const { body } = lower(capped);
    expect(body).toMatchObject({ max_tokens: 5, x: 1, messages: BODY.messages });
    expect(body).not.toHaveProperty("temperature");
    expect(body).not.toHaveProperty("response_format");
  });

  test.each<[string, Record<string, unknown>, LowerTarget, readonly string[]]>([
    ["logprobs", { logprobs: true, top_logprobs: 2 }, target(["logprobs"]), ["logprobs"]],
    ["seed", { seed: 7 }, target(["seed"]), ["seed"]],
    ["parallel calls", { parallel_tool_calls: true }, target(["parallel_tools"]), ["parallel_tool_calls"]],
    ["no parallel calls, which holds anyway", { parallel_tool_calls: false }, target(["parallel_tools"]), []],
    ["a refused field", { temperature: 0.2 }, target([], ["temperature", "top_p"]), ["temperature"]],
    ["a refused field that is null", { temperature: null }, target([], ["temperature"]), []],
    ["usage that only we asked for", { stream: true }, target([], ["stream_options"]), []],
    [
      "usage that the caller asked for",
      { stream: true, stream_options: { include_usage: true } },
      target([], ["stream_options"]),
      ["stream_options"],
    ],
  ])("%s is left out, and said so", (_, extra, to, controls) => {
    const { body, warnings } = lower(parse(extra), to);
    expect(warnings.map((warning) => warning.control)).toEqual([...controls]);
    for (const field of [...controls, ...to.unsupported, "top_logprobs"])
      expect(body).not.toHaveProperty(field);
    const strict = openaiChat.lower({ ...parse(extra), strict: true }, to);
    expect(strict.ok).toBe(controls.length === 0);
    if (!strict.ok) {
      expect(strict.fault).toMatchObject({
        kind: "invalid",
        code: "unsupported_control",
        param: controls[0],
      });
    }
  });

  test("a token limit is spelt as the server knows it", () => {
    const older = lower(parse({ max_tokens: 9 }), target([], ["max_tokens"]));
    expect(older.body).toMatchObject({ max_completion_tokens: 9 });
    expect(older.body).not.toHaveProperty("max_tokens");
    const newer = lower(parse({ max_completion_tokens: 9 }), target([], ["max_completion_tokens"]));
    expect(newer.body).toMatchObject({ max_tokens: 9 });
    expect([...older.warnings, ...newer.warnings]).toEqual([]);
  });

  test("a control of another wire that this one lacks is a warning", () => {
    const foreign: ModelRequest = {
      ...parse(),
      sampling: { topK: 40 },
      origin: { wire: "anthropic-messages", body: {}, rewritten: new Set() },
    };
    expect(lower(foreign).warnings.map((warning) => warning.control)).toEqual(["top_k"]);
  });

  test("neither the request nor the caller's body is changed", () => {
    const request = parse({ metadata: { pointsman_strict: "false" }, seed: 1, max_tokens: 3 });
    const before = structuredClone(request.origin.body);
    lower(request, target(["seed"], ["max_tokens"]));
    expect(request.origin.body).toEqual(before);
  });
});

test("what a tool showed follows its text as the user's own", () => {
  const image = {
    type: "image",
    source: { kind: "base64", mediaType: "image/png", data: "iVBOR" },
  } as const;
  const result = {
    type: "tool_result",
    callId: "c1",
    content: [{ type: "text", text: "A chart." }, image],
  } as const;
  const messages = [{ role: "user", content: [result, { type: "text", text: "Explain it." }] }] as const;
  const origin = { wire: "native", body: {}, rewritten: new Set<never>() } as const;
  const { body } = lower({ ...parse(), messages, origin });
  expect(body.messages).toEqual([
    { role: "tool", tool_call_id: "c1", content: "A chart." },
    {
      role: "user",
      content: [
        { type: "image_url", image_url: { url: "data:image/png;base64,iVBOR" } },
        { type: "text", text: "Explain it." },
      ],
    },
  ]);
});

test("nothing that a tool showed comes between the results that answer one turn", () => {
  const image = { type: "image", source: { kind: "url", url: "https://x.example/a.png" } } as const;
  const text = (said: string) => ({ type: "text", text: said }) as const;
  const call = (id: string) => ({ type: "tool_call", id, name: "f", arguments: "{}" }) as const;
  const result = (callId: string, shown: typeof image | ReturnType<typeof text>) =>
    ({ type: "tool_result", callId, content: [shown] }) as const;
  const messages: ModelRequest["messages"] = [
    { role: "assistant", content: [call("a"), call("b")] },
    { role: "tool", content: [result("a", image)] },
    { role: "user", content: [result("b", text("Sunny.")), text("Well?")] },
    { role: "assistant", content: [call("c")] },
    { role: "tool", content: [result("c", image)] },
    { role: "user", content: [text("And now?")] },
  ];
  const origin = { wire: "openai-responses", body: {}, rewritten: new Set<never>() } as const;
  const { body } = lower({ ...parse(), messages, origin });
  const shown = { type: "image_url", image_url: { url: "https://x.example/a.png" } };
  expect(body.messages).toMatchObject([
    { role: "assistant" },
    { role: "tool", tool_call_id: "a", content: "" },
    { role: "tool", tool_call_id: "b", content: "Sunny." },
    { role: "user", content: [shown, { type: "text", text: "Well?" }] },
    { role: "assistant" },
    { role: "tool", tool_call_id: "c", content: "" },
    { role: "user", content: [shown] },
    { role: "user", content: "And now?" },
  ]);
});

describe("what a limit of the answer is called", () => {
  const imitator: LowerTarget = { ...target(), imitates: true };
  const foreign: ModelRequest = {
    ...parse({ max_tokens: 9 }),
    origin: { wire: "anthropic-messages", body: {}, rewritten: new Set() },
  };
  const capped = (written: Record<string, unknown>): ModelRequest => {
    const request = parse(written);
    return {
      ...request,
      sampling: { ...request.sampling, maxTokens: 5 },
      origin: { ...request.origin, rewritten: new Set(["sampling"]) },
    };
  };
  const limits = (request: ModelRequest, to: LowerTarget) => {
    const { max_tokens, max_completion_tokens } = lower(request, to).body;
    return { max_tokens, max_completion_tokens };
  };
  const older = (max_tokens: number) => ({ max_tokens, max_completion_tokens: undefined });
  const newer = (max_completion_tokens: number) => ({ max_tokens: undefined, max_completion_tokens });

  test("a caller of another dialect has it in the spelling that the server is sure to know", () => {
    expect(limits(foreign, target())).toEqual(newer(9));
    expect(limits(foreign, imitator)).toEqual(older(9));
  });

  test("what the caller wrote stays as it was written", () => {
    for (const to of [target(), imitator]) {
      expect(limits(parse({ max_tokens: 9 }), to)).toEqual(older(9));
      expect(limits(parse({ max_completion_tokens: 9 }), to)).toEqual(newer(9));
    }
  });

  test("a limit of the policy's own holds where the caller's spelling might be passed over", () => {
    expect(limits(capped({}), target())).toEqual(newer(5));
    expect(limits(capped({}), imitator)).toEqual(older(5));
    expect(limits(capped({ max_completion_tokens: 9 }), imitator)).toEqual(older(5));
    expect(limits(capped({ max_completion_tokens: 9 }), target())).toEqual(newer(5));
    expect(limits(capped({ max_tokens: 9 }), target())).toEqual(older(5));
  });

  test("a server that knows one spelling alone gets that", () => {
    const only = (field: string): LowerTarget => ({ ...imitator, unsupported: new Set([field]) });
    expect(limits(foreign, only("max_tokens"))).toEqual(newer(9));
    expect(limits(parse({ max_completion_tokens: 9 }), only("max_completion_tokens"))).toEqual(older(9));
    expect(lower(foreign, only("max_tokens")).warnings).toEqual([]);
  });
});
