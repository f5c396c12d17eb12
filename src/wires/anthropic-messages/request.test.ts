import { describe, expect, test } from "bun:test";
import type { ModelRequest } from "../../core/request.ts";
import { anthropicMessages } from "../anthropic-messages.ts";
import { BODY, COUNT, NO_HINTS, parse, TOOL } from "./fake-requests.ts";

describe("parseRequest", () => {
  test("reads every section of a conversation", () => {
    const request = parse({
      system: "Be brief.",
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "What is this?", cache_control: { type: "ephemeral" } },
            { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
            {
              type: "document",
              title: "A",
              source: { type: "base64", media_type: "application/pdf", data: "BBBB" },
            },
          ],
        },
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "Look.", signature: "s" },
            { type: "thinking", thinking: "Unsigned.", signature: "" },
            { type: "tool_use", id: "c1", name: "find", input: { a: 1 } },
          ],
        },
        {
          role: "user",
          content: [
            { type: "text", text: "Here:" },
            { type: "tool_result", tool_use_id: "c1", content: "A duck.", is_error: false },
          ],
        },
        { role: "assistant", content: [] },
      ],
    });
    expect(request.messages).toEqual([
      { role: "system", content: [{ type: "text", text: "Be brief." }] },
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?", cache: {} },
          { type: "image", source: { kind: "url", url: "https://example.com/a.png" } },
          {
            type: "document",
            source: { kind: "base64", mediaType: "application/pdf", data: "BBBB" },
            name: "A",
          },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "Look.", signature: "s" },
          { type: "reasoning", text: "Unsigned." },
          { type: "tool_call", id: "c1", name: "find", arguments: '{"a":1}' },
        ],
      },
      {
        role: "user",
        content: [
          { type: "text", text: "Here:" },
          {
            type: "tool_result",
            callId: "c1",
            content: [{ type: "text", text: "A duck." }],
            isError: false,
          },
        ],
      },
      { role: "assistant", content: [] },
    ]);
  });

  test("what the contract has no words for stays whole, wherever it stands", () => {
    const result = { type: "search_result", source: "https://example.com", title: "T", content: [] };
    const composed = {
      type: "document",
      source: { type: "content", content: [{ type: "text", text: "x" }] },
    };
    const request = parse({
      messages: [
        {
          role: "user",
          content: [composed, { type: "tool_result", tool_use_id: "c", content: [result] }],
        },
        { role: "assistant", content: [{ type: "document", source: { type: "text" } }] },
      ],
    });
    expect(request.messages[0]?.content).toMatchObject([
      { type: "opaque", wire: "anthropic-messages", value: composed },
      { type: "tool_result", content: [{ type: "opaque", value: result }] },
    ]);
    expect(request.messages[1]?.content).toMatchObject([{ type: "opaque", value: { type: "document" } }]);
  });

  test.each<[string, Record<string, unknown>, ModelRequest["reasoning"]]>([
    ["a budget", { thinking: { type: "enabled", budget_tokens: 1500 } }, { budgetTokens: 1500 }],
    ["adaptive, at the effort that is usual", { thinking: { type: "adaptive" } }, { effort: "high" }],
    [
      "adaptive, at an effort",
      { thinking: { type: "adaptive" }, output_config: { effort: "low" } },
      { effort: "low" },
    ],
    ["the highest effort", { output_config: { effort: "max" } }, { effort: "xhigh" }],
    ["none", { thinking: { type: "disabled" } }, { effort: "none" }],
    ["between tools alone", { thinking: { type: "between_tools" } }, { effort: "none" }],
    ["nothing said", { output_config: {} }, undefined],
  ])("reads thinking: %s", (_, extra, reasoning) => {
    expect(parse(extra).reasoning).toEqual(reasoning);
  });

  test("a count needs no limit, and says what it is", () => {
    const { max_tokens: _limit, ...body } = BODY;
    const result = anthropicMessages.parseRequest(body, COUNT);
    expect(result).toMatchObject({ ok: true, value: { operation: "count_tokens", sampling: {} } });
  });

  test("headers win over metadata, and either can ask for strictness", () => {
    const metadata = { pointsman_task_type: "code", pointsman_strict: "true", other: 7 };
    const request = parse({ metadata }, { contract: { taskType: "chat" }, strict: false });
    expect(request.contract).toEqual({ taskType: "chat" });
    expect(request.strict).toBe(true);
  });

  test("an older spelling of the format is read, the newer wins", () => {
    const format = (name: string) => ({ type: "json_schema", schema: { title: name } });
    expect(parse({ output_format: format("old") }).responseFormat).toMatchObject({
      schema: { title: "old" },
    });
    const both = { output_format: format("old"), output_config: { format: format("new") } };
    expect(parse(both).responseFormat).toMatchObject({ schema: { title: "new" } });
  });
});

describe("beyondContract", () => {
  test("names what no other wire can honour, and nothing else", () => {
    const request = parse(
      {
        container: "c",
        service_tier: "auto",
        metadata: { user_id: "u" },
        temperature: 0.5,
        thinking: { type: "between_tools" },
        output_config: { effort: "low", task_budget: { total: 1 } },
        tools: [TOOL, { ...TOOL, name: "g", defer_loading: true }, { type: "bash_20250124", name: "bash" }],
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "x", citations: null },
              {
                type: "document",
                source: { type: "text", media_type: "text/plain", data: "x" },
                citations: { enabled: true },
              },
            ],
          },
        ],
      },
      { ...NO_HINTS, headers: { "anthropic-beta": "x", "anthropic-version": "2023-06-01" } },
    );
    expect(anthropicMessages.beyondContract(request)).toEqual([
      "container",
      "thinking",
      "output_config.task_budget",
      "tools[1].defer_loading",
      "tools[2]",
      "messages[0].content[1].citations",
      "anthropic-beta",
    ]);
    expect(anthropicMessages.beyondContract(parse())).toEqual([]);
  });
});
