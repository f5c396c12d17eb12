/** What a caller wrote of its messages, on every wire, where the policy puts others in or leaves some out. */
import { describe, expect, test } from "bun:test";
import { CAPABILITIES } from "../../../src/core/contract.ts";
import { type Message, type ModelRequest, type WireId, withMessages } from "../../../src/core/request.ts";
import { crossingLosses } from "../../../src/providers/crossing.ts";
import { loadEveryWire, loadedWire } from "../../../src/providers/wire-registry.ts";
import type { JsonObject, Lowered } from "../../../src/wires/wire.ts";

await loadEveryWire();

interface Example {
  readonly wire: WireId;
  readonly modelId: string;
  /** Without the conversation. */
  readonly body: JsonObject;
  /** Where the prompts of the system stand that are no messages; null: they are all in `messages`. */
  readonly system: { readonly field: string; readonly sent: unknown; readonly prompted: unknown } | null;
  /** The field of the conversation, and what is in it: each with fields that the contract does not model. */
  readonly field: string;
  readonly sent: readonly JsonObject[];
  /** How the wire writes a user's message of one text. */
  readonly says: (text: string) => JsonObject;
}

const PROMPT = "Be brief.";
const CITED = { type: "page_location", document_index: 0, start_page_number: 1, end_page_number: 2 };
const CLAUDE = [
  {
    role: "user",
    content: [
      {
        type: "document",
        source: { type: "text", media_type: "text/plain", data: "a" },
        context: "c",
        citations: { enabled: true },
      },
      { type: "text", text: "What?", cache_control: { type: "ephemeral" } },
    ],
  },
  { role: "assistant", content: [{ type: "text", text: "So.", citations: [CITED] }] },
  { role: "user", content: "And?" },
  {
    role: "assistant",
    content: [{ type: "tool_use", id: "toolu_1", name: "f", input: {}, caller: { type: "direct" } }],
  },
  {
    role: "user",
    content: [
      {
        type: "tool_result",
        tool_use_id: "toolu_1",
        content: [{ type: "text", text: "1", citations: null }],
      },
    ],
  },
];
const CLAUDE_SYSTEM = {
  field: "system",
  sent: [{ type: "text", text: "Own.", citations: null }],
  prompted: [
    { type: "text", text: PROMPT },
    { type: "text", text: "Own.", citations: null },
  ],
};

const EXAMPLES: readonly Example[] = [
  {
    wire: "openai-chat",
    modelId: "gpt-5",
    body: { model: "m" },
    system: null,
    field: "messages",
    sent: [
      { role: "developer", name: "d", content: "Own." },
      { role: "user", name: "u", content: "What?" },
      { role: "assistant", content: "So.", annotations: [{ type: "url_citation" }] },
      { role: "user", content: "And?" },
    ],
    says: (content) => ({ role: "user", content }),
  },
  {
    wire: "openai-responses",
    modelId: "gpt-5",
    body: { model: "m" },
    system: { field: "instructions", sent: undefined, prompted: PROMPT },
    field: "input",
    sent: [
      { role: "developer", content: [{ type: "input_text", text: "Own." }] },
      { role: "user", content: "What?" },
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "abc", status: "completed" },
      {
        type: "message",
        id: "msg_1",
        role: "assistant",
        status: "completed",
        phase: "commentary",
        content: [
          { type: "output_text", text: "So.", annotations: [{ type: "url_citation" }], logprobs: [] },
        ],
      },
      {
        type: "function_call",
        id: "fc_1",
        call_id: "call_1",
        name: "f",
        arguments: "{}",
        status: "completed",
      },
      { type: "function_call_output", id: "fco_1", call_id: "call_1", output: "1" },
      { type: "web_search_call", id: "ws_1", status: "completed" },
    ],
    says: (content) => ({ role: "user", content }),
  },
  {
    wire: "anthropic-messages",
    modelId: "claude-sonnet-4-5",
    body: { model: "m", max_tokens: 9 },
    system: CLAUDE_SYSTEM,
    field: "messages",
    sent: CLAUDE,
    says: (content) => ({ role: "user", content }),
  },
  {
    wire: "bedrock-invoke",
    modelId: "anthropic.claude-sonnet-4-5-20250929-v1:0",
    body: { anthropic_version: "bedrock-2023-05-31", max_tokens: 9 },
    system: CLAUDE_SYSTEM,
    field: "messages",
    sent: CLAUDE,
    says: (content) => ({ role: "user", content }),
  },
  {
    wire: "bedrock-converse",
    modelId: "anthropic.claude-sonnet-4-5-20250929-v1:0",
    body: {},
    system: {
      field: "system",
      sent: [{ text: "Own." }, { cachePoint: { type: "default" } }],
      prompted: [{ text: PROMPT }, { text: "Own." }, { cachePoint: { type: "default" } }],
    },
    field: "messages",
    sent: [
      { role: "user", content: [{ guardContent: { text: { text: "What?", qualifiers: ["query"] } } }] },
      {
        role: "assistant",
        content: [{ citationsContent: { content: [{ text: "So." }], citations: [{ title: "t" }] } }],
      },
      {
        role: "user",
        content: [
          { document: { format: "txt", name: "d", source: { text: "a" }, context: "c" } },
          { text: "And?" },
        ],
      },
      { role: "assistant", content: [{ toolUse: { toolUseId: "t1", name: "f", input: {} } }] },
      {
        role: "user",
        content: [{ toolResult: { toolUseId: "t1", content: [{ json: { a: 1 } }], status: "success" } }],
      },
    ],
    says: (text) => ({ role: "user", content: [{ text }] }),
  },
  {
    wire: "gemini",
    modelId: "gemini-2.5-pro",
    body: {},
    system: {
      field: "systemInstruction",
      sent: { parts: [{ text: "Own.", partMetadata: { a: 1 } }] },
      prompted: { parts: [{ text: PROMPT }, { text: "Own.", partMetadata: { a: 1 } }] },
    },
    field: "contents",
    sent: [
      {
        role: "user",
        parts: [
          { inlineData: { mimeType: "image/png", data: "AAAA", displayName: "a.png" } },
          { text: "What?" },
        ],
      },
      {
        role: "model",
        parts: [
          { text: "So.", partMetadata: { b: 1 } },
          { functionCall: { name: "f", args: {} }, partMetadata: {} },
        ],
      },
      {
        role: "function",
        parts: [{ functionResponse: { name: "f", response: { a: 1 }, scheduling: "SILENT" } }],
      },
    ],
    says: (text) => ({ role: "user", parts: [{ text }] }),
  },
];

