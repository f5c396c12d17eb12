import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Frame } from "./frame.ts";
import { createSseParser, encodeSse } from "./sse.ts";

function parse(...pieces: string[]): readonly Frame[] {
  const parser = createSseParser();
  return [...pieces.flatMap((piece) => parser.push(piece)), ...parser.end()];
}

describe("createSseParser", () => {
  const cases: readonly [string, string, readonly Frame[]][] = [
    ["one line", 'data: {"a":1}\n\n', [{ data: '{"a":1}' }]],
    ["two frames", "data: 1\n\ndata: 2\n\n", [{ data: "1" }, { data: "2" }]],
    ["no space after the colon", "data:1\n\n", [{ data: "1" }]],
    ["only one space is taken away", "data:  1\n\n", [{ data: " 1" }]],
    ["CRLF", "data: 1\r\n\r\ndata: 2\r\n\r\n", [{ data: "1" }, { data: "2" }]],
    ["CR", "data: 1\r\rdata: 2\r\r", [{ data: "1" }, { data: "2" }]],
    ["a mixture", "data: 1\r\n\ndata: 2\r\r\ndata: 3\n\r\n", [{ data: "1" }, { data: "2" }, { data: "3" }]],
    ["several data lines", "data: a\ndata: b\ndata:\n\n", [{ data: "a\nb\n" }]],
    ["an event", "event: error\ndata: x\n\n", [{ event: "error", data: "x" }]],
    ["an event after the data", "data: x\nevent: ping\n\n", [{ event: "ping", data: "x" }]],
    [
      "the event lasts one frame",
      "event: a\ndata: 1\n\ndata: 2\n\n",
      [{ event: "a", data: "1" }, { data: "2" }],
    ],
    ["an empty event", "event:\ndata: 1\n\n", [{ data: "1" }]],
    ["comments, ids and retries", ": hi\nid: 7\nretry: 10\ndata: 1\n: bye\n\n", [{ data: "1" }]],
    ["an unknown field", "error: {}\nfoo\ndatax: 2\n\n", []],
    ["an event without data", "event: ping\n\n", []],
    ["a field without a colon", "data\n\n", [{ data: "" }]],
    ["a byte order mark", "\ufeffdata: 1\n\n", [{ data: "1" }]],
    ["a byte order mark later is text", "data: \ufeff1\n\n", [{ data: "\ufeff1" }]],
    ["blank lines alone", "\n\n\r\n\r\r", []],
    [
      "complete lines without the blank line",
      "data: 1\n\ndata: [DONE]\n",
      [{ data: "1" }, { data: "[DONE]" }],
    ],
    ["a line that was cut", 'data: 1\n\ndata: {"a', [{ data: "1" }]],
    ["a JSON object in place of events", '{"a": [1]}', [{ data: '{"a": [1]}', whole: true }]],
    ["a JSON list over lines", '\ufeff [\n{"a":\r\n1}]\n', [{ data: '[\n{"a":\r\n1}]', whole: true }]],
    ["JSON after blank lines", '\n\r\n {"a":1}\n\n', [{ data: '{"a":1}', whole: true }]],
    ["JSON after an event", 'data: 1\n\n{"a":1}\n\n', [{ data: "1" }]],
    ["a cut line after a complete one", "data: a\ndata: b", [{ data: "a" }]],
  ];

  for (const [name, text, frames] of cases) {
    test(name, () => {
      expect(parse(text)).toEqual(frames);
      expect(parse(...text)).toEqual(frames);
    });
  }

  test("pieces may end anywhere, between CR and LF too", () => {
    const line = fc.constantFrom("data: x", "data: {}", "event: e", ": c", "", "", "id: 1", "data:y", "data");
    const end = fc.constantFrom("\n", "\r\n", "\r");
    const stream = fc.array(
      fc.tuple(line, end).map(([text, stop]) => text + stop),
      { maxLength: 30 },
    );
    const check = (lines: readonly string[], cuts: readonly number[]) => {
      const text = lines.join("");
      const places = cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b);
      const pieces = [...places, text.length].map((to, i) => text.slice(places[i - 1] ?? 0, to));
      expect(parse(...pieces)).toEqual(parse(text));
    };
    fc.assert(fc.property(stream, fc.array(fc.nat(), { maxLength: 8 }), check), { numRuns: 300 });
  });

  test("a frame as long as the bound is delivered, a longer one is a fault", () => {
    for (const cut of [0, 3, 12, 16, 17]) {
      const parser = createSseParser(10);
      const push = (text: string) => [...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))];
      expect(push("data: 0123456789\n\n")).toEqual([{ data: "0123456789" }]);
      expect(parser.fault).toBeNull();
      expect(push("data: 0123456789a\n\n")).toEqual([]);
      expect(parser.fault).toMatchObject({ kind: "malformed", code: "frame_too_large" });
    }
  });

  test.each([
    ["one endless line", "data: 012345678"],
    ["endless data lines", "data: 0123\n"],
    ["an endless comment", ": 012345"],
    ["endless JSON", '{"a":1,\n'],
    ["an endless line with CRLF before", "\r\ndata0123"],
  ])("%s is given up, and what follows is ignored", (_, piece) => {
    const parser = createSseParser(64);
    for (let i = 0; i < 100; i++) parser.push(piece.replace("\r\n", i === 0 ? "\r\n" : ""));
    expect(parser.fault?.code).toBe("frame_too_large");
    expect([...parser.push("\n\ndata: 1\n\n"), ...parser.end()]).toEqual([]);
  });

  test("frames before an oversized one are delivered", () => {
    const parser = createSseParser(16);
    expect(parser.push(`data: 1\n\ndata: ${"x".repeat(20)}\n\n`)).toEqual([{ data: "1" }]);
    expect(parser.fault?.code).toBe("frame_too_large");
  });
});

describe("encodeSse", () => {
  test.each([
    [{ data: "{}" }, "data: {}\n\n"],
    [{ event: "error", data: "{}" }, "event: error\ndata: {}\n\n"],
    [{ data: "a\nb\r\nc\rd" }, "data: a\ndata: b\ndata: c\ndata: d\n\n"],
    [{ event: "a\r\ndata: forged", data: "1" }, "event: a data: forged\ndata: 1\n\n"],
  ])("%j", (frame, text) => {
    expect(encodeSse(frame)).toBe(text);
  });

  test("what is encoded reads back, with CR and CRLF as LF", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "\n", "\r", " ", ":", "é", "\u2028") });
    const check = (data: string) => {
      expect(parse(encodeSse({ data }))).toEqual([{ data: data.replace(/\r\n|\r/g, "\n") }]);
    };
    fc.assert(fc.property(text, check));
  });
});
