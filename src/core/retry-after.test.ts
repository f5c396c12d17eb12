import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { MAX_RETRY_AFTER_MS, parseRetryAfter } from "./retry-after.ts";

const now = Date.UTC(2026, 2, 1, 12, 0, 0);

describe("parseRetryAfter", () => {
  test.each([
    ["0", 0],
    ["5", 5000],
    [" 5 ", 5000],
    ["0.25", 250],
    [".5", 500],
    ["1.0001", 1001],
    ["86400", MAX_RETRY_AFTER_MS],
    ["86401", MAX_RETRY_AFTER_MS],
    ["999999999999999", MAX_RETRY_AFTER_MS],
    ["Sun, 01 Mar 2026 12:00:30 GMT", 30_000],
    ["Sunday, 01-Mar-26 12:00:30 GMT", 30_000],
    ["Sun Mar  1 12:00:30 2026", 30_000],
    ["Sun, 01 Mar 2026 11:59:00 GMT", 0],
    ["Tue, 01 Mar 2050 12:00:00 GMT", MAX_RETRY_AFTER_MS],
    ["Sunday, 01-Mar-94 12:00:30 GMT", 0],
    ["99999999999999999999", MAX_RETRY_AFTER_MS],
    ["9".repeat(400), MAX_RETRY_AFTER_MS],
    ["30, 30", 30_000],
    ["1, 2", 2000],
    ["2,1,", 2000],
    ["soon, 5", 5000],
    ["5, -1", 5000],
    ["Sun, 01 Mar 2026 12:00:30 GMT, Sun, 01 Mar 2026 12:00:40 GMT", 40_000],
    ["5, Sun, 01 Mar 2026 12:00:30 GMT", 30_000],
    ["Sunday, 01-Mar-26 12:00:30 GMT,45", 45_000],
    ["Sun Mar  1 12:00:30 2026, 5", 30_000],
  ])("%p is %p ms", (value, expected) => {
    expect(parseRetryAfter(value, now)).toBe(expected);
  });

  test.each([
    [null],
    [undefined],
    [""],
    ["-1"],
    ["+1"],
    ["NaN"],
    ["Infinity"],
    ["1e3"],
    ["0x10"],
    ["."],
    ["5s"],
    [","],
    ["soon, later"],
    ["2026-03-01T12:00:30Z"],
    ["Sun, 01 Mar 2026 12:00:30 PST"],
    ["Sun, 31 Apr 2026 12:00:00 GMT"],
    ["Sun, 00 Mar 2026 12:00:00 GMT"],
    ["Sun, 01 Foo 2026 12:00:00 GMT"],
    ["Sun, 01 Mar 2026 24:00:00 GMT"],
    ["Sun, 01 Mar 2026 12:60:00 GMT"],
  ])("%p says nothing usable", (value) => {
    expect(parseRetryAfter(value, now)).toBeNull();
  });

  test("reads back every date that the platform writes", () => {
    const aheadMs = fc.integer({ min: 0, max: 24 * 3600 }).map((seconds) => seconds * 1000);
    fc.assert(
      fc.property(
        aheadMs,
        fc.date({ min: new Date(0), max: new Date("2200-01-01"), noInvalidDate: true }),
        (ahead, base) => {
          const from = Math.floor(base.getTime() / 1000) * 1000;
          expect(parseRetryAfter(new Date(from + ahead).toUTCString(), from)).toBe(ahead);
        },
      ),
    );
  });

  test("whatever arrives, the answer is null or within a day", () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const wait = parseRetryAfter(value, now);
        expect(wait === null || (wait >= 0 && wait <= MAX_RETRY_AFTER_MS)).toBe(true);
      }),
    );
  });
});
