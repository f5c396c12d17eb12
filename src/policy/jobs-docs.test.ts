import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { JOB_ENDPOINTS, JOB_STATUSES } from "../core/jobs.ts";
import { Secret } from "../core/secret.ts";
import { compilePolicy } from "./compile/compile.ts";
import { FAKE_PORTS } from "./fake-policy.ts";
import { parsePolicy } from "./reading/load.ts";

const page = readFileSync(new URL("../../docs/jobs.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
const PORTS = { ...FAKE_PORTS, credential: () => ({ type: "bearer", secret: new Secret("s") }) as const };

test.each(blocks)("the page's policy has no findings", (text) => {
  const parsed = parsePolicy([{ file: "page", text }]);
  expect(parsed.findings).toEqual([]);
  if (parsed.document === null) throw new Error("it has no document");
  expect(compilePolicy(parsed.document, parsed.locate, PORTS).findings).toEqual([]);
});

test("the page has every status, and every endpoint", () => {
  expect(blocks).toHaveLength(1);
  for (const status of JOB_STATUSES) expect(page).toContain(status);
  for (const endpoint of JOB_ENDPOINTS) expect(page).toContain(`\`${endpoint}\``);
});
