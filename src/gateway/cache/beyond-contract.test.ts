/** Which requests share a key: none that a provider could tell apart, and those that it could not. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { WireId } from "../../core/request.ts";
import { BASE_POLICY, FAKE_CALLER, snapshotOf } from "../../policy/fake-policy.ts";
import { type AnyWire, loadWire } from "../../providers/wire-registry.ts";
import type { RequestHints } from "../../wires/wire.ts";
import { requestKey } from "./request-key.ts";

type Body = Record<string, unknown>;

const policyUseCase = snapshotOf(BASE_POLICY).useCases.get("chat");
if (!policyUseCase) throw new Error("no use case");
const useCase = { ...policyUseCase, cache: { ttlMs: 1000, staleForMs: 0, scope: "tenant" as const } };
const HINTS: RequestHints = { contract: {}, strict: false, target: "chat", stream: false };
const PIXEL = "iVBORw0KGgo=";
const SCHEMA = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };

const WIRES: readonly WireId[] = [
  "openai-chat",
  "openai-responses",
  "anthropic-messages",
  "bedrock-converse",
  "bedrock-invoke",
  "gemini",
  "native",
];
const wires = new Map<WireId, AnyWire>();
for (const id of WIRES) wires.set(id, await loadWire(id));

/** Null where the wire refuses it. */
function keyOf(id: WireId, body: Body, hints = HINTS): string | null {
  const wire = wires.get(id);
  const parsed = wire?.parseRequest(body, hints);
  return wire && parsed?.ok ? requestKey(parsed.value, useCase, FAKE_CALLER, wire, null) : null;
}

const ANTHROPIC = {
  max_tokens: 64,
  system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
  temperature: 0.5,
  tools: [{ name: "look", description: "Looks.", input_schema: SCHEMA }],
  messages: [
    { role: "user", content: [{ type: "text", text: "Where?" }] },
    { role: "assistant", content: [{ type: "tool_use", id: "c1", name: "look", input: { city: "Ulm" } }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "c1", content: "Here." }] },
  ],
};
const RICH: Readonly<Record<string, Body>> = {
  "openai-chat": {
    model: "chat",
    max_tokens: 64,
    temperature: 0.5,
    messages: [
      { role: "system", content: "Be brief." },
      {
        role: "user",
        content: [
          { type: "text", text: "Where?" },
          { type: "image_url", image_url: { url: `data:image/png;base64,${PIXEL}`, detail: "low" } },
        ],
      },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "c1", type: "function", function: { name: "look", arguments: '{"city":"Ulm"}' } }],
      },
      { role: "tool", tool_call_id: "c1", content: "Here." },
    ],
    tools: [{ type: "function", function: { name: "look", description: "Looks.", parameters: SCHEMA } }],
    response_format: { type: "json_schema", json_schema: { name: "place", schema: SCHEMA, strict: true } },
  },
  "openai-responses": {
    model: "chat",
    max_output_tokens: 64,
    instructions: "Be brief.",
    input: [
      { type: "message", role: "user", content: [{ type: "input_text", text: "Where?" }] },
      { type: "function_call", call_id: "c1", name: "look", arguments: '{"city":"Ulm"}' },
      { type: "function_call_output", call_id: "c1", output: "Here." },
    ],
    tools: [{ type: "function", name: "look", description: "Looks.", parameters: SCHEMA, strict: true }],
    reasoning: { effort: "low" },
  },
  "anthropic-messages": { model: "chat", ...ANTHROPIC },
  "bedrock-invoke": { anthropic_version: "bedrock-2023-05-31", ...ANTHROPIC },
  "bedrock-converse": {
    system: [{ text: "Be brief." }],
    messages: [
      { role: "user", content: [{ text: "Where?" }] },
      {
        role: "assistant",
        content: [{ toolUse: { toolUseId: "c1", name: "look", input: { city: "Ulm" } } }],
      },
      { role: "user", content: [{ toolResult: { toolUseId: "c1", content: [{ text: "Here." }] } }] },
    ],
    inferenceConfig: { maxTokens: 64, temperature: 0.5 },
    toolConfig: {
      tools: [{ toolSpec: { name: "look", description: "Looks.", inputSchema: { json: SCHEMA } } }],
    },
  },
  gemini: {
    systemInstruction: { parts: [{ text: "Be brief." }] },
    contents: [
      { role: "user", parts: [{ text: "Where?" }, { inlineData: { mimeType: "image/png", data: PIXEL } }] },
    ],
    generationConfig: { maxOutputTokens: 64, temperature: 0.5, thinkingConfig: { thinkingBudget: 512 } },
    tools: [
      { functionDeclarations: [{ name: "look", description: "Looks.", parametersJsonSchema: SCHEMA }] },
    ],
  },
  native: {
    use_case: "chat",
    messages: [{ role: "user", content: [{ type: "text", text: "Where?" }] }],
    sampling: { max_tokens: 64, temperature: 0.5 },
    tools: [{ name: "look", description: "Looks.", parameters: SCHEMA }],
  },
};

