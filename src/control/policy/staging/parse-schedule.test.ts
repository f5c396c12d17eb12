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

  test("everything at once is what was asked for without steps", () => {
    expect(parseSchedule({ at: "2020-01-01T00:00:00Z" }, NOW)).toMatchObject({ ok: true });
    expect(parseSchedule({ at: "2020-01-01T00:00:00Z", linear: "100%" }, NOW)).toMatchObject({ ok: true });
  });
});
