import { describe, expect, test } from "bun:test";
import { BASE_POLICY, compileTexts } from "../fake-policy.ts";

const withRollouts = (text: string) => `${BASE_POLICY}${text}`;

const LINES_BEFORE = BASE_POLICY.split("\n").length - 1;

describe("findings", () => {
  const cases: readonly (readonly [
    what: string,
    rollouts: string,
    code: string,
    line: number,
    part: string,
  ])[] = [
    [
      "weights that do not sum to 100",
      "  - name: r\n    canary:\n      arms:\n        a: { weight: 50 }\n        b: { weight: 45, model: small }\n",
      "weights_off",
      4,
      'sum to 95, not 100. Give "a" 55',
    ],
    [
      "one arm",
      "  - name: r\n    canary:\n      arms: { a: { weight: 100 } }\n",
      "too_few_arms",
      4,
      "fewer than two",
    ],
    [
      "a model that is none",
      "  - { name: r, canary: { candidate: smal, weight: 5 } }\n",
      "unknown_model",
      2,
      '"small"',
    ],
    [
      "a use case that is none",
      "  - { name: r, use_case: chatt, blue_green: { green: small } }\n",
      "unknown_use_case",
      2,
      '"chat"',
    ],
    [
      "two kinds",
      "  - { name: r, blue_green: { green: small }, shadow: { candidate: small, share: 1 } }\n",
      "invalid_value",
      2,
      "exactly one of canary, blue_green and shadow",
    ],
    [
      "no weight",
      "  - { name: r, canary: { candidate: small } }\n",
      "invalid_value",
      2,
      "must have a weight or steps",
    ],
    [
      "a weight beside arms",
      "  - { name: r, canary: { weight: 5, arms: { a: { weight: 100 } } } }\n",
      "invalid_value",
      2,
      "cannot have stable, weight or steps beside arms",
    ],
    [
      "more than everything",
      "  - { name: r, canary: { candidate: small, weight: 101 } }\n",
      "invalid_value",
      2,
      "weight",
    ],
    [
      "a percentage that is none",
      '  - { name: r, shadow: { candidate: small, share: "10 percent" } }\n',
      "invalid_value",
      2,
      "must be a percentage",
    ],
    [
      "steps that fall",
      "  - { name: r, canary: { candidate: small, steps: [5, 50, 25] } }\n",
      "steps_not_rising",
      2,
      "25 follows 50",
    ],
    [
      "a model and a ladder",
      "  - { name: r, canary: { candidate: { model: small, ladder: { primary: small } }, weight: 5 } }\n",
      "invalid_value",
      2,
      "not both",
    ],
    [
      "the same name twice",
      "  - { name: r, canary: { candidate: small, weight: 5 }, when: request.stream }\n  - { name: r, blue_green: { green: small } }\n",
      "duplicate_rollout",
      3,
      '"r"',
    ],
    [
      "one that an earlier one hides",
      "  - { name: a, canary: { candidate: small, weight: 5 } }\n  - { name: b, blue_green: { green: small } }\n",
      "unreachable_rollout",
      3,
      'takes in nobody: "a"',
    ],
    ["arms that are the same", "  - { name: r, blue_green: { green: {} } }\n", "same_arms", 2, "the same as"],
    [
      "a shadow without a limit",
      "  - { name: s, shadow: { candidate: small, share: 1 } }\n",
      "uncapped_shadow",
      2,
      "max_cost_usd_per_hour",
    ],
    [
      "a flag that is none",
      "  - { name: r, when: flags.fast, canary: { candidate: small, weight: 5 } }\n",
      "invalid_condition",
      2,
      "Add the flag under flags",
    ],
  ];

  test.each(cases)("%s", (_what, rollouts, code, line, part) => {
    const { findings } = compileTexts(withRollouts(`rollouts:\n${rollouts}`));
    const found = findings.find((finding) => finding.code === code);
    expect(findings.map((finding) => finding.code)).toContain(code);
    // Counted from the line `rollouts:`, which is 1.
    expect((found?.line ?? 0) - LINES_BEFORE).toBe(line);
    expect(`${found?.message} ${found?.fix}`).toContain(part);
  });

  test("a limit that cannot be kept, because the model has no price", () => {
    const unpriced = withRollouts(
      "rollouts:\n  - { name: s, shadow: { candidate: small, share: 1, max_cost_usd_per_hour: 1 } }\n",
    ).replace(", prices: { input: 1, output: 2 }", "");
    const { findings } = compileTexts(unpriced);
    expect(findings.find(({ code }) => code === "unpriced_shadow")?.message).toContain('"small"');
  });

  test("an arm outside the use case's residency", () => {
    const { findings } = compileTexts(
      withRollouts("rollouts:\n  - { name: r, canary: { candidate: small, weight: 5 } }\n").replace(
        "  chat:\n",
        "  chat:\n    residency: [us-east-*, eu-*]\n",
      ),
    );
    const found = findings.find(({ code }) => code === "residency_excludes_all");
    expect(found?.path).toBe("rollouts[0].canary.candidate");
  });
});
