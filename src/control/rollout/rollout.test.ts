import { describe, expect, test } from "bun:test";
import type { Result } from "../../core/faults.ts";
import { BASE_POLICY, compileTexts } from "../../policy/fake-policy.ts";
import type { PartChange } from "../policy/edit/open-part.ts";
import { abortRollout } from "./abort.ts";
import { promoteRollout } from "./promote.ts";
import { setWeight } from "./set-weight.ts";

const sourcesOf = (...texts: readonly string[]) => texts.map((text, i) => ({ file: `p${i}.yaml`, text }));
const policy = (rollouts: string) => `${BASE_POLICY}# Who gets what.\nrollouts:\n${rollouts}`;

const CANARY = policy("  - name: r # ours\n    canary: { candidate: small, weight: 5 } # five at first\n");
const STEPS = policy(
  "  - name: r\n    canary:\n      # Slowly.\n      candidate: small\n      steps: [5, 25, 50]\n",
);
const ARMS = policy(
  '  - name: r\n    canary:\n      arms:\n        control: { weight: 50 }\n        b: { weight: 30%, model: small }\n        c: { weight: "20%", parameters: { temperature: 1 } }\n',
);
const PAIR = policy("  - { name: r, blue_green: { green: small, live: blue } }\n");
const SHADOW = policy(
  "  - { name: r, shadow: { candidate: small, share: 10%, max_cost_usd_per_hour: 1 } }\n",
);

const promote = (text: string, more: { arm?: string; full?: boolean } = {}) =>
  promoteRollout(sourcesOf(text), { rollout: "r", arm: more.arm ?? null, full: more.full ?? false });
const set = (text: string, weight: number, arm: string | null = null) =>
  setWeight(sourcesOf(text), { rollout: "r", weight, arm });
const abort = (text: string) => abortRollout(sourcesOf(text), "r");

/** The change, whose text must be valid and differ from the one before in the marked places alone. */
function changed(result: Result<PartChange>): PartChange {
  if (!result.ok) throw new Error(result.fault.message);
  const { findings } = compileTexts(result.value.after);
  expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  return result.value;
}

/** Lines that are not in both texts. */
function differences({ before, after }: PartChange): readonly string[] {
  const old = new Set(before.split("\n"));
  return after.split("\n").filter((line) => !old.has(line));
}

describe("set", () => {
  test("replaces the weight and leaves every comment", () => {
    const change = changed(set(CANARY, 25));
    expect(differences(change)).toEqual(["    canary: { candidate: small, weight: 25 } # five at first"]);
    expect(change.changes).toEqual(["rollouts[0].canary.weight: 5 → 25"]);
    expect(change.file).toBe("p0.yaml");
  });

  test("writes a weight where there were steps alone", () => {
    const change = changed(set(STEPS, 7));
    expect(change.after).toContain("    canary:\n      # Slowly.\n      weight: 7\n      candidate: small\n");
    expect(change.changes).toEqual(["rollouts[0].canary.weight: not written → 7"]);
  });

  test("of the stable arm is the rest of the candidate", () => {
    expect(differences(changed(set(CANARY, 60, "stable")))[0]).toContain("weight: 40");
  });

  test("among several arms the others keep their proportions, and each its way of writing", () => {
    const change = changed(set(ARMS, 80, "control"));
    expect(differences(change)).toEqual([
      "        control: { weight: 80 }",
      "        b: { weight: 12%, model: small }",
      '        c: { weight: "8%", parameters: { temperature: 1 } }',
    ]);
  });

  test("arms that cannot be parted evenly sum to 100 all the same", () => {
    const thirds = ARMS.replace("weight: 50", "weight: 33.3").replace("30%", "33.3").replace('"20%"', "33.4");
    const { after } = changed(set(thirds, 1 / 3, "control"));
    const weights = [...after.matchAll(/weight: ([\d.]+)/g)].map(([, weight]) => Number(weight));
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(100, 6);
  });

  test("of a shadow is its share", () => {
    expect(differences(changed(set(SHADOW, 50)))[0]).toContain("share: 50%");
  });

  test("the same weight again changes nothing", () => {
    const change = changed(set(CANARY, 5));
    expect(change.after).toBe(change.before);
    expect(change.changes).toEqual([]);
  });

  test.each([
    ["a blue-green rollout", PAIR, null, "no weights"],
    ["an arm that is none", CANARY, "candidat", '"candidate"'],
    ["several arms and none named", ARMS, null, "control, b, c"],
  ])("is refused for %s", (_what, text, arm, part) => {
    const result = set(text, 10, arm);
    expect(result).toMatchObject({ ok: false, fault: { kind: "invalid" } });
    expect(result.ok ? "" : result.fault.message).toContain(part);
  });
});

