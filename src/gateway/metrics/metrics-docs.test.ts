import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { FAULTS } from "../../core/faults.ts";
import { createGatewayMetrics, type MetricSources } from "./gateway-metrics.ts";
import type { MetricFamily } from "./registry.ts";

const page = readFileSync(new URL("../../../docs/metrics.md", import.meta.url), "utf8");
// What gauges read is asked for when they are rendered, and these are not.
const { families } = createGatewayMetrics({} as MetricSources);

function rowOf({ name, type, labels, help }: MetricFamily): string {
  const named = labels.map((label) => `\`${label}\``).join(", ");
  return `| \`${name}\` | ${type} | ${named === "" ? "none" : named} | ${help} |`;
}

test("the page has every metric with its labels, in the order of /metrics, and no other", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  expect(rows).toEqual(families.map(rowOf));
});

test("what the page says to watch exists", () => {
  const names = new Set(families.map(({ name }) => name));
  const used = [...page.matchAll(/\bpointsman_[a-z_]+/g)].map(([name]) =>
    name.replace(/_(bucket|sum|count)$/, ""),
  );
  expect(used.filter((name) => !names.has(name))).toEqual([]);
});

test("it names everybody who may be blamed", () => {
  for (const { blame } of Object.values(FAULTS)) expect(page).toContain(`\`${blame}\``);
});