/** Every place in `value` at which there is an object or a list, or where `isLeaf`, by its path. */
function placesIn(
  value: unknown,
  isLeaf: boolean,
  path: readonly string[] = [],
): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return isLeaf ? [path] : [];
  const deeper = Object.entries(value).flatMap(([name, inner]) => placesIn(inner, isLeaf, [...path, name]));
  return isLeaf || Array.isArray(value) ? deeper : [path, ...deeper];
}

/** A copy of `body` in which `change` was made of what lies at `path`. */
function changed(body: unknown, path: readonly string[], change: (value: unknown) => unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return change(body);
  const copy = Array.isArray(body) ? [...body] : { ...(body as Body) };
  (copy as Body)[name] = changed((copy as Body)[name], rest, change);
  return copy;
}

function other(value: unknown): unknown {
  if (typeof value === "number") return value / 2;
  return typeof value === "boolean" ? !value : `${value}x`;
}

/** What says where and how to answer, and not what; a mark for the provider's cache is not the answer's either. */
const NEUTRAL = /^(model|use_case|stream|user|metadata|cache_control)$/;

describe("a body that a provider could tell apart", () => {
  test.each(WIRES)("%s: whatever is added, anywhere, makes another key", (id) => {
    const body = RICH[id] ?? {};
    const base = keyOf(id, body);
    expect(base).not.toBeNull();
    const places = placesIn(body, false).filter((path) => !path.some((name) => NEUTRAL.test(name)));
    const names = fc.constantFrom("name", "frob", "defer_loading", "weight", "title");
    const values = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant({}), fc.constant([]));
    fc.assert(
      fc.property(fc.constantFrom(...places), names, values, values, (path, name, value, second) => {
        const add = (added: unknown) =>
          changed(body, path, (at) => ({ ...(at as Body), [name]: (at as Body)[name] ?? added })) as Body;
        fc.pre(!Object.hasOwn(at(body, path) as Body, name));
        const key = keyOf(id, add(value));
        if (key === null) return;
        expect(key).not.toBe(base);
        if (JSON.stringify(value) !== JSON.stringify(second)) expect(keyOf(id, add(second))).not.toBe(key);
      }),
    );
  });

  test.each(WIRES)("%s: whatever is changed, anywhere, makes another key", (id) => {
    const body = RICH[id] ?? {};
    const base = keyOf(id, body);
    let looked = 0;
    for (const path of placesIn(body, true)) {
      if (path.some((name) => NEUTRAL.test(name))) continue;
      const key = keyOf(id, changed(body, path, other) as Body);
      if (key === null) continue;
      looked++;
      expect([path.join("."), key === base]).toEqual([path.join("."), false]);
    }
    expect(looked).toBeGreaterThan(5);
  });

  test.each<[string, Body, Body]>([
    ["a participant's name", { name: "alice" }, { name: "bob" }],
    ["a name and none", { name: "alice" }, {}],
    ["an object and a list like it", { frob: { a: 1 } }, { frob: [["a", 1]] }],
  ])("%s", (_what, one, two) => {
    const of = (more: Body) =>
      keyOf("openai-chat", { model: "chat", messages: [{ role: "user", content: "Who am I?", ...more }] });
    expect(of(one)).not.toBe(of(two));
  });

  test("a field beside a text, by whatever name", () => {
    const of = (more: Body) => keyOf("gemini", { contents: [{ parts: [{ text: "Where?", ...more }] }] });
    expect(of({ type: "text" })).not.toBe(of({}));
    expect(of({ input: "Where?" })).not.toBe(of({}));
  });

  test("a detail that the contract rounds", () => {
    const of = (detail: string) =>
      keyOf("openai-chat", {
        model: "chat",
        messages: [
          {
            role: "user",
            content: [{ type: "image_url", image_url: { url: `data:image/png;base64,${PIXEL}`, detail } }],
          },
        ],
      });
    expect(of("original")).not.toBe(of("high"));
  });

  test("a header that the model would have to honour", () => {
    const body = RICH["anthropic-messages"] ?? {};
    const of = (headers: Readonly<Record<string, string>>) =>
      keyOf("anthropic-messages", body, { ...HINTS, headers });
    expect(of({ "anthropic-beta": "x" })).not.toBe(of({}));
    expect(of({ "anthropic-version": "2023-06-01" })).toBe(of({}));
  });
});

