import { describe, expect, test } from "bun:test";
import { BASE_POLICY, compileTexts } from "../fake-policy.ts";

describe("nulls of an overlay", () => {
  test("a null that deletes nothing is a warning with what there is", () => {
    const overlay =
      "use_cases:\n  chat:\n    max_output_tokns: null\n    ladder: { cross_region: null }\n  chta: null\n" +
      "models: { tiny: { context_window: 9, role: null } }\nx-mine: null\n";
    const { snapshot, findings } = compileTexts(BASE_POLICY, overlay);
    expect(snapshot).not.toBeNull();
    const nulls = findings.filter(({ code }) => code === "null_of_nothing");
    expect(nulls.map(({ severity, file, line, column }) => [severity, file, line, column])).toEqual([
      ["warning", "overlay-1.yaml", 3, 5],
      ["warning", "overlay-1.yaml", 4, 15],
      ["warning", "overlay-1.yaml", 5, 3],
      ["warning", "overlay-1.yaml", 6, 38],
    ]);
    expect(nulls.map(({ fix }) => fix)).toEqual([
      'Did you mean "max_output_tokens"?',
      "Use one of: primary, fallback, degraded.",
      'Did you mean "chat"?',
      "Remove the line.",
    ]);
    expect(nulls[0]?.message).toContain('no "max_output_tokns" in use_cases.chat');
  });

  test("deleting twice is told of the second overlay, and a thousand nulls are told of a hundred times", () => {
    const once = "use_cases: { chat: { max_output_tokens: null } }\n";
    const { findings } = compileTexts(BASE_POLICY, once, once);
    expect(findings.map(({ code, file }) => `${file} ${code}`)).toContain("overlay-2.yaml null_of_nothing");
    const many = Array.from({ length: 1000 }, (_, i) => `  m${i}: null\n`).join("");
    const told = compileTexts(BASE_POLICY, `models:\n${many}`).findings;
    expect(told.filter(({ code }) => code === "null_of_nothing")).toHaveLength(100);
  });

  test("a name that looks like a secret is not repeated", () => {
    const secret = `sk-${"a1".repeat(12)}`;
    const { findings } = compileTexts(
      BASE_POLICY,
      `models: { ${secret}: null, m: { ${secret}: { x: null } } }\n`,
    );
    expect(JSON.stringify(findings)).not.toContain(secret);
  });
});
