import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { Secret } from "../core/secret.ts";
import { compilePolicy } from "./compile/compile.ts";
import { degradedMode, overflowMeasure, variablesOf } from "./document/degraded.ts";
import { FAKE_PORTS } from "./fake-policy.ts";
import { parsePolicy } from "./reading/load.ts";

const page = readFileSync(new URL("../../docs/degraded.md", import.meta.url), "utf8");
const [base = "", ...parts] = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
const PORTS = { ...FAKE_PORTS, credential: () => ({ type: "bearer", secret: new Secret("s") }) as const };

test.each(["", ...parts])("the page's policies have no findings: %j", (part) => {
  const parsed = parsePolicy([base, part].map((text, i) => ({ file: `block-${i}`, text })));
  expect(parsed.findings).toEqual([]);
  if (parsed.document === null) throw new Error("it has no document");
  expect(compilePolicy(parsed.document, parsed.locate, PORTS).findings).toEqual([]);
});

test("the page has every mode, every measure and every variable", () => {
  for (const mode of Object.keys(degradedMode.shape)) expect(page).toContain(`| \`${mode}\` |`);
  for (const measure of overflowMeasure.options[0].options) expect(page).toContain(`| \`${measure}\` |`);
  for (const variable of variablesOf("human")) expect(page).toContain(`\`{{${variable}}}\``);
});
