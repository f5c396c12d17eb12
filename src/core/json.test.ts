import { describe, expect, test } from "bun:test";
import { parseJson } from "./json.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("parseJson", () => {
  test.each([
    ["an empty body", "", "invalid_json"],
    ["half an object", '{"a":', "invalid_json"],
    ["a key that would poison a prototype", '{"a":{"__proto__":{"admin":true}}}', "forbidden_key"],
    ["a number beyond a double", '{"n":1e999}', "invalid_number"],
    ["a number beyond a double in a list", '{"n":[1,-1e999]}', "invalid_number"],
    ["nesting beyond the limit", `${'{"a":'.repeat(9)}1${"}".repeat(9)}`, "json_too_deep"],
    ["nesting by the million", "[".repeat(1_000_000) + "]".repeat(1_000_000), "json_too_deep"],
  ])("refuses %s", (_name, text, code) => {
    const parsed = parseJson(bytes(text), 8);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(parsed.fault).toMatchObject({ kind: "invalid", code });
  });

  test("refuses bytes that are not UTF-8", () => {
    const parsed = parseJson(new Uint8Array([0x22, 0xc3, 0x28, 0x22]), 8);
    expect(!parsed.ok && parsed.fault.code).toBe("invalid_utf8");
  });

  test("never repeats the body in its message", () => {
    const parsed = parseJson(bytes('{"secret-prompt": oops}'), 8);
    expect(JSON.stringify(parsed)).not.toContain("secret-prompt");
  });

  test("accepts nesting up to the limit and keeps every value", () => {
    const text = `${'{"a":'.repeat(8)}"é"${"}".repeat(8)}`;
    expect(parseJson(bytes(text), 8)).toEqual({ ok: true, value: JSON.parse(text) });
  });
});