describe("one request", () => {
  test("in every dialect has one key", () => {
    const said = { messages: [{ role: "user", content: "Name a lake." }] };
    const bodies: readonly (readonly [WireId, Body])[] = [
      ["openai-chat", { model: "chat", max_tokens: 64, ...said }],
      ["openai-chat", { model: "chat", max_completion_tokens: 64, ...said, user: "ann" }],
      [
        "openai-chat",
        {
          model: "chat",
          max_tokens: 64,
          tools: null,
          messages: [{ role: "user", content: [{ type: "text", text: "Name a lake." }] }],
        },
      ],
      ["openai-responses", { model: "chat", max_output_tokens: 64, input: "Name a lake." }],
      ["openai-responses", { model: "chat", max_output_tokens: 64, input: said.messages }],
      ["anthropic-messages", { model: "chat", max_tokens: 64, ...said, metadata: { user_id: "ann" } }],
      ["bedrock-invoke", { anthropic_version: "bedrock-2023-05-31", max_tokens: 64, ...said }],
      [
        "bedrock-converse",
        {
          messages: [{ role: "user", content: [{ text: "Name a lake." }] }],
          inferenceConfig: { maxTokens: 64 },
        },
      ],
      [
        "gemini",
        { contents: [{ parts: [{ text: "Name a lake." }] }], generation_config: { max_output_tokens: 64 } },
      ],
      ["native", { use_case: "chat", input: "Name a lake.", sampling: { max_tokens: 64 } }],
    ];
    const keys = bodies.map(([id, body]) => keyOf(id, body));
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(keys).size).toBe(1);
  });

  test.each(WIRES)("%s: streamed and whole has one key, also with what no contract models", (id) => {
    const body = { ...RICH[id], ...(id === "native" ? {} : { frob: 1 }) };
    const inBody = id !== "gemini" && !id.startsWith("bedrock");
    const streamed = keyOf(id, inBody ? { ...body, stream: true } : body, { ...HINTS, stream: true });
    expect(streamed).not.toBeNull();
    expect(streamed).toBe(keyOf(id, body));
  });
});

function at(body: unknown, path: readonly string[]): unknown {
  return path.reduce((value, name) => (value as Body)[name], body);
}
