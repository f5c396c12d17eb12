import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { ROLES } from "../core/caller.ts";
import { compilePolicy } from "./compile/compile.ts";
import { BASE_POLICY, FAKE_PORTS } from "./fake-policy.ts";
import { parsePolicy } from "./reading/load.ts";

const page = readFileSync(new URL("../../docs/keys.md", import.meta.url), "utf8");

test("the page's keys are valid beside a policy that has their use case", () => {
  const keys = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  const text = BASE_POLICY.replace("  chat:", "  support-chat:") + keys;
  const parsed = parsePolicy([{ file: "page", text }]);
  if (parsed.document === null) throw new Error(JSON.stringify(parsed.findings));
  expect(parsed.document.keys?.map(({ id }) => id)).toEqual(["web-shop", "on-call"]);
  const ports = { ...FAKE_PORTS, keyHash: (name: string) => createHash("sha256").update(name).digest("hex") };
  expect(compilePolicy(parsed.document, parsed.locate, ports).findings).toEqual([]);
});

test("the digest that it shows is that of the key that it shows", () => {
  const [, shown] = /printf %s (\S+) \| sha256sum\n {2}- id/.exec(page) ?? [];
  expect(shown).toBeDefined();
  expect(page).toContain(createHash("sha256").update(String(shown)).digest("hex"));
});

test("every role has its line, in rising order", () => {
  const named = [...page.matchAll(/^\| `(caller|viewer|operator|admin)` \|/gm)].map(([, role]) => role);
  expect(named).toEqual([...ROLES]);
});
