/** The page on resilience settings says what the schema says. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { compilePolicy } from "./compile/compile.ts";
import { policySchema } from "./document/document.ts";
import { probes } from "./document/resilience.ts";
import { circuit, retry, timeouts } from "./document/settings.ts";
import { FAKE_PORTS } from "./fake-policy.ts";
import { parsePolicy } from "./reading/load.ts";

const page = readFileSync(new URL("../../docs/resilience-settings.md", import.meta.url), "utf8");
const [base = "", ...parts] = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");

test.each([["the first block", ""], ...parts.map((part) => [part.split("\n")[0] ?? "", part] as const)])(
  "%s is a policy without findings",
  (_name, part) => {
    const parsed = parsePolicy([base, part].map((text, i) => ({ file: `block-${i}`, text })));
    expect(parsed.findings).toEqual([]);
    if (parsed.document === null) throw new Error("it has no document");
    expect(compilePolicy(parsed.document, parsed.locate, FAKE_PORTS).findings).toEqual([]);
  },
);

/** The second cell of a setting's row. */
function told(setting: string): string {
  const row = page.split("\n").find((line) => line.startsWith(`| \`${setting}\` |`));
  return row?.split("|")[2]?.trim().replaceAll("`", "") ?? `${setting} is not there`;
}

test.each([
  ["circuit", circuit.parse({})],
  ["retry", retry.parse({})],
  ["probes", { ...probes.parse({}), deployments: "none" }],
] as const)("every setting of %s has its default", (section, defaults) => {
  for (const [name, value] of Object.entries(defaults))
    expect(told(`${section}.${name}`)).toBe(String(value));
});

test("every timeout has its three defaults", () => {
  const { interactive, standard, batch } = timeouts.parse({});
  for (const name of ["connect", "first_token", "idle", "total"] as const) {
    const row = page.split("\n").find((line) => line.startsWith(`| \`${name}\` |`)) ?? "";
    const cells = row.split("|").map((cell) => cell.trim());
    expect(cells.slice(2, 5)).toEqual([interactive[name], standard[name], batch[name]]);
  }
});

test("every setting of a use case has its default", () => {
  const document = policySchema.parse({
    version: 1,
    name: "x",
    providers: {},
    models: {},
    deployments: {},
    use_cases: { chat: { ladder: { primary: "x" }, hedge: {}, exercise: {} } },
  });
  const chat = document.use_cases.chat;
  for (const [setting, value] of [
    ["max_attempts", chat?.max_attempts],
    ["format_retries", chat?.format_retries],
    ["stream_recovery", chat?.stream_recovery],
    ["hedge.after", chat?.hedge?.after],
    ["hedge.max_share", chat?.hedge?.max_share],
    ["exercise.share", chat?.exercise?.share],
  ] as const) {
    expect(told(setting)).toBe(String(value));
  }
});
