import { describe, expect, test } from "bun:test";
import { CAPABILITIES } from "../../core/contract.ts";
import type { ModelRequest } from "../../core/request.ts";
import { gemini } from "../gemini.ts";
import { openaiChat } from "../openai-chat.ts";
import type { JsonObject, LowerTarget } from "../wire.ts";

const schema = { type: "object", properties: { a: { type: "string" } } };
const tools = [{ type: "function", function: { name: "f", parameters: schema } }];
const response_format = { type: "json_schema", json_schema: { name: "a", schema } };
const WORDS = { text: expect.stringContaining(`JSON Schema: ${JSON.stringify(schema)}`) };

function chat(extra: JsonObject, ...before: readonly JsonObject[]): ModelRequest {
  const messages = [...before, { role: "user", content: "Hi" }];
  const result = openaiChat.parseRequest(
    { model: "m", messages, response_format, ...extra },
    { contract: {}, strict: true },
  );
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

function lower(request: ModelRequest, modelId: string): JsonObject {
  const target: LowerTarget = {
    modelId,
    maxOutputTokens: 4096,
    capabilities: new Set(CAPABILITIES),
    unsupported: new Set(),
  };
  const result = gemini.lower(request, target);
  if (!result.ok) throw new Error(result.fault.message);
  return result.value.body;
}

describe("a JSON format beside tools", () => {
  test.each(["gemini-2.5-flash", "gemini-2.0-flash-001", "gemini-1.5-pro"])(
    "is said in words to %s",
    (model) => {
      const body = lower(chat({ tools }), model);
      expect(body.systemInstruction).toEqual({ parts: [WORDS] });
      expect(body).not.toHaveProperty("generationConfig");
      const instructed = lower(chat({ tools }, { role: "system", content: "Be brief." }), model);
      expect(instructed.systemInstruction).toEqual({ parts: [{ text: "Be brief." }, WORDS] });
    },
  );

  test("is enforced by models from Gemini 3 on, and by each without tools", () => {
    const generationConfig = { responseMimeType: "application/json", responseJsonSchema: schema };
    expect(lower(chat({ tools }), "gemini-3-pro")).toMatchObject({ generationConfig });
    const plain = lower(chat({}), "gemini-2.5-flash");
    expect(plain).toMatchObject({ generationConfig });
    expect(plain).not.toHaveProperty("systemInstruction");
  });

  test("of a caller's own body stays where the API enforces it, and is said in words where it does not", () => {
    const responseSchema = { type: "OBJECT", properties: { a: { type: "STRING" } } };
    const own = {
      contents: [{ role: "user", parts: [{ text: "Hi" }] }],
      tools: [{ functionDeclarations: [{ name: "f" }] }],
      systemInstruction: { parts: [{ text: "Be brief." }] },
      generationConfig: { responseMimeType: "application/json", responseSchema, temperature: 0 },
    };
    const parsed = gemini.parseRequest(own, { contract: {}, strict: true, target: "m" });
    if (!parsed.ok) throw new Error(parsed.fault.message);
    expect(lower(parsed.value, "gemini-3-pro")).toEqual(own);
    expect(lower({ ...parsed.value, tools: [] }, "gemini-2.5-flash")).toEqual(own);
    const body = lower(parsed.value, "gemini-2.5-flash");
    expect(body.generationConfig).toEqual({ temperature: 0 });
    expect(body.systemInstruction).toEqual({ parts: [{ text: "Be brief." }, WORDS] });
    expect(own.systemInstruction.parts).toHaveLength(1);
  });
});