describe("promote", () => {
  test("goes to 100 at once where there are no steps", () => {
    expect(differences(changed(promote(CANARY)))[0]).toContain("weight: 100");
  });

  test("goes step by step, then to 100", () => {
    let text = STEPS;
    const seen: string[] = [];
    for (let i = 0; i < 4; i++) {
      const { after, changes } = changed(promote(text));
      seen.push(...changes);
      text = after;
    }
    expect(seen.map((change) => change.replace("rollouts[0].canary.weight: ", ""))).toEqual([
      "not written → 25",
      "25 → 50",
      "50 → 100",
    ]);
  });

  test("--full skips the steps, and an arm by name gets everything", () => {
    expect(changed(promote(STEPS, { full: true })).changes).toEqual([
      "rollouts[0].canary.weight: not written → 100",
    ]);
    const { after } = changed(promote(ARMS, { arm: "b" }));
    expect([...after.matchAll(/weight: "?([\d.]+)/g)].map(([, weight]) => weight)).toEqual(["0", "100", "0"]);
  });

  test("makes green live, once", () => {
    const { after, changes } = changed(promote(PAIR));
    expect(changes).toEqual(["rollouts[0].blue_green.live: blue → green"]);
    expect(changed(promote(after)).changes).toEqual([]);
  });

  test("writes the word where it was left out", () => {
    const { after } = changed(promote(PAIR.replace(", live: blue", "")));
    expect(after).toContain("blue_green: { live: green, green: small }");
  });

  test("has nothing to promote in a shadow", () => {
    expect(promote(SHADOW)).toMatchObject({ ok: false, fault: { code: "nothing_to_promote" } });
  });
});

describe("abort", () => {
  test.each([
    ["a canary", CANARY, "weight: 0 }"],
    ["one with steps alone", STEPS, "weight: 0"],
    ["several arms: the first gets everything", ARMS, "control: { weight: 100 }"],
    ["blue-green", PAIR.replace("live: blue", "live: green"), "live: blue"],
    ["a shadow", SHADOW, "share: 0%"],
  ])("%s", (_what, text, part) => {
    expect(differences(changed(abort(text))).join("\n")).toContain(part);
  });
});

describe("which text is changed", () => {
  test("the last that has rollouts: its list replaces the others", () => {
    const overlay = "rollouts:\n  - { name: r, canary: { candidate: small, weight: 1 } }\n";
    const result = setWeight(sourcesOf(CANARY, overlay, "name: other\n"), {
      rollout: "r",
      weight: 2,
      arm: null,
    });
    expect(result).toMatchObject({ ok: true, value: { file: "p1.yaml" } });
    expect(result.ok && result.value.after).toContain("weight: 2");
  });

  test.each([
    ["a rollout that is none", { rollout: "s", weight: 1, arm: null }, CANARY, "not_found", '"r"'],
    [
      "a policy that is not valid",
      { rollout: "r", weight: 1, arm: null },
      CANARY.replace("version: 1", "version: 2"),
      "invalid",
      "validate",
    ],
    [
      "a weight that others refer to",
      { rollout: "r", weight: 1, arm: null },
      policy(
        "  - { name: r, canary: { candidate: small, weight: &w 5 } }\n  - { name: s, use_case: chat, when: request.stream, canary: { candidate: small, weight: *w } }\n",
      ),
      "invalid",
      "by hand: rollouts[0].canary.weight: 5 → 1",
    ],
    [
      "a canary behind an alias",
      { rollout: "r", weight: 1, arm: null },
      `x-canary: &c { candidate: small, weight: 5 }\n${policy("  - { name: r, canary: *c }\n")}`,
      "invalid",
      "by hand",
    ],
  ])("is refused for %s", (_what, wish, text, kind, part) => {
    const result = setWeight(sourcesOf(text), wish);
    if (result.ok) throw new Error("It was changed.");
    expect(result.fault.kind).toBe(kind as never);
    expect(result.fault.message).toContain(part);
  });
});
