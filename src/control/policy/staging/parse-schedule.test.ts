import { describe, expect, test } from "bun:test";
import { parseSchedule } from "./parse-schedule.ts";

const NOW = Date.parse("2026-01-31T09:00:00Z");
const HOUR = 3_600_000;

describe("steps from a time that is past", () => {
  test.each([
    ["2020-01-01T00:00:00Z", "50%/1h", "100 % of the traffic at once"],
    ["2026-01-31T07:30:00Z", "20%/1h", "40 % of the traffic at once"],
  ])("%s by %s is refused with what would come of it", (at, linear, words) => {
    const parsed = parseSchedule({ at, linear }, NOW);
    expect(parsed).toMatchObject({
      ok: false,
      fault: { code: "invalid_schedule", param: "at", message: expect.stringContaining(words) },
    });
  });

  test("its first step may be a moment ago: another gateway was told before this one", () => {
    expect(parseSchedule({ at: "2026-01-31T08:59:50Z", linear: "20%/1h" }, NOW)).toMatchObject({
      ok: true,
      value: { startsAt: NOW - 10_000, stepPercent: 20, stepEveryMs: HOUR },
    });
  });

  test.each([undefined, "100%", "100%/1h"])("everything at once is refused a minute later (%p)", (linear) => {
    const late = parseSchedule({ at: "2026-01-31T08:58:59Z", linear }, NOW);
    expect(late).toMatchObject({ ok: false, fault: { code: "invalid_schedule", param: "at" } });
    const justNow = parseSchedule({ at: "2026-01-31T08:59:00Z", linear }, NOW);
    expect(justNow).toMatchObject({ ok: true, value: { startsAt: NOW - 60_000, stepPercent: 100 } });
  });
});

describe("a time is a date and a time with its zone", () => {
  test.each([
    "10",
    "23 Nov",
    "2026-02-01",
    "2026-01-31T10:00:00",
    "2026-02-30T09:00:00Z",
    "24h",
    "09:00Z",
    "",
  ])("%p is none, and one that would do is named", (at) => {
    const message = expect.stringContaining("as 2026-01-31T10:00:00Z");
    expect(parseSchedule({ at }, NOW)).toMatchObject({ ok: false, fault: { param: "at", message } });
  });

  test.each(["2026-01-31T10:00Z", " 2026-01-31T11:00:00+01:00 "])("%p is", (at) => {
    expect(parseSchedule({ at }, NOW)).toMatchObject({ ok: true, value: { startsAt: NOW + HOUR } });
  });

  test("more than 30 days from now is none", () => {
    expect(parseSchedule({ at: "2026-03-03T09:00:01Z" }, NOW)).toMatchObject({ ok: false });
  });
});
