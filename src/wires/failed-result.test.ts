import { expect, test } from "bun:test";
import type { ContentPart } from "../core/request.ts";
import { toldResult } from "./failed-result.ts";

const result = (content: readonly ContentPart[], isError = true) =>
  toldResult({ type: "tool_result", callId: "c", content, ...(isError && { isError }) });
const text = (said: string): ContentPart => ({ type: "text", text: said });
const image: ContentPart = { type: "image", source: { kind: "url", url: "https://example.com/a.png" } };

test("a failure is told at the beginning of the text, once", () => {
  expect(result([image, text("No such city.")])).toEqual([image, text("Error: No such city.")]);
  const said = [text("error 404")];
  expect(result(said)).toBe(said);
  expect(result([])).toEqual([text("Error.")]);
});

test("what succeeded is handed on as it is", () => {
  const content = [text("rain")];
  expect(result(content, false)).toBe(content);
});
