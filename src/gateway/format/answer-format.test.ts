import { describe, expect, test } from "bun:test";
import type { StreamEvent, UnifiedFinish } from "../../core/events.ts";
import type { ModelRequest, ResponseFormat } from "../../core/request.ts";
import { FAKE_REQUEST } from "../../policy/fake-policy.ts";
import { checkAnswerFormat, type FormatVerdict } from "./answer-format.ts";
import type { SchemaChecks } from "./judge-schema.ts";

const JSON_MODE: ResponseFormat = { type: "json" };
const SCHEMA: ResponseFormat = {
  type: "json_schema",
  name: "s",
  strict: true,
  schema: { type: "object", properties: { a: { type: "number" } }, required: ["a"] },
};

const bySchema = (schema: Readonly<Record<string, unknown>>): ResponseFormat => ({
  type: "json_schema",
  name: "s",
  strict: true,
  schema,
});
/** Runs at no time on the event loop. */
const LONG = bySchema({ type: "object", properties: { a: { pattern: "^(a|a)*$" } } });

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

/** What is known at once. */
function verdictOn(
  format: ResponseFormat,
  texts: readonly string[],
  unified?: UnifiedFinish,
): FormatVerdict | null {
  const verdict = checkAnswerFormat(request(format), answer(texts, unified));
  if (verdict instanceof Promise) throw new Error("It was given away.");
  return verdict;
}

const textsOf = (verdict: FormatVerdict | null) =>
  verdict === null || verdict.type === "broken"
    ? []
    : verdict.events.flatMap((event) => (event.type === "text" ? [event.text] : []));

describe("an answer that should be JSON", () => {
  test.each<[ResponseFormat, string]>([
    [JSON_MODE, '{"a":1}'],
    [JSON_MODE, " {} "],
    [SCHEMA, '{"a":1}'],
    [bySchema({ type: "array" }), "[1]"],
    [{ type: "text" }, "no JSON"],
  ])("%j keeps %j", (format, text) => {
    expect(verdictOn(format, [text])).toBeNull();
  });

  test("loses its fence and the words around it, also where it came in pieces", () => {
    const verdict = verdictOn(SCHEMA, ["Sure:\n``", '`json\n{"a', '":1}\n```\n', "Bye"]);
    expect(verdict).toMatchObject({ type: "extracted", warnings: [{ control: "json_extracted" }] });
    expect(textsOf(verdict)).toEqual(['{"a":1}']);
  });

  test("of several values the one that satisfies the schema is meant, in JSON mode the first object", () => {
    expect(textsOf(verdictOn(SCHEMA, ['Like {"b":2}, so {"a":3}.']))).toEqual(['{"a":3}']);
    expect(textsOf(verdictOn(JSON_MODE, ['As in [1], the answer is {"a":1}']))).toEqual(['{"a":1}']);
  });

  test.each<[ResponseFormat, string, string]>([
    [JSON_MODE, "I cannot do that.", "not_json"],
    [JSON_MODE, "42", "not_json"],
    [JSON_MODE, "null", "not_json"],
    [JSON_MODE, '"hi"', "not_json"],
    [JSON_MODE, '[{"a":1}]', "not_json"],
    [SCHEMA, "I cannot do that.", "not_json"],
    [SCHEMA, '{"b":1}', "schema_violation"],
    [SCHEMA, 'Here: {"b":1}', "schema_violation"],
  ])("%j refuses %j: %s", (format, text, code) => {
    expect(verdictOn(format, [text])).toMatchObject({
      type: "broken",
      fault: { kind: "malformed", code },
    });
  });

  test.each(["[1]", "42"])("a media type asks for JSON of any kind: %s", (text) => {
    const asked = request(JSON_MODE);
    const ofGemini = { ...asked, origin: { ...asked.origin, wire: "gemini" } } as const;
    expect(checkAnswerFormat(ofGemini, answer([text]))).toBeNull();
  });

  test.each([null, "end_turn", "finished"])(
    "is broken where it is cut and ends for no known reason: %p",
    (raw) => {
      const reason = { unified: "other", raw } as const;
      const events = answer(['{"a": "half']).map((event) =>
        event.type === "choice_end" || event.type === "finish" ? { ...event, reason } : event,
      );
      for (const format of [JSON_MODE, SCHEMA]) {
        expect(checkAnswerFormat(request(format), events)).toMatchObject({ fault: { code: "not_json" } });
      }
    },
  );

  test("is broken where there is none: thoughts alone, or a second choice without a word", () => {
    const stop = { unified: "stop", raw: "stop" } as const;
    const thoughts: StreamEvent = { type: "reasoning", choice: 0, text: "Hm." };
    const end = (choice: number): StreamEvent => ({ type: "choice_end", choice, reason: stop });
    for (const events of [
      [thoughts, end(0)],
      [...answer(['{"a":1}']).slice(0, -1), end(1)],
    ]) {
      for (const format of [JSON_MODE, SCHEMA]) {
        expect(checkAnswerFormat(request(format), events)).toMatchObject({ fault: { code: "not_json" } });
      }
    }
  });

  test("is not waited for from who calls, refuses, or has a tool of its own at work", () => {
    const end = (unified: UnifiedFinish): StreamEvent => {
      return { type: "choice_end", choice: 0, reason: { unified, raw: "pause_turn" } };
    };
    const extra = { wire: "anthropic-messages", fields: {} };
    const said: readonly (readonly StreamEvent[])[] = [
      [{ type: "tool_call", choice: 0, index: 0, id: "c", name: "f" }, end("other")],
      [{ type: "refusal", choice: 0, text: "No." }, end("stop")],
      [{ type: "text", choice: 0, text: "Looking" }, { type: "opaque", choice: 0, extra }, end("other")],
      [{ type: "opaque", choice: 0, extra }, end("stop")],
    ];
    for (const events of said) expect(checkAnswerFormat(request(SCHEMA), events)).toBeNull();
  });

  test("one that a limit cut is left alone", () => {
    expect(verdictOn(JSON_MODE, ['```json\n{"a'], "length")).toBeNull();
  });
});

