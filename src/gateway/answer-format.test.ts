import { describe, expect, test } from "bun:test";
import type { StreamEvent, UnifiedFinish } from "../core/events.ts";
import type { ModelRequest, ResponseFormat } from "../core/request.ts";
import { FAKE_REQUEST } from "../policy/fake-policy.ts";
import { checkAnswerFormat } from "./answer-format.ts";

const JSON_MODE: ResponseFormat = { type: "json" };
const SCHEMA: ResponseFormat = {
  type: "json_schema",
  name: "s",
  strict: true,
  schema: { type: "object", properties: { a: { type: "number" } }, required: ["a"] },
};

const request = (responseFormat: ResponseFormat): ModelRequest => ({ ...FAKE_REQUEST, responseFormat });

function answer(texts: readonly string[], unified: UnifiedFinish = "stop"): readonly StreamEvent[] {
  const reason = { unified, raw: null };
  return [
    { type: "start" },
    ...texts.map((text): StreamEvent => ({ type: "text", choice: 0, text })),
    { type: "choice_end", choice: 0, reason },
    { type: "finish", reason, usage: null },
  ];
}

describe("an answer that should be JSON", () => {
  test.each<[ResponseFormat, string]>([
    [JSON_MODE, '{"a":1}'],
    [JSON_MODE, " [1] "],
    [SCHEMA, '{"a":1}'],
    [{ type: "text" }, "no JSON"],
  ])("%j keeps %j", (format, text) => {
    expect(checkAnswerFormat(request(format), answer([text]))).toBeNull();
  });

  test("loses its fence and the words around it, also where it came in pieces", () => {
    const verdict = checkAnswerFormat(
      request(SCHEMA),
      answer(["Sure:\n``", '`json\n{"a', '":1}\n```\n', "Bye"]),
    );
    expect(verdict).toMatchObject({ type: "extracted" });
    const texts = verdict?.type === "extracted" ? verdict.events.filter(({ type }) => type === "text") : [];
    expect(texts).toEqual([{ type: "text", choice: 0, text: '{"a":1}' }]);
  });

  test("of several values the one that satisfies the schema is meant", () => {
    const verdict = checkAnswerFormat(request(SCHEMA), answer(['Like {"b":2}, so {"a":3}.']));
    expect(verdict?.type === "extracted" && verdict.events[1]).toEqual({
      type: "text",
      choice: 0,
      text: '{"a":3}',
    });
  });

  test.each<[ResponseFormat, string, string]>([
    [JSON_MODE, "I cannot do that.", "not_json"],
    [SCHEMA, '{"b":1}', "schema_violation"],
    [SCHEMA, 'Here: {"b":1}', "schema_violation"],
  ])("%j refuses %j: %s", (format, text, code) => {
    expect(checkAnswerFormat(request(format), answer([text]))).toMatchObject({
      type: "broken",
      fault: { kind: "malformed", code },
    });
  });

  test("one that a limit cut is left alone", () => {
    expect(checkAnswerFormat(request(JSON_MODE), answer(['```json\n{"a'], "length"))).toBeNull();
  });
});
