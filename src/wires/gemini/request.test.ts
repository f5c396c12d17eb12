import { describe, expect, test } from "bun:test";
import { CAPABILITIES, type Capability } from "../../core/contract.ts";
import { type ContentPart, type ModelRequest, withMessages } from "../../core/request.ts";
import { gemini } from "../gemini.ts";
import { openaiChat } from "../openai-chat.ts";
import type { LowerTarget, RequestHints } from "../wire.ts";
import { UNSIGNED } from "./signature.ts";

const HINTS: RequestHints = { contract: {}, strict: false, target: "support-chat" };
const BODY = { contents: [{ role: "user", parts: [{ text: "Hi" }] }] };
const SIGNATURE = "CiQB0e2Kb3mJtX6z";

function parse(body: Record<string, unknown> = BODY, hints = HINTS): ModelRequest {
  const result = gemini.parseRequest(body, hints);
  if (!result.ok) throw new Error(`${result.fault.param}: ${result.fault.message}`);
  return result.value;
}

function parseChat(extra: Record<string, unknown>, strict = false): ModelRequest {
  const messages = [{ role: "user", content: "Hi" }];
  const result = openaiChat.parseRequest({ model: "m", messages, ...extra }, { contract: {}, strict });
  if (!result.ok) throw new Error(`${result.fault.param}: ${result.fault.message}`);
  return result.value;
}

function target(change: Partial<LowerTarget> = {}, without: readonly Capability[] = []): LowerTarget {
  return {
    modelId: "gemini-3-pro",
    maxOutputTokens: 4096,
    capabilities: new Set(CAPABILITIES.filter((capability) => !without.includes(capability))),
    unsupported: new Set(),
    ...change,
  };
}