describe("a schema that may take long", () => {
  const given: unknown[] = [];
  const checks = (answers: Awaited<ReturnType<SchemaChecks["judge"]>>): SchemaChecks => ({
    async judge(schema, choices) {
      given.push({ schema, choices });
      return answers;
    },
  });
  const check = (text: string, port: SchemaChecks) => checkAnswerFormat(request(LONG), answer([text]), port);

  test("is given away with the texts that may be meant", async () => {
    const verdict = await check('[1] or {"a":"x"}', checks([{ type: "fits", at: 1 }]));
    expect(given.at(-1)).toMatchObject({ choices: [["[1]", '{"a":"x"}']] });
    expect(verdict?.type).toBe("extracted");
    expect(textsOf(verdict)).toEqual(['{"a":"x"}']);
    expect(await check('{"a":"x"}', checks([{ type: "fits", at: 0 }]))).toBeNull();
  });

  test("breaks an answer that violates it", async () => {
    const violates = checks([{ type: "violates", keyword: "pattern", where: "#/a" }]);
    expect(await check('{"a":"x"}', violates)).toMatchObject({
      type: "broken",
      fault: {
        code: "schema_violation",
        cause: { detail: "It fails pattern." },
        complaint: "#/a: fails pattern",
      },
    });
  });

  test("leaves an answer unchecked where it could not be run; it is JSON all the same", async () => {
    const whole = await check('{"a":"x"}', checks(null));
    expect(whole).toMatchObject({ type: "unchecked", warnings: [{ control: "response_format" }] });
    expect(textsOf(whole)).toEqual(['{"a":"x"}']);
    const among = await check('See [1]: {"a":"x"}', checks(null));
    expect(among).toMatchObject({
      type: "unchecked",
      warnings: [{ control: "json_extracted" }, { control: "response_format" }],
    });
    expect(textsOf(among)).toEqual(['{"a":"x"}']);
    expect(await check("No.", checks(null))).toMatchObject({ type: "broken", fault: { code: "not_json" } });
  });

  test("is not run where nobody takes it", () => {
    expect(verdictOn(LONG, ['{"a":"x"}'])).toMatchObject({ type: "unchecked" });
  });

  test("a validator that throws on the event loop leaves it unchecked", () => {
    // Half of a character in a name cannot be written as a pointer.
    const throwing = bySchema({ properties: { "\ud800": true } });
    expect(verdictOn(throwing, ['{"\\ud800":1}'])).toMatchObject({ type: "unchecked" });
  });
});
