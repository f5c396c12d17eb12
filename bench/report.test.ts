import { describe, expect, test } from "bun:test";
import { type FigureName, noFigures } from "./figures.ts";
import { lastLine, table } from "./report.ts";

function measured() {
  const figures = noFigures();
  figures.cpu_us = { pointsman: 33.333, bare_proxy: 22.2222, nginx: 9, portkey: null };
  figures.added_ms = { p50: 0.1234, p99: 1.0004 };
  figures.rss_ratio = 1.2;
  return figures;
}

describe("lastLine", () => {
  test("has every field, with null for what was not measured", () => {
    expect(JSON.parse(lastLine(noFigures()))).toEqual({
      cpu_us: { pointsman: null, bare_proxy: null, nginx: null, portkey: null },
      added_ms: { p50: null, p99: null },
      streams_2000_ratio: null,
      cpu_us_per_chunk: null,
      rss_ratio: null,
      start_ms: null,
    });
  });

  test("rounds", () => {
    expect(JSON.parse(lastLine(measured())).cpu_us.bare_proxy).toBe(22.2);
    expect(JSON.parse(lastLine(measured())).added_ms.p50).toBe(0.123);
  });
});

describe("table", () => {
  const row = (start: string, doubtful = new Set<FigureName>()) =>
    table(measured(), doubtful)
      .split("\n")
      .find((line) => line.startsWith(start)) ?? "";

  test.each([
    ["  Pointsman / bare proxy", "PASS"],
    ["Added latency at 1,000/s, p99", "MISS"],
    ["RSS late / early", "PASS"],
  ])("%s: %s", (start, verdict) => {
    expect(row(start)).toEndWith(verdict);
  });

  test.each(["  Pointsman / Portkey", "Start to first answer"])(
    "%s was not measured: no verdict",
    (start) => {
      expect(row(start)).toContain(" - ");
      expect(row(start)).not.toMatch(/PASS|MISS/);
    },
  );

  test("a doubtful figure neither passes nor misses", () => {
    expect(row("Added latency at 1,000/s, p99", new Set(["latency"]))).toEndWith("UNSURE");
  });
});
