import { describe, expect, test } from "bun:test";
import { jsonPassages } from "./extract-json.ts";

describe("jsonPassages", () => {
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
    const found = jsonPassages(text)[0];
    expect(found?.value).toEqual(value);
    expect(JSON.parse(found?.text ?? "")).toEqual(value);
  });

  test.each(["no JSON here", "", "{", "[1, 2", "{a: 1}", "```json\nnope\n```"])("none in %j", (text) => {
    expect(jsonPassages(text)).toEqual([]);
  });

  test("a text that is JSON is the only one, whatever it is", () => {
    expect(jsonPassages(' "{}" ')).toEqual([{ text: ' "{}" ', value: "{}" }]);
  });

  test("several from left to right, after what stands in a fence", () => {
    const values = (text: string) => jsonPassages(text).map(({ value }) => value);
    expect(values('See [1]. {"a": 1} or {"b": [2]}')).toEqual([[1], { a: 1 }, { b: [2] }]);
    expect(values("See [1].\r\n```json\r\n42\r\n```\r\n")).toEqual([42, [1]]);
  });

  test.each(["[{", "```json\n", "~~~\nx"])("a text of nothing but %j ends soon", (piece) => {
    const before = performance.now();
    expect(jsonPassages(piece.repeat(Math.floor(1_000_000 / piece.length)))).toEqual([]);
    expect(performance.now() - before).toBeLessThan(5000);
  });
});
