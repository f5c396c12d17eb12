/** Which of several texts a new one takes the place of. */
import { describe, expect, test } from "bun:test";
import { placeText } from "./place-text.ts";

const named = (...files: readonly string[]) => files.map((file) => ({ file, text: file }));
const given = (file: string, environment: string | null = null) => ({ file, text: "new", environment });

/** The names, and `=` after the one that is new. */
function told(files: readonly string[], file: string, environment: string | null, own: string | null) {
  const placed = placeText(named(...files), given(file, environment), own);
  if ("result" in placed) return placed.files.map((name) => `${name}?`).join(" ");
  return placed.sources.map(({ file: name, text }) => (text === "new" ? `${name}=` : name)).join(" ");
}

describe("a base", () => {
  const folder = ["p/policy.yaml", "p/a.policy.yaml", "p/a.policy.prod.yaml"];
  test.each([
    ["nothing else", ["policy.yaml"], "new.yaml", null, "policy.yaml="],
    ["its overlay", ["policy.yaml", "policy.prod.yaml"], "new.yaml", "prod", "policy.yaml= policy.prod.yaml"],
    [
      "a folder's, by name",
      folder,
      "x/a.policy.yaml",
      "prod",
      "p/policy.yaml p/a.policy.yaml= p/a.policy.prod.yaml",
    ],
    ["a folder's, by no name", folder, "new.yaml", "prod", "p/policy.yaml? p/a.policy.yaml?"],
    [
      "one at a URL",
      ["https://h/p.yaml", "https://h/p.prod.yaml"],
      "n.yaml",
      "prod",
      "https://h/p.yaml= https://h/p.prod.yaml",
    ],
    ["a parameter", ["ssm:/a/p", "ssm:/a/p.prod"], "n.yaml", "prod", "ssm:/a/p= ssm:/a/p.prod"],
    ["one under a path", ["ssm:/a/p", "ssm:/a/prod/q"], "n.yaml", "prod", "ssm:/a/p= ssm:/a/prod/q"],
    ["of several under a path", ["ssm:/prod/p", "ssm:/prod/q"], "q", "prod", "ssm:/prod/p ssm:/prod/q="],
    [
      "a profile",
      ["appconfig:a/e/p", "appconfig:a/e/p.prod"],
      "n.yaml",
      "prod",
      "appconfig:a/e/p= appconfig:a/e/p.prod",
    ],
  ])("where there is %s", (_what, files, file, own, expected) => {
    expect(told(files, file, null, own)).toBe(expected);
  });
});

describe("an overlay", () => {
  const folder = ["p/policy.yaml", "p/a.policy.yaml"];
  test.each([
    ["none yet", ["policy.yaml"], "new.yaml", "policy.yaml policy.prod.yaml="],
    ["one", ["policy.yaml", "policy.prod.yaml"], "new.yaml", "policy.yaml policy.prod.yaml="],
    [
      "a folder's, before a later one's",
      [...folder, "p/a.policy.prod.yaml"],
      "policy.prod.yaml",
      "p/policy.yaml p/a.policy.yaml p/policy.prod.yaml= p/a.policy.prod.yaml",
    ],
    [
      "a folder's, by name",
      [...folder, "p/policy.prod.yaml"],
      "a.policy.prod.yaml",
      "p/policy.yaml p/a.policy.yaml p/policy.prod.yaml p/a.policy.prod.yaml=",
    ],
    ["a folder's, by no name", folder, "new.yaml", "p/policy.prod.yaml? p/a.policy.prod.yaml?"],
    ["one under a path", ["ssm:/a/p", "ssm:/a/prod/q"], "n.yaml", "ssm:/a/p ssm:/a/prod/q="],
  ])("where there is %s", (_what, files, file, expected) => {
    expect(told(files, file, "prod", "prod")).toBe(expected);
  });
});