const said = (role: Message["role"], text: string): Message => ({ role, content: [{ type: "text", text }] });

function parsed({ wire, body, system, field, sent }: Example): ModelRequest {
  const whole = {
    ...body,
    ...(system?.sent !== undefined && { [system.field]: system.sent }),
    [field]: sent,
  };
  const hints = { contract: {}, strict: true, target: "support-chat", stream: false };
  const result = loadedWire(wire).parseRequest(whole, hints);
  if (!result.ok) throw new Error(`${result.fault.param}: ${result.fault.message}`);
  return result.value;
}

function lowered({ wire, modelId }: Example, request: ModelRequest): Lowered {
  const target = {
    modelId,
    maxOutputTokens: 100,
    capabilities: new Set(CAPABILITIES),
    unsupported: new Set<never>(),
  };
  const result = loadedWire(wire).lower(request, target);
  if (!result.ok) throw new Error(`${result.fault.param}: ${result.fault.message}`);
  return result.value;
}

describe.each(EXAMPLES.map((example) => [example.wire, example] as const))("on %s", (wire, example) => {
  const { system, field, sent, says } = example;
  const request = parsed(example);

  test("messages that stay are sent as they were written, also under strict", () => {
    const prompted = withMessages(request, [said("system", PROMPT), ...request.messages]);
    const rewritten = withMessages(prompted, [...prompted.messages, said("user", "Go on.")]);
    const { body, warnings } = lowered(example, rewritten);
    const list = body[field] as readonly JsonObject[];
    if (system === null) expect(list).toEqual([{ role: "system", content: PROMPT }, ...sent, says("Go on.")]);
    else {
      expect(body[system.field]).toEqual(system.prompted);
      expect(list.slice(0, sent.length - 1)).toEqual(sent.slice(0, -1));
      // A dialect of turns may join those of one role.
      const last = sent.at(-1) ?? {};
      const held = ["content", "parts"].find((name) => Array.isArray(last[name]));
      const written = held === undefined ? last : (last[held] as readonly unknown[]);
      const joined = list[sent.length - 1] ?? {};
      const after =
        held === undefined ? joined : (joined[held] as readonly unknown[]).slice(0, Number(written.length));
      expect<unknown>(after).toEqual(written);
    }
    expect(warnings).toEqual([]);
    expect(crossingLosses(rewritten, loadedWire(wire))).toEqual([]);
  });

  test("messages that are left out are not sent", () => {
    const kept = request.messages.filter(({ role }) => role === "system");
    const { body } = lowered(example, withMessages(request, [...kept, said("user", "Anew.")]));
    const list = body[field] as readonly JsonObject[];
    expect(list.at(-1)).toEqual(says("Anew."));
    expect(list).toHaveLength(kept.length > 0 && (system === null || system.sent === undefined) ? 2 : 1);
    if (system?.sent !== undefined) expect(body[system.field]).toEqual(system.sent);
  });

  test("the caller's body is not changed", () => {
    const before = structuredClone(request.origin.body);
    lowered(
      example,
      withMessages(request, [said("system", PROMPT), ...request.messages, said("user", "Go on.")]),
    );
    expect(request.origin.body).toEqual(before);
  });
});
