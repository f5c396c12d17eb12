import { describe, expect, test } from "bun:test";
import { parseRange } from "./match-range.ts";

function holds(written: number | string, value: number, field = "signals.input_tokens"): boolean {
  const parsed = parseRange(written, field);
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return parsed.test(value);
}

describe("a range", () => {
  test.each([
    ["< 500", 499, true],
    ["< 500", 500, false],
    ["<=500", 500, true],
    ["> 500", 500, false],
    [">= 500", 500, true],
    ["500", 500, true],
    ["= 500", 501, false],
    ["== 500", 500, true],
    ["!= 500", 500, false],
    ["!= 500", 501, true],
    ["9..17", 9, true],
    ["9 .. 17", 17, true],
    ["9..17", 18, false],
    [">= 9, < 18", 17.9, true],
    [">= 9, < 18", 18, false],
    [">= 9, < 18, != 12", 12, false],
    ["> 9, >= 9", 9, false],
    ["0.25..0.5", 0.3, true],
    [7, 7, true],
    [7, 8, false],
  ])("%p holds for %p: %p", (written, value, expected) => expect(holds(written, value)).toBe(expected));

  test("one past the end is a way to write the end", () => {
    expect(holds("< 24", 23, "signals.hour")).toBe(true);
    expect(holds("<= 1", 1, "signals.complexity")).toBe(true);
  });

  test.each([
    ["about 500", /not a range/, /"< 500"/, 0],
    ["", /not a range/, /number/, 0],
    ["=> 500", /not a range/, /Write ">="/, 0],
    ["=< 500", /not a range/, /Write "<="/, 0],
    ["< 5k", /not a range/, /written? out|out/, 0],
    ["> 3 && < 9", /not a range/, /comma/, 0],
    ["> 3, about 9", /"about 9"/, /number/, 5],
    ["> 3, < 2", /No number/, /list/, 0],
    ["> 3, < 3", /No number/, /list/, 0],
    ["17..9", /ends before it begins/, /"9\.\.17"/, 0],
    ["> 3, 17..9", /ends before it begins/, /"9\.\.17"/, 5],
    ["< -1", /never below 0/, /from 0 on/, 0],
    ["> 3, < -1, < 2", /No number/, /list/, 0],
  ])("%p is refused", (written, message, fix, offset) => {
    const parsed = parseRange(written, "signals.input_tokens");
    if (parsed.ok) throw new Error("it was read");
    expect(parsed.problem.message).toMatch(message);
    expect(parsed.problem.fix).toMatch(fix);
    expect(parsed.problem.offset).toBe(offset);
  });

  test.each([
    [">= 60", "signals.complexity", /between 0 and 1/],
    ["1.01", "signals.complexity", /between 0 and 1/],
    ["> 25", "signals.hour", /between 0 and 23/],
    ["60..61", "signals.minute", /between 0 and 59/],
    [8, "signals.weekday", /between 0 and 6/],
    [7, "signals.weekday", /"7" never holds: weekday is a whole number from 0 to 6/],
    [60, "signals.minute", /whole number from 0 to 59/],
    [9.5, "signals.hour", /whole number/],
    ["> 23", "signals.hour", /"> 23" never holds/],
    ["22..6", "signals.hour", /list two spans: \["22\.\.23", "0\.\.6"\]/],
    ["5..1", "signals.weekday", /\["5\.\.6", "0\.\.1"\]/],
    ["60..50", "signals.hour", /Write the smaller number first: "50\.\.60"/],
    ["0.9..0.2", "signals.complexity", /Write the smaller number first/],
    ["> 9, < 10", "signals.hour", /never holds/],
    ["> 1", "signals.complexity", /never holds: complexity is a number from 0 to 1/],
    ["< 0", "signals.input_tokens", /never holds: input_tokens is a number from 0 on/],
    ["< 0", "signals.spend_tenant_today", /never holds/],
    [0.5, "request.messages", /whole number from 0 on/],
  ])("%p is no %s", (written, field, message) => {
    const parsed = parseRange(written, field);
    if (parsed.ok) throw new Error("it was read");
    expect(`${parsed.problem.message} ${parsed.problem.fix}`).toMatch(message);
  });

  test.each([
    ["1..7", "signals.weekday", /does not hold on Sundays/, /Sunday is 0/, 0],
    ["> 0, <= 7", "signals.weekday", /does not hold on Sundays/, /Sunday is 0/, 0],
    ["!= 7", "signals.weekday", /is never 7/, /Sunday is 0/, 0],
    ["> 3, != 24", "signals.hour", /is never 24/, /from 0 to 23/, 0],
    ["9..99", "signals.hour", /between 0 and 23/, /from 0 to 23/, 0],
    [">= 9, < 99", "signals.hour", /between 0 and 23/, /from 0 to 23/, 6],
    ["< 60", "signals.complexity", /between 0 and 1/, /from 0 to 1/, 0],
    ["> -1", "signals.input_tokens", /never below 0/, /from 0 on/, 0],
  ])("%p of %s can hold and is doubtful", (written, field, message, fix, offset) => {
    const parsed = parseRange(written, field);
    if (!parsed.ok) throw new Error(parsed.problem.message);
    expect(parsed.doubt?.message).toMatch(message);
    expect(parsed.doubt?.fix).toMatch(fix);
    expect(parsed.doubt?.offset).toBe(offset);
  });

  test.each([
    ["0..7", "signals.weekday"],
    ["< 7", "signals.weekday"],
    ["1..6", "signals.weekday"],
    ["18..24", "signals.hour"],
    ["!= 12", "signals.hour"],
    ["!= 0.5", "signals.complexity"],
  ])("%p of %s is beyond doubt", (written, field) =>
    expect(parseRange(written, field)).toMatchObject({ ok: true, doubt: null }),
  );
});
