import { describe, expect, test } from "bun:test";
import type { ContentPart, Message, Section, WireId } from "../../core/request.ts";
import { bedrockConverse } from "../bedrock-converse.ts";
import { openaiChat } from "../openai-chat.ts";
import {
  BODY,
  call,
  foreign,
  HI,
  lower,
  NOVA,
  parse,
  result,
  TOOL,
  target,
  text,
  user,
} from "./fake-request.ts";

function messagesOf(...messages: readonly Message[]): unknown {
  return lower(foreign({ messages, tools: [TOOL] })).body.messages;
}

describe("messages of another wire", () => {
  test("a chat request crosses, and says the same when it arrives", () => {
    const chat = openaiChat.parseRequest(
      {
        model: "support-chat",
        messages: [
          { role: "developer", content: "Be brief." },
          { role: "user", content: "Where are A1 and B2?" },
          {
            role: "assistant",
            content: "Let me look.",
            tool_calls: [
              { id: "call_1", type: "function", function: { name: "track_parcel", arguments: '{"n":"A1"}' } },
              { id: "call_2", type: "function", function: { name: "track_parcel", arguments: '{"n":"B2"}' } },
            ],
          },
          { role: "tool", tool_call_id: "call_1", content: "in transit" },
          { role: "tool", tool_call_id: "call_2", content: "lost" },
          { role: "user", content: "And now?" },
        ],
        tools: [{ type: "function", function: { ...TOOL, description: "Where it is." } }],
        tool_choice: "required",
        temperature: 0.3,
        max_completion_tokens: 99,
        stop: "END",
      },
      { contract: {}, strict: false },
    );
    if (!chat.ok) throw new Error(chat.fault.message);
    const { body, controls } = lower(chat.value);
    expect(controls).toEqual([]);
    expect(body).toEqual({
      system: [{ text: "Be brief." }],
      messages: [
        { role: "user", content: [{ text: "Where are A1 and B2?" }] },
        {
          role: "assistant",
          content: [
            { text: "Let me look." },
            { toolUse: { toolUseId: "call_1", name: "track_parcel", input: { n: "A1" } } },
            { toolUse: { toolUseId: "call_2", name: "track_parcel", input: { n: "B2" } } },
          ],
        },
        {
          role: "user",
          content: [
            { toolResult: { toolUseId: "call_1", content: [{ text: "in transit" }] } },
            { toolResult: { toolUseId: "call_2", content: [{ text: "lost" }] } },
            { text: "And now?" },
          ],
        },
      ],
      toolConfig: {
        tools: [
          {
            toolSpec: {
              name: "track_parcel",
              description: "Where it is.",
              inputSchema: { json: { type: "object", properties: {} } },
            },
          },
        ],
        toolChoice: { any: {} },
      },
      inferenceConfig: { maxTokens: 99, temperature: 0.3, stopSequences: ["END"] },
      additionalModelResponseFieldPaths: ["/stop_sequence"],
    });
    const back = openaiChat.lower(parse(JSON.parse(JSON.stringify(body))), target());
    if (!back.ok) throw new Error(back.fault.message);
    expect(back.value.body).toMatchObject({
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user" },
        { role: "assistant", tool_calls: [{ id: "call_1" }, { id: "call_2" }] },
        { role: "tool", tool_call_id: "call_1", content: "in transit" },
        { role: "tool", tool_call_id: "call_2", content: "lost" },
        { role: "user", content: "And now?" },
      ],
      tool_choice: "required",
      temperature: 0.3,
      max_completion_tokens: 99,
      stop: ["END"],
    });
  });

  test("roles take turns, a user begins, and no text is blank", () => {
    const assistant = (...content: readonly ContentPart[]): Message => ({ role: "assistant", content });
    expect(
      messagesOf(
        assistant(text("Welcome.")),
        { role: "system", content: [text("Later rule.")] },
        user(text("A"), text("  \n")),
        user(text("B")),
        assistant(text("")),
        user(text("C")),
      ),
    ).toEqual([
      { role: "user", content: [{ text: "(The conversation goes on from here.)" }] },
      { role: "assistant", content: [{ text: "Welcome." }] },
      { role: "user", content: [{ text: "A" }, { text: "B" }, { text: "C" }] },
    ]);
    const ruled = lower(foreign({ messages: [HI, { role: "system", content: [text("Later rule.")] }] }));
    expect(ruled.body.system).toEqual([{ text: "Later rule." }]);
    expect(messagesOf({ role: "system", content: [text("Alone.")] })).toHaveLength(1);
  });

  test.each([
    ['{"a":1}', { a: 1 }],
    ["", {}],
    ["[1]", { _raw: "[1]" }],
    ['{"a":', { _raw: '{"a":' }],
  ])("arguments %p are sent as an object", (given, input) => {
    expect(messagesOf(HI, { role: "assistant", content: [call("c1", given)] })).toMatchObject([
      {},
      { content: [{ toolUse: { input } }] },
    ]);
  });

  test("ids that the wire refuses are replaced, alike in call and result", () => {
    const long = "call.with:colons";
    expect(
      messagesOf(
        HI,
        { role: "assistant", content: [call(long, "{}"), call("c2", "{}")] },
        { role: "tool", content: [result(long), result("c2", text("ok"))] },
      ),
    ).toMatchObject([
      {},
      { content: [{ toolUse: { toolUseId: "call_pointsman_0" } }, { toolUse: { toolUseId: "c2" } }] },
      {
        content: [
          { toolResult: { toolUseId: "call_pointsman_0", content: [{ text: "(no output)" }] } },
          { toolResult: { toolUseId: "c2", content: [{ text: "ok" }] } },
        ],
      },
    ]);
  });

  test("a conversation with calls has tools, whatever the request says", () => {
    const messages = [HI, { role: "assistant" as const, content: [call("c1", "{}")] }, user(result("c1"))];
    const described = "No longer available. Do not call it.";
    expect(lower(foreign({ messages })).body.toolConfig).toEqual({
      tools: [
        {
          toolSpec: {
            name: "track_parcel",
            description: described,
            inputSchema: { json: { type: "object" } },
          },
        },
      ],
    });
    const none = lower(foreign({ messages, tools: [TOOL], toolChoice: { type: "none" } }));
    expect(none.body.toolConfig).toEqual({
      tools: [{ toolSpec: { name: "track_parcel", inputSchema: { json: TOOL.parameters } } }],
    });
    expect(none.controls).toEqual(["tool_choice"]);
    expect(lower(foreign({ tools: [TOOL], toolChoice: { type: "none" } }))).toEqual({
      body: { messages: BODY.messages },
      controls: [],
    });
  });

  test("documents get names that the wire takes, each its own, and text beside them", () => {
    const pdf = (name?: string): ContentPart => ({
      type: "document",
      source: { kind: "base64", mediaType: "application/pdf", data: "JVBERi0x" },
      ...(name !== undefined && { name }),
    });
    const { body } = lower(
      foreign({
        messages: [
          user(pdf("Grüße_v1.2  (final).pdf"), pdf("report.pdf"), pdf("Report.pdf"), pdf(), pdf("日本.pdf")),
        ],
      }),
    );
    const [message] = body.messages as {
      content: { document?: { name: string; format: string }; text?: string }[];
    }[];
    expect(message?.content.map(({ document, text: said }) => document?.name ?? said)).toEqual([
      "Gr e v1 2 (final)",
      "report",
      "Report (2)",
      "document",
      "document (2)",
      "(See the attached document.)",
    ]);
    expect(message?.content[0]?.document?.format).toBe("pdf");
  });

  test.each<[string, ContentPart, unknown]>([
    [
      "a JPEG by its other name",
      { type: "image", source: { kind: "base64", mediaType: "image/jpg", data: "AA==" } },
      { image: { format: "jpeg", source: { bytes: "AA==" } } },
    ],
    [
      "an image in S3",
      { type: "image", source: { kind: "file", id: "s3://b/a.JPG" } },
      { image: { format: "jpeg", source: { s3Location: { uri: "s3://b/a.JPG" } } } },
    ],
    [
      "any text",
      { type: "document", source: { kind: "text", mediaType: "text/x-log", text: "x" }, name: "log" },
      { document: { format: "txt", name: "log", source: { text: "x" } } },
    ],
    [
      "a document whose name tells the format",
      {
        type: "document",
        source: { kind: "base64", mediaType: "application/octet-stream", data: "AA==" },
        name: "a.docx",
      },
      { document: { format: "docx", name: "a", source: { bytes: "AA==" } } },
    ],
  ])("%s is sent", (_, part, block) => {
    expect(messagesOf(user(text("See."), part))).toEqual([
      { role: "user", content: [{ text: "See." }, block] },
    ]);
  });

  test.each<[string, ContentPart]>([
    ["an image on the web", { type: "image", source: { kind: "url", url: "https://example.com/a.png" } }],
    ["an uploaded file", { type: "document", source: { kind: "file", id: "file_1" } }],
    [
      "an image of an unknown format",
      { type: "image", source: { kind: "base64", mediaType: "image/tiff", data: "" } },
    ],
    ["an object in S3 that does not tell", { type: "image", source: { kind: "file", id: "s3://b/a" } }],
    [
      "a document of an unknown format",
      { type: "document", source: { kind: "base64", mediaType: "application/zip", data: "" } },
    ],
    [
      "one inside a tool's result",
      result("c1", { type: "image", source: { kind: "url", url: "http://x/a.png" } }),
    ],
  ])("%s is refused", (_, part) => {
    const refused = bedrockConverse.lower(foreign({ messages: [HI, user(part)], tools: [TOOL] }), target());
    expect(refused).toMatchObject({
      ok: false,
      fault: { kind: "invalid", code: "unsupported_content", param: "messages[1].content" },
    });
  });

  test.each<[string, WireId]>([
    ["an Anthropic caller", "anthropic-messages"],
    ["a Responses caller", "openai-responses"],
    ["a Gemini caller", "gemini"],
    ["another gateway", "native"],
  ])("reasoning that %s hands back is sent where Claude signed it", (_, wire) => {
    const signed: ContentPart = { type: "reasoning", text: "Hm.", signature: "EqoB" };
    const hidden: ContentPart = { type: "reasoning", text: "", redacted: "not base64!" };
    const unsigned: ContentPart = { type: "reasoning", text: "Hm." };
    const said = (content: ContentPart[], to = target()) => {
      const messages: Message[] = [HI, { role: "assistant", content: [...content, text("Ho")] }];
      const origin = { wire, body: {}, rewritten: new Set<Section>() };
      const { body, controls } = lower(foreign({ messages, origin }), to);
      return { turn: (body.messages as unknown[])[1], controls };
    };
    expect(said([signed, hidden, unsigned])).toMatchObject({
      turn: {
        content: [
          { reasoningContent: { reasoningText: { text: "Hm.", signature: "EqoB" } } },
          { reasoningContent: { redactedContent: btoa("not base64!") } },
          { text: "Ho" },
        ],
      },
      controls: [],
    });
    const abroad: ContentPart[] = [
      { type: "reasoning", text: "Hm.", signature: "gemini:EqoB" },
      { type: "reasoning", text: "", redacted: "openai-responses:gAAA" },
    ];
    expect(said(abroad)).toMatchObject({ turn: { content: [{ text: "Ho" }] }, controls: ["reasoning"] });
    expect(said(abroad, target(NOVA, ["reasoning"])).controls).toEqual([]);
  });

  test("cache hints become cache points, the last four of them", () => {
    const hinted = (value: string): ContentPart => ({ type: "text", text: value, cache: { ttl: "5m" } });
    const request = foreign({
      tools: [{ ...TOOL, cache: { ttl: "1h" } }],
      messages: [{ role: "system", content: [hinted("s")] }, user(hinted("a"), hinted("b"), hinted("c"))],
    });
    const { body, controls } = lower(request);
    const point = { cachePoint: { type: "default" } };
    expect(controls).toEqual(["cache_control"]);
    expect(body).toMatchObject({
      system: [{ text: "s" }, point],
      messages: [{ content: [{ text: "a" }, point, { text: "b" }, point, { text: "c" }, point] }],
    });
    expect(JSON.stringify(body.toolConfig)).not.toContain("cachePoint");
    const fewer = lower({ ...request, messages: [HI] }).body.toolConfig;
    expect(fewer).toMatchObject({ tools: [{}, { cachePoint: { type: "default", ttl: "1h" } }] });
    const without = lower(request, target(NOVA, ["prompt_caching"]));
    expect(JSON.stringify(without.body)).not.toContain("cachePoint");
    expect(without.controls).toEqual(["cache_control"]);
  });
});
