import { describe, expect, test } from "bun:test";
import { bareRequest } from "../core/bare-request.ts";
import type { ModelRequest } from "../core/request.ts";
import type { LowerTarget } from "../wires/wire.ts";
import { pick, templateWire } from "./json-template.ts";

const TARGET: LowerTarget = {
  modelId: "endpoint",
  capabilities: new Set(),
  maxOutputTokens: 512,
  unsupported: new Set(),
};
const TEMPLATE = {
  request: {
    inputs: "{{prompt}}",
    parameters: { max_new_tokens: "{{max_tokens}}", note: "t={{temperature}}" },
  },
  text: "/0/generated_text",
};

function request(change: Partial<ModelRequest> = {}): ModelRequest {
  return bareRequest({
    target: "chat",
    messages: [{ role: "user", content: [{ type: "text", text: "Hello {{max_tokens}}" }] }],
    origin: { wire: "openai-chat", body: {}, rewritten: new Set() },
    ...change,
  });
}

function lowered(change: Partial<ModelRequest> = {}) {
  const result = templateWire(TEMPLATE).lower(request(change), TARGET);
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

describe("a template", () => {
  test("is filled in with types kept, and what a caller wrote is not filled in again", () => {
    expect(lowered().body).toEqual({
      inputs: "Hello {{max_tokens}}",
      parameters: { max_new_tokens: 512, note: "t=1" },
    });
  });

  test("takes a conversation as one prompt", () => {
    const say = (role: "system" | "user" | "assistant", text: string) =>
      ({ role, content: [{ type: "text", text }] }) as const;
    const { body } = lowered({ messages: [say("system", "Be brief."), say("user", "Hi")] });
    expect(body.inputs).toBe("system: Be brief.\n\nuser: Hi\n\nassistant:");
  });

  test("keeps what tools were asked and said, and what is text in a document", () => {
    const { body } = lowered({
      messages: [
        {
          role: "user",
          content: [
            { type: "document", source: { kind: "text", mediaType: "text/plain", text: "Terms." } },
            { type: "text", text: "What of it?" },
          ],
        },
        { role: "assistant", content: [{ type: "tool_call", id: "c1", name: "f", arguments: '{"a":1}' }] },
        {
          role: "tool",
          content: [{ type: "tool_result", callId: "c1", content: [{ type: "text", text: "RESULT-42" }] }],
        },
      ],
    });
    expect(body.inputs).toBe(
      'user: Terms.\nWhat of it?\n\nassistant: f({"a":1})\n\ntool: RESULT-42\n\nassistant:',
    );
  });

  test("knows which controls it mentions, within texts and deep inside", () => {
    const controls = { maxTokens: 7, temperature: 0.1, stop: ["x"] };
    expect(lowered({ sampling: controls }).warnings.map(({ control }) => control)).toEqual(["stop"]);
  });

  test("refuses what is not text", () => {
    const source = { kind: "url", url: "https://x.example/a.png" } as const;
    const messages = [{ role: "user", content: [{ type: "image", source }] }] as const;
    expect(templateWire(TEMPLATE).lower(request({ messages }), TARGET)).toMatchObject({
      ok: false,
      fault: { kind: "invalid", code: "unsupported_content" },
    });
  });

  test("warns of controls it has no place for, and refuses them under strict", () => {
    expect(lowered({ sampling: { seed: 7 } }).warnings.map(({ control }) => control)).toEqual(["seed"]);
    const strict = templateWire(TEMPLATE).lower(request({ sampling: { seed: 7 }, strict: true }), TARGET);
    expect(strict).toMatchObject({ ok: false, fault: { code: "unsupported_control", param: "seed" } });
  });

  test("picks the text out of the answer, or says that it is not there", () => {
    const events = templateWire(TEMPLATE).readAnswer([{ generated_text: "Hi!" }]);
    expect(events[1]).toMatchObject({ type: "text", text: "Hi!" });
    for (const body of [[], [{}], "text", null, [{ generated_text: 7 }]]) {
      expect(templateWire(TEMPLATE).readAnswer(body)).toMatchObject([{ type: "fault" }]);
    }
  });
});

test("a pointer follows RFC 6901", () => {
  expect(pick({ "a/b": { "c~d": 1 } }, "/a~1b/c~0d")).toBe(1);
  expect(pick({ a: 1 }, "/a/b")).toBeUndefined();
  expect(pick({ a: 1 }, "/__proto__")).toBeUndefined();
  expect(pick([5], "")).toEqual([5]);
});
