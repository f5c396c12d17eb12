import { describe, expect, test } from "bun:test";
import { parseDuration } from "./duration.ts";

describe("parseDuration", () => {
  test.each([
    ["0", 0],
    ["0s", 0],
    ["250ms", 250],
    ["20s", 20_000],
    ["2m", 120_000],
    ["1.5h", 5_400_000],
    ["1d", 86_400_000],
    ["1m30s", 90_000],
    [" 5s ", 5_000],
  ])("%p is %p ms", (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  test.each(["", "5", "-1s", "1 s", "s", "1e3s", "1.s", "1s2", "1w", `${"9".repeat(30)}d`, "NaNs"])(
    "%p is no duration",
    (text) => {
      expect(parseDuration(text)).toBeNull();
    },
  );
});
