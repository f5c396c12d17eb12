import { describe, expect, test } from "bun:test";
import { extractJson } from "./extract-json.ts";

const anything = () => true;

describe("extractJson", () => {
  test.each<[string, string, unknown]>([
    ["a fence", '```json\n{"a": 1}\n```', { a: 1 }],
    ["a fence without a language, with words around it", "Here:\n\n```\n[1, 2]\n```\nDone.", [1, 2]],
    ["a sentence before it", 'Sure! {"a": {"b": [1]}}', { a: { b: [1] } }],
    ["a sentence after it", '{"a": "x"} Hope this helps.', { a: "x" }],
    ["brackets in strings", 'So: {"a": "}]{[\\" }"} end', { a: '}]{[" }' }],
    ["brackets in the prose before it", 'In {braces} and [x]: {"a": 1}', { a: 1 }],
    ["a bracket that never closes before it", 'An open { brace. {"a": 1}', { a: 1 }],
    ["a fence that is none of JSON", '```js\nlet a;\n```\n{"a": 1}', { a: 1 }],
    ["a fenced value that is indented", '  ```json\n  {"a": 1}\n  ```', { a: 1 }],
  ])("%s", (_what, text, value) => {
    const found = extractJson(text, anything);
    expect(found?.value).toEqual(value);
    expect(JSON.parse(found?.text ?? "")).toEqual(value);
  });

  test.each(["no JSON here", "", "{", "[1, 2", "{a: 1}", "```json\nnope\n```"])("none in %j", (text) => {
    expect(extractJson(text, anything)).toBeNull();
  });

  test("of several the first that fits, and the first of all where none does", () => {
    const text = 'See [1]. {"wrong": 1} or {"right": 2}';
    const isRight = (value: unknown) => typeof value === "object" && value !== null && "right" in value;
    expect(extractJson(text, isRight)?.value).toEqual({ right: 2 });
    expect(extractJson(text, () => false)?.value).toEqual([1]);
  });

  test("a text of nothing but brackets ends soon", () => {
    const before = performance.now();
    expect(extractJson("[{".repeat(200_000), anything)).toBeNull();
    expect(performance.now() - before).toBeLessThan(2000);
  });
});
