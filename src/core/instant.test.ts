import { expect, test } from "bun:test";
import { parseInstant } from "./instant.ts";

const NOW = Date.UTC(2026, 2, 1, 12);

test.each([
  ["2026-03-01T12:00:00Z", NOW],
  ["2026-03-01T13:00+01:00", NOW],
  ["2026-03-01", Date.UTC(2026, 2, 1)],
  ["24h", NOW - 86_400_000],
  [" 1h30m ", NOW - 5_400_000],
  ["0", NOW],
])("%p is a moment", (text, ms) => {
  expect(parseInstant(text, NOW)).toBe(ms);
});

test.each([
  "",
  "yesterday",
  "2026-03-01T12:00:00",
  "2026-13-01",
  "2026-02-30",
  "2026-02-30T12:00:00Z",
  "-1h",
  "12",
  "2026-3-1",
  "NaN",
])("%p is none", (text) => {
  expect(parseInstant(text, NOW)).toBeNull();
});
