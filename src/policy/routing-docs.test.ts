import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { compilePolicy } from "./compile/compile.ts";
import { CALLER_FIELDS, FIELD_VALUES, REQUEST_FIELDS, SIGNAL_FIELDS } from "./conditions/rule-facts.ts";
import { matchTable } from "./document/match.ts";
import { LANGUAGES } from "./estimates/language.ts";
import { FAKE_PORTS } from "./fake-policy.ts";
import { parsePolicy, testPolicy } from "./reading/load.ts";

const page = readFileSync(new URL("../../docs/routing.md", import.meta.url), "utf8");
const [base = "", ...parts] = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");

test.each([["the first block", ""], ...parts.map((part) => [part.split("\n")[1] ?? "", part] as const)])(
  "%s is a policy without findings, and its tests pass",
  (_name, part) => {
    const sources = [base, part].map((text, i) => ({ file: `block-${i}`, text }));
    const parsed = parsePolicy(sources);
    expect(parsed.findings).toEqual([]);
    if (parsed.document === null) throw new Error("it has no document");
    const { snapshot, findings } = compilePolicy(parsed.document, parsed.locate, FAKE_PORTS);
    expect(findings).toEqual([]);
    if (snapshot === null) throw new Error("it has no snapshot");
    const tested = testPolicy({ document: parsed.document, snapshot }, sources);
    expect(tested.findings).toEqual([]);
    expect(tested.total).toBe(part.match(/^ {2}- name: .*\n {4}request:/gm)?.length ?? 0);
  },
);

test("the table has every field, and every value of those that have few", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  for (const [owner, fields] of Object.entries({
    request: REQUEST_FIELDS,
    caller: CALLER_FIELDS,
    signals: SIGNAL_FIELDS,
  })) {
    for (const field of Object.keys(fields)) {
      const row = rows.find((line) => line.startsWith(`| \`${owner}.${field}\` |`));
      expect(row, `${owner}.${field}`).toBeDefined();
      if (field === "language") continue;
      for (const value of FIELD_VALUES[`${owner}.${field}`] ?? []) expect(row).toContain(`\`${value}\``);
    }
  }
});

test("the table of match entries has every entry", () => {
  const entries = page.slice(page.indexOf("| entry |"), page.indexOf("A range is"));
  for (const name of Object.keys(matchTable.shape)) expect(entries).toContain(`\`${name}\``);
});

test("the list of languages has every language", () => {
  const listed = /It knows ([\s\S]*?)\. A word/.exec(page)?.[1]?.split(/,\s+|\s+and\s+/) ?? [];
  expect(listed.toSorted()).toEqual([...LANGUAGES].toSorted());
});