function lower(request: ModelRequest, to = target()) {
  const result = gemini.lower(request, to);
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

function withContent(...content: readonly ContentPart[]): ModelRequest {
  return withMessages(parse(), [{ role: "assistant", content }]);
}

const TOOL = { type: "function", function: { name: "get_weather", parameters: { type: "object" } } };
const CALLS = [
  { role: "user", content: "Köln and Rome?" },
  {
    role: "assistant",
    content: null,
    tool_calls: [
      { id: "call_a", type: "function", function: { name: "get_weather", arguments: '{"city":"Köln"}' } },
      { id: "call_b", type: "function", function: { name: "get_time", arguments: "not JSON" } },
    ],
  },
  { role: "tool", tool_call_id: "call_a", content: "rain" },
  { role: "tool", tool_call_id: "call_b", content: '{"hour":9}' },
];

describe("where a request goes", () => {
  test("the path names the model and what is asked of it", () => {
    const request = parse();
    const path = (change: Partial<ModelRequest>, modelId = "gemini-2.5-flash") =>
      gemini.path({ ...request, ...change }, target({ modelId }));
    expect(path({})).toBe("/models/gemini-2.5-flash:generateContent");
    expect(path({ stream: true })).toBe("/models/gemini-2.5-flash:streamGenerateContent?alt=sse");
    expect(path({ operation: "count_tokens" })).toBe("/models/gemini-2.5-flash:countTokens");
    expect(path({}, "models/a b/c")).toBe("/models/a%20b%2Fc:generateContent");
  });

  test("the target comes from the path, with or without its prefix, and must be there", () => {
    expect(parse(BODY, { ...HINTS, target: "models/large" }).target).toBe("large");
    expect(parse({ ...BODY, model: "models/large" }, { contract: {}, strict: false }).target).toBe("large");
    const result = gemini.parseRequest(BODY, { contract: {}, strict: false });
    expect(result.ok ? null : result.fault).toMatchObject({ code: "missing_field", param: "model" });
    for (const bad of ["a\nb", "m".repeat(257)]) {
      const refused = gemini.parseRequest(BODY, { ...HINTS, target: bad });
      expect(refused.ok ? null : refused.fault).toMatchObject({ code: "invalid_value", param: "model" });
    }
  });

  test("what the path says of streams and counting is taken over", () => {
    const request = parse(BODY, { ...HINTS, stream: true, operation: "chat" });
    expect(request).toMatchObject({ stream: true, streamUsage: true, operation: "chat" });
    expect(parse(BODY, { ...HINTS, operation: "count_tokens" }).operation).toBe("count_tokens");
  });
});

describe("counting tokens", () => {
  const counting = (body: Record<string, unknown>) => parse(body, { ...HINTS, operation: "count_tokens" });
  const whole = { ...BODY, systemInstruction: { parts: [{ text: "Be brief." }] } };

  test("contents alone travel as they are", () => {
    expect(lower(counting(BODY)).body).toEqual(BODY);
  });

  test("more than contents travels as a whole request, which is also read", () => {
    const { body } = lower(counting(whole));
    expect(body).toEqual({ generateContentRequest: { model: "models/gemini-3-pro", ...whole } });
    const again = counting(body as Record<string, unknown>);
    expect(again.messages).toEqual(counting(whole).messages);
    expect(lower(again).body).toEqual(body);
  });

  test("a server without whole requests gets the fields that it counts", () => {
    const vertex = target({ unsupported: new Set(["generateContentRequest"]) });
    const { body } = lower(counting({ ...whole, safetySettings: [] }), vertex);
    expect(body).toEqual(whole);
  });
});

describe("from OpenAI's chat", () => {
  test("a conversation with tools becomes turns of user and model", () => {
    const request = parseChat({
      messages: [{ role: "system", content: "Be brief." }, ...CALLS, { role: "user", content: "Thanks" }],
      tools: [TOOL],
      tool_choice: "required",
    });
    const { body, warnings } = lower(request);
    expect(body.systemInstruction).toEqual({ parts: [{ text: "Be brief." }] });
    expect(body.contents).toEqual([
      { role: "user", parts: [{ text: "Köln and Rome?" }] },
      {
        role: "model",
        parts: [
          {
            functionCall: { id: "call_a", name: "get_weather", args: { city: "Köln" } },
            thoughtSignature: UNSIGNED,
          },
          { functionCall: { id: "call_b", name: "get_time", args: { arguments: "not JSON" } } },
        ],
      },
      {
        role: "user",
        parts: [
          { functionResponse: { id: "call_a", name: "get_weather", response: { result: "rain" } } },
          { functionResponse: { id: "call_b", name: "get_time", response: { hour: 9 } } },
        ],
      },
      { role: "user", parts: [{ text: "Thanks" }] },
    ]);
    expect(body.tools).toEqual([
      { functionDeclarations: [{ name: "get_weather", parametersJsonSchema: { type: "object" } }] },
    ]);
    expect(body.toolConfig).toEqual({ functionCallingConfig: { mode: "ANY" } });
    expect(warnings).toEqual([]);
  });

  test("and back again: what Gemini is sent reads as what the caller sent", () => {
    const request = parseChat({ messages: [CALLS[0], CALLS[1], CALLS[2]], tools: [TOOL] });
    const again = parse(lower(request).body as Record<string, unknown>);
    expect(again.messages[1]?.content[0]).toEqual({
      type: "tool_call",
      id: "call_a",
      name: "get_weather",
      arguments: '{"city":"Köln"}',
    });
    expect(again.messages.slice(2)).toEqual(request.messages.slice(2));
    expect(again.tools).toEqual(request.tools);
  });

  test("a request with nothing but a system message is still answered", () => {
    const { body } = lower(parseChat({ messages: [{ role: "system", content: "Say hi." }] }));
    expect(body).toEqual({ contents: [{ role: "user", parts: [{ text: "Say hi." }] }] });
  });

  test("images and documents by address are typed by their extension", () => {
    const image = (url: string) => ({ type: "image_url", image_url: { url } });
    const content = [
      image("https://example.com/a.webp?size=1"),
      image("https://example.com/picture"),
      image("data:image/png;base64,AAAA"),
    ];
    const { body } = lower(parseChat({ messages: [{ role: "user", content }] }));
    expect(body.contents).toEqual([
      {
        role: "user",
        parts: [
          { fileData: { mimeType: "image/webp", fileUri: "https://example.com/a.webp?size=1" } },
          { fileData: { mimeType: "image/jpeg", fileUri: "https://example.com/picture" } },
          { inlineData: { mimeType: "image/png", data: "AAAA" } },
        ],
      },
    ]);
  });

  test("a schema travels as JSON Schema", () => {
    const schema = { type: "object", properties: { total: { type: "number" } } };
    const { body } = lower(
      parseChat({
        response_format: { type: "json_schema", json_schema: { name: "bill", schema, strict: true } },
      }),
    );
    const expected = { responseMimeType: "application/json", responseJsonSchema: schema };
    expect(body.generationConfig).toEqual(expected);
  });

  test("controls without a counterpart are warnings, and refused under strict", () => {
    const content = [{ type: "image_url", image_url: { url: "https://example.com/a.png", detail: "low" } }];
    const strictTool = { type: "function", function: { name: "f", strict: true } };
    const asked = {
      messages: [{ role: "user", content }],
      tools: [strictTool],
      parallel_tool_calls: false,
    };
    const { warnings } = lower(parseChat(asked));
    expect(warnings.map(({ control }) => control)).toEqual(["parallel_tool_calls", "strict", "detail"]);
    const refused = gemini.lower(parseChat(asked, true), target());
    expect(refused.ok ? null : refused.fault).toMatchObject({
      kind: "invalid",
      code: "unsupported_control",
      param: "parallel_tool_calls",
    });
  });

  test("controls that the model lacks are left out with a warning", () => {
    const request = parseChat({ seed: 7, logprobs: true, top_logprobs: 2, reasoning_effort: "high" });
    const { body, warnings } = lower(request, target({}, ["seed", "logprobs", "reasoning"]));
    expect(body.generationConfig).toBeUndefined();
    expect(warnings.map(({ control }) => control)).toEqual(["logprobs", "seed", "reasoning_effort"]);
  });

  test("fields that a server refuses are left out with a warning", () => {
    const { body, warnings } = lower(
      parseChat({ presence_penalty: 1, temperature: 0 }),
      target({ unsupported: new Set(["presencePenalty", "topK"]) }),
    );
    expect(body.generationConfig).toEqual({ temperature: 0 });
    expect(warnings.map(({ control }) => control)).toEqual(["presencePenalty"]);
  });
});

describe("thinking", () => {
  const thinking = (effort: string, modelId: string) => {
    const { body, warnings } = lower(parseChat({ reasoning_effort: effort }), target({ modelId }));
    return { config: body.generationConfig, warnings: warnings.length };
  };

  test("is a level, and a budget for the models before", () => {
    expect(thinking("low", "gemini-3-pro")).toEqual({
      config: { thinkingConfig: { thinkingLevel: "LOW", includeThoughts: true } },
      warnings: 0,
    });
    expect(thinking("xhigh", "gemini-2.5-flash")).toEqual({
      config: { thinkingConfig: { thinkingBudget: 24_576, includeThoughts: true } },
      warnings: 0,
    });
    expect(thinking("none", "gemini-2.5-flash")).toEqual({
      config: { thinkingConfig: { thinkingBudget: 0 } },
      warnings: 0,
    });
  });

  test("cannot be turned off where there are levels, and the caller is told", () => {
    expect(thinking("none", "gemini-3-flash")).toEqual({
      config: { thinkingConfig: { thinkingLevel: "MINIMAL" } },
      warnings: 1,
    });
  });

  const budgeted = (budget: number, modelId: string) => {
    const request = { ...parseChat({}), reasoning: { budgetTokens: budget } };
    const { body, warnings } = lower(request, target({ modelId }));
    return { config: body.generationConfig, warnings: warnings.map(({ control }) => control) };
  };

  test.each([
    ["gemini-2.5-pro", 40_000, 32_768],
    ["gemini-2.5-pro", 64, 128],
    ["gemini-2.5-flash", 40_000, 24_576],
    ["gemini-2.5-flash-lite", 100, 512],
  ])("of %s has bounds: %d tokens are sent as %d", (modelId, asked, sent) => {
    expect(budgeted(asked, modelId)).toEqual({
      config: { thinkingConfig: { thinkingBudget: sent, includeThoughts: true } },
      warnings: ["reasoning_effort"],
    });
  });

  test.each([
    ["gemini-2.5-flash", 24_576],
    ["gemini-2.5-pro", 32_768],
    ["gemini-3.1-pro-preview", 2048],
  ])("of %s within its bounds is sent as it was asked for", (modelId, asked) => {
    expect(budgeted(asked, modelId)).toEqual({
      config: { thinkingConfig: { thinkingBudget: asked, includeThoughts: true } },
      warnings: [],
    });
  });

  test.each([
    ["gemini-2.5-pro", 2048, 1536],
    ["gemini-2.5-pro", 60_000, 16_384],
    ["gemini-2.5-pro", 100, 128],
    ["gemini-2.5-flash", 3000, 2250],
  ])(
    "of %s leaves room for an answer within a limit of %d that is not the caller's",
    (modelId, limit, sent) => {
      const asked = { ...parseChat({}), reasoning: { effort: "high" as const }, strict: true };
      const sampling = { maxTokens: limit };
      const origin = { ...asked.origin, rewritten: new Set(["sampling"] as const) };
      const { body, warnings } = lower({ ...asked, sampling, origin }, target({ modelId }));
      expect(body.generationConfig).toEqual({
        maxOutputTokens: limit,
        thinkingConfig: { thinkingBudget: sent, includeThoughts: true },
      });
      expect(warnings).toEqual([]);
      const { body: own } = lower({ ...asked, sampling }, target({ modelId }));
      expect(own.generationConfig).toMatchObject({ thinkingConfig: { thinkingBudget: 16_384 } });
    },
  );

  test("that cannot be off is the least, and the caller is told", () => {
    const least = { config: { thinkingConfig: { thinkingBudget: 128 } } };
    expect(thinking("none", "gemini-2.5-pro")).toEqual({ ...least, warnings: 1 });
    expect(budgeted(0, "gemini-2.5-pro")).toEqual({ ...least, warnings: ["reasoning_effort"] });
    expect(budgeted(0, "gemini-3-pro-preview").config).toEqual({ thinkingConfig: { thinkingLevel: "LOW" } });
    expect(budgeted(0, "gemini-2.5-flash")).toEqual({
      config: { thinkingConfig: { thinkingBudget: 0 } },
      warnings: [],
    });
  });

  test.each([
    ["minimal", "gemini-3-pro-preview", "LOW", 1],
    ["medium", "gemini-3-pro-preview", "HIGH", 1],
    ["minimal", "gemini-3.1-pro-preview", "LOW", 1],
    ["medium", "gemini-3.1-pro-preview", "MEDIUM", 0],
    ["minimal", "gemini-3.5-flash", "MINIMAL", 0],
    ["minimal", "gemini-3.8-flash", "LOW", 1],
  ])("as %s at %s is the level %s", (effort, modelId, thinkingLevel, warnings) => {
    expect(thinking(effort, modelId)).toEqual({
      config: { thinkingConfig: { thinkingLevel, includeThoughts: true } },
      warnings,
    });
  });

  describe("of a caller of this wire", () => {
    const own = (thinkingConfig: object, modelId: string) => {
      const request = parse({ ...BODY, generationConfig: { thinkingConfig } });
      const { body, warnings } = lower(request, target({ modelId }));
      return [body.generationConfig, warnings.length];
    };

    test("in the words of another generation is put in those of the chosen model", () => {
      expect(own({ thinkingLevel: "low", includeThoughts: true }, "gemini-2.5-flash")).toEqual([
        { thinkingConfig: { thinkingBudget: 2048, includeThoughts: true } },
        0,
      ]);
    });

    test("is brought within the bounds of the chosen model", () => {
      expect(own({ thinkingBudget: 0 }, "gemini-2.5-pro")).toEqual([
        { thinkingConfig: { thinkingBudget: 128 } },
        1,
      ]);
      expect(own({ thinkingLevel: "medium" }, "gemini-3-pro-preview")).toEqual([
        { thinkingConfig: { thinkingLevel: "HIGH" } },
        1,
      ]);
    });

    test.each([{ thinkingBudget: -1 }, { thinkingBudget: 8192 }, { thinkingLevel: "low" }])(
      "that fits is sent as it is: %j",
      (config) => {
        const modelId = config.thinkingLevel === undefined ? "gemini-2.5-pro" : "gemini-3-pro";
        expect(own(config, modelId)).toEqual([{ thinkingConfig: config }, 0]);
      },
    );
  });

  test("is not asked of a model that does not think", () => {
    const plain = target({}, ["reasoning"]);
    const { body, warnings } = lower(parseChat({ reasoning_effort: "none" }), plain);
    expect([body.generationConfig, warnings]).toEqual([undefined, []]);
  });

  test("with a dynamic budget is left to the model", () => {
    const config = { thinkingConfig: { thinkingBudget: -1 } };
    expect(parse({ ...BODY, generationConfig: config }).reasoning).toBeUndefined();
  });
});

describe("thought signatures", () => {
  const signed = {
    contents: [
      ...BODY.contents,
      {
        role: "model",
        parts: [
          { text: "Hm.", thought: true },
          { functionCall: { name: "f", args: {} }, thoughtSignature: SIGNATURE },
          { functionCall: { name: "g", args: {} } },
        ],
      },
    ],
  };

  test("survive a rewriting of the messages, each on its own part", () => {
    const request = parse(signed);
    expect(lower(withMessages(request, request.messages)).body.contents).toEqual(signed.contents);
  });

  test("are marked in the contract, so that another provider's is told apart and not sent", () => {
    const [, turn] = parse(signed).messages;
    const marked = turn?.content.find((part) => part.type === "reasoning" && part.text === "");
    expect(marked).toMatchObject({ signature: `gemini:${SIGNATURE}` });
    const abroad = lower(withContent({ type: "reasoning", text: "Hm.", signature: "ErUBCkYIBR" }));
    expect(abroad.body.contents).toEqual([{ role: "model", parts: [{ text: "Hm.", thought: true }] }]);
    expect(abroad.warnings.map(({ control }) => control)).toEqual(["signature"]);
  });

  test("that another dialect hung on the thoughts go back to the call after them", () => {
    const thought = { type: "reasoning", text: "Hm.", signature: `gemini:${SIGNATURE}` } as const;
    const call = { type: "tool_call", id: "gemini_call_r1_0_0", name: "f", arguments: "{}" } as const;
    const functionCall = { name: "f", args: {} };
    expect(lower(withContent(thought, call, call)).body.contents).toEqual([
      {
        role: "model",
        parts: [
          { text: "Hm.", thought: true },
          { functionCall, thoughtSignature: SIGNATURE },
          { functionCall },
        ],
      },
    ]);
    expect(lower(withContent(thought, { type: "text", text: "51." })).body.contents).toEqual([
      {
        role: "model",
        parts: [{ text: "Hm.", thought: true, thoughtSignature: SIGNATURE }, { text: "51." }],
      },
    ]);
  });

  test("that end a turn stand on an empty text", () => {
    const own = { type: "reasoning", text: "", signature: `gemini:${SIGNATURE}` } as const;
    const { body } = lower(withContent({ type: "text", text: "51." }, own));
    expect(body.contents).toEqual([
      { role: "model", parts: [{ text: "51." }, { text: "", thoughtSignature: SIGNATURE }] },
    ]);
  });

  test("are made up only for models that demand them", () => {
    const call = { type: "tool_call", id: "c1", name: "f", arguments: "{}" } as const;
    const partsFor = (modelId: string) => {
      const { body } = lower(withContent(call), target({ modelId }));
      return JSON.stringify(body.contents);
    };
    expect(partsFor("gemini-3-pro-preview")).toContain(UNSIGNED);
    expect(partsFor("gemini-2.5-flash")).not.toContain("thoughtSignature");
  });
});

describe("calls without ids", () => {
  const conversation = {
    contents: [
      { role: "model", parts: [{ functionCall: { name: "f" } }, { functionCall: { name: "f" } }] },
      {
        role: "user",
        parts: [
          { functionResponse: { name: "f", response: { result: "one" } } },
          { functionResponse: { name: "f", response: { result: "two" } } },
          { functionResponse: { name: "unheard_of", response: {} } },
        ],
      },
    ],
  };

  test("get ids by which the results find them, in order", () => {
    const [turn, results] = parse(conversation).messages;
    expect(turn?.content.map((part) => (part.type === "tool_call" ? part.id : null))).toEqual([
      "gemini_call_0",
      "gemini_call_1",
    ]);
    expect(results?.role).toBe("tool");
    expect(results?.content.map((part) => (part.type === "tool_result" ? part.callId : null))).toEqual([
      "gemini_call_0",
      "gemini_call_1",
      "unheard_of",
    ]);
  });

  test("are sent on without them, since Vertex AI refuses ids", () => {
    const request = parse(conversation);
    const { body } = lower(withMessages(request, request.messages), target({ modelId: "gemini-2.5-pro" }));
    expect(JSON.stringify(body)).not.toContain("gemini_call");
  });

  test("and ids that others made are left out where a server refuses them", () => {
    const vertex = target({ unsupported: new Set(["functionCall.id"]) });
    const fromChat = lower(parseChat({ messages: CALLS, tools: [TOOL] }), vertex);
    expect(JSON.stringify(fromChat.body)).not.toContain('"id"');
    expect(fromChat.warnings).toEqual([]);
    const own = {
      contents: [{ role: "model", parts: [{ functionCall: { id: "c1", name: "f" } }, { text: "x" }] }],
    };
    expect(lower(parse(own), vertex).body.contents).toEqual([
      { role: "model", parts: [{ functionCall: { name: "f" } }, { text: "x" }] },
    ]);
  });
});

describe("results of tools", () => {
  const result = (content: readonly ContentPart[], isError?: boolean) => {
    const part: ContentPart = {
      type: "tool_result",
      callId: "c1",
      content,
      ...(isError !== undefined && { isError }),
    };
    const { body } = lower(withMessages(parse(), [{ role: "tool", content: [part] }]));
    return JSON.parse(JSON.stringify(body.contents))[0].parts;
  };

  test("that failed say so", () => {
    const response = (text: string) => result([{ type: "text", text }], true)[0].functionResponse.response;
    expect(response("boom")).toEqual({ error: "boom" });
    expect(response('{"error":"boom"}')).toEqual({ error: "boom" });
    expect(response('{"code":7}')).toEqual({ error: { code: 7 } });
  });

  test("with images are followed by them", () => {
    const source = { kind: "base64", mediaType: "image/png", data: "AAAA" } as const;
    const parts = result([
      { type: "text", text: "See:" },
      { type: "image", source },
    ]);
    expect(parts[1]).toEqual({ inlineData: { mimeType: "image/png", data: "AAAA" } });
  });
});

describe("a request of this wire", () => {
  test("has its schemas read as JSON Schema, whatever depth they stand at", () => {
    const city = { type: "STRING", nullable: true, maxLength: "80" };
    const parameters = {
      type: "OBJECT",
      properties: { type: city, days: { type: "ARRAY", items: { type: "INTEGER" }, minItems: "1" } },
      anyOf: [{ type: "NULL" }, { required: ["days"] }],
    };
    const request = parse({ ...BODY, tools: [{ functionDeclarations: [{ name: "f", parameters }] }] });
    expect(request.tools[0]?.parameters).toEqual({
      type: "object",
      properties: {
        type: { type: ["string", "null"], maxLength: 80 },
        days: { type: "array", items: { type: "integer" }, minItems: 1 },
      },
      anyOf: [{ type: "null" }, { required: ["days"] }],
    });
  });

  test("goes on with every field but ours", () => {
    const body = {
      ...BODY,
      model: "models/support-chat",
      labels: { team: "returns", pointsman_strict: "false" },
      cachedContent: "cachedContents/1",
      generationConfig: { temperature: 0, speechConfig: { voice: 1 } },
    };
    const frozen = structuredClone(body);
    const { body: sent } = lower(parse(body));
    const { model: _model, ...rest } = body;
    expect(sent).toEqual({ ...rest, labels: { team: "returns" } });
    expect(body).toEqual(frozen);
  });

  test("gives up sections that were rewritten, and only those", () => {
    const request = parse({
      ...BODY,
      systemInstruction: { parts: [{ text: "Old" }] },
      generationConfig: { temperature: 1, maxOutputTokens: 9, responseMimeType: "application/json", x: 1 },
    });
    const rewritten = {
      ...withMessages(request, [{ role: "user", content: [{ type: "text", text: "New" }] }]),
      sampling: { maxTokens: 5 },
      responseFormat: { type: "text" },
    } as const;
    const sections = new Set(["messages", "sampling", "responseFormat"] as const);
    const { body } = lower({ ...rewritten, origin: { ...rewritten.origin, rewritten: sections } });
    expect(body).toEqual({
      contents: [{ role: "user", parts: [{ text: "New" }] }],
      generationConfig: { x: 1, maxOutputTokens: 5 },
    });
  });

  test("names what no other wire can honour", () => {
    const request = parse({
      contents: [
        {
          role: "user",
          parts: [
            { text: "Hi", mediaResolution: { level: "LOW" } },
            { functionCall: { name: "f", partial: 1 } },
          ],
        },
      ],
      safetySettings: [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "OFF" }],
      labels: { team: "returns" },
      tools: [
        { functionDeclarations: [{ name: "f", behavior: "BLOCKING" }, { name: "g" }] },
        { google_search: {} },
      ],
      toolConfig: { functionCallingConfig: { mode: "VALIDATED", allowedFunctionNames: ["f"] } },
      generationConfig: {
        mediaResolution: "LOW",
        responseModalities: ["TEXT", "IMAGE"],
        responseMimeType: "text/x.enum",
        temperature: 1,
      },
    });
    expect(gemini.beyondContract(request)).toEqual([
      "safetySettings",
      "tools[0].functionDeclarations[0].behavior",
      "generationConfig.mediaResolution",
      "contents[0].parts[0].mediaResolution",
      "contents[0].parts[1].partial",
      "generationConfig.responseModalities",
      "generationConfig.responseMimeType",
      "tools.googleSearch",
      "toolConfig.functionCallingConfig.mode",
      "toolConfig.functionCallingConfig.allowedFunctionNames",
    ]);
    expect(gemini.beyondContract(parse())).toEqual([]);
  });

  test("states its contract in labels", () => {
    const labels = { pointsman_task_type: "extraction", pointsman_strict: "true" };
    expect(parse({ ...BODY, labels })).toMatchObject({ contract: { taskType: "extraction" }, strict: true });
  });

  test("may be spelt in snake_case, its own data untouched", () => {
    const schema = { type: "object", properties: { function_call: { type: "string" } } };
    const request = parse({
      contents: {
        parts: [
          { function_call: { name: "f", args: { top_p: 1 } }, thought_signature: SIGNATURE },
          { inline_data: { mime_type: "image/png", data: "AAAA" } },
        ],
      },
      generation_config: { top_p: 0.5, thinking_config: { thinking_level: "high" } },
      tools: { function_declarations: { name: "f", parameters_json_schema: schema } },
    });
    expect(request.sampling).toEqual({ topP: 0.5 });
    expect(request.reasoning).toEqual({ effort: "high" });
    expect(request.tools).toEqual([{ name: "f", parameters: schema }]);
    expect(request.messages[0]?.content).toMatchObject([
      { type: "reasoning", text: "" },
      { type: "tool_call", arguments: '{"top_p":1}' },
      { type: "image" },
    ]);
  });

  test("keeps what the contract has no name for as this wire's own, signature and all", () => {
    const video = { fileData: { mimeType: "video/mp4", fileUri: "gs://b/v.mp4" }, videoMetadata: { fps: 1 } };
    const code = { executableCode: { code: "1" }, thoughtSignature: SIGNATURE };
    const uploaded = { fileData: { mimeType: "image/png", fileUri: "gs://bucket/a.png" } };
    const body = { contents: [{ role: "user", parts: [video, code, uploaded] }] };
    const request = parse(body);
    expect(request.messages[0]?.content).toEqual([
      { type: "opaque", wire: "gemini", value: video },
      { type: "opaque", wire: "gemini", value: code },
      { type: "image", source: { kind: "file", id: "gs://bucket/a.png" } },
    ]);
    expect(lower(withMessages(request, request.messages)).body.contents).toEqual(body.contents);
  });
});
