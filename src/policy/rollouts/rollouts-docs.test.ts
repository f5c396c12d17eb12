import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { STICKINESS } from "../../core/rollouts.ts";
import { compilePolicy } from "../compile/compile.ts";
import { FAKE_PORTS } from "../fake-policy.ts";
import { parsePolicy } from "../reading/load.ts";

const page = readFileSync(new URL("../../../docs/rollouts.md", import.meta.url), "utf8");
const [base = "", ...parts] = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");

test.each([["the first block", ""], ...parts.map((part) => [part.split("\n")[1] ?? "", part] as const)])(
  "%s is a policy without findings",
  (_name, part) => {
    const sources = [base, part].map((text, i) => ({ file: `block-${i}`, text }));
    const parsed = parsePolicy(sources);
    expect(parsed.findings).toEqual([]);
    if (parsed.document === null) throw new Error("it has no document");
    expect(compilePolicy(parsed.document, parsed.locate, FAKE_PORTS).findings).toEqual([]);
  },
);

test("the table has every word of sticky", () => {
  for (const word of STICKINESS) expect(page).toContain(`| \`${word}\` |`);
});
