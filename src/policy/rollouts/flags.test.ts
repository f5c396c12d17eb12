import { describe, expect, test } from "bun:test";
import type { FlagDetails, FlagSource } from "../../core/flags.ts";
import { explainRoute } from "../explain/explain.ts";
import {
  BASE_POLICY,
  compileTexts,
  FAKE_CALLER,
  FAKE_REQUEST,
  routeInput,
  snapshotOf,
} from "../fake-policy.ts";
import { draftRoute, type RouteInput } from "../routing/plan.ts";

const FLAGS = `flags:
  fast:
    rules: [{ match: { tier: free }, variant: on }]
    rollout: { percent: 20, sticky: user }
  model:
    variants: { old: large, new: small }
    default: old
    rules:
      - { when: 'request.stream', variant: new }
  limit: { variants: { low: 1, high: 2.5 }, default: low }
routes:
  - { name: fast, when: flags.fast, ladder: { primary: small } }
  - { name: chosen, when: 'flags.model == "small" && flags.limit < 2', ladder: { primary: small } }
`;
const POLICY = BASE_POLICY + FLAGS;

const ruleFor = (change: Partial<RouteInput>) => draftRoute(routeInput(snapshotOf(POLICY), change)).rule;

/** A source that answers as `values` say, and counts who asks. */
function source(values: Readonly<Record<string, FlagDetails>>): FlagSource & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    lookUp(flag) {
      asked.push(flag);
      return values[flag] ?? null;
    },
  };
}

describe("a flag in a condition", () => {
  test("is what its first matching rule says", () => {
    expect(ruleFor({ caller: { ...FAKE_CALLER, tier: "free" } })).toBe("fast");
  });

  test("text and numbers compare as such", () => {
    const quiet = { ...FAKE_REQUEST, stream: true, user: userOutsideRollout() };
    expect(ruleFor({ request: quiet })).toBe("chosen");
    expect(ruleFor({ request: { ...quiet, stream: false } })).toBe("default");
  });

  test("a rollout takes its share of users, always the same ones, and more when it is raised", () => {
    const usersAt = (percent: number) => {
      const snapshot = snapshotOf(POLICY.replace("percent: 20", `percent: ${percent}`));
      return Array.from({ length: 2000 }, (_, i) => `u${i}`).filter(
        (user) => draftRoute(routeInput(snapshot, { request: { ...FAKE_REQUEST, user } })).rule === "fast",
      );
    };
    const before = usersAt(20);
    // Binomial(2000, 1/5): five standard deviations are 89.
    expect(Math.abs(before.length - 400)).toBeLessThan(90);
    expect(usersAt(20)).toEqual(before);
    expect(usersAt(40)).toEqual(expect.arrayContaining(before));
  });

  test("is read once a request, and not at all where no condition needs it", () => {
    const remote = source({ fast: { value: true, variant: "on", reason: "CACHED" } });
    expect(ruleFor({ flags: remote })).toBe("fast");
    expect(remote.asked).toEqual(["fast"]);
  });

  function userOutsideRollout(): string {
    const snapshot = snapshotOf(POLICY);
    for (let i = 0; ; i++) {
      const request = { ...FAKE_REQUEST, user: `u${i}` };
      if (draftRoute(routeInput(snapshot, { request })).rule === "default") return `u${i}`;
    }
  }
});

describe("a flag that another system decides", () => {
  test("goes before the policy", () => {
    const remote = source({ fast: { value: true, variant: null, reason: "CACHED" } });
    const { flags } = explainRoute(routeInput(snapshotOf(POLICY), { flags: remote }));
    expect(flags[0]).toEqual({ flag: "fast", value: true, variant: null, reason: "CACHED" });
    expect(flags[1]).toMatchObject({ flag: "model", value: "large", reason: "DEFAULT" });
  });

  test("with a value that the policy does not know is the policy's to decide", () => {
    const remote = source({ model: { value: "gigantic", variant: "x", reason: "CACHED" } });
    const { flags } = explainRoute(routeInput(snapshotOf(POLICY), { flags: remote }));
    expect(flags[1]).toMatchObject({ flag: "model", value: "large" });
  });
});

describe("findings", () => {
  const flag = (text: string) => `flags:\n  f: ${text}\n`;
  const route = (when: string) => `routes:\n  - { name: r, when: '${when}', ladder: { primary: small } }\n`;
  test.each([
    ["a variant that is none", flag("{ default: offf }"), "unknown_variant", '"off"'],
    [
      "variants of different kinds",
      flag("{ variants: { on: true, off: 0 } }"),
      "mixed_variants",
      "different kinds",
    ],
    ["a rule without a condition", flag("{ rules: [{ variant: on }] }"), "invalid_value", "match or when"],
    [
      "a name that conditions cannot read",
      "flags:\n  new-model: {}\n",
      "invalid_name",
      "letters, digits or underscores",
    ],
    ["a name of every object", "flags:\n  constructor: {}\n", "invalid_name", "every object"],
    [
      "a flag in another flag",
      `flags:\n  a: {}\n  f: { rules: [{ when: flags.a, variant: on }] }\n`,
      "invalid_condition",
      "cannot read another",
    ],
    ["a flag that is not there", flag("{}") + route("flags.g"), "invalid_condition", '"f"'],
    [
      "a value that the flag never has",
      flag("{ variants: { a: left, b: right }, default: a }") + route('flags.f == "up"'),
      "invalid_condition",
      "never",
    ],
    ["a flag as another kind", flag("{}") + route('flags.f == "on"'), "invalid_condition", "does not fit"],
    ["flags as a whole", flag("{}") + route("flags == flags"), "invalid_condition", "as a whole"],
    [
      "a provider that is a path",
      "flags_provider: { module: ../evil }\n",
      "invalid_value",
      "installed package",
    ],
  ])("%s", (_what, text, code, part) => {
    const { findings } = compileTexts(BASE_POLICY + text);
    expect(findings.map((finding) => finding.code)).toContain(code);
    const found = findings.find((finding) => finding.code === code);
    expect(`${found?.message} ${found?.fix}`).toContain(part);
    expect(found?.line).toBeGreaterThan(BASE_POLICY.split("\n").length - 1);
  });
});

test("a provider is read with its defaults", () => {
  const { flagsProvider } = snapshotOf(
    `${BASE_POLICY}flags_provider: { module: "@acme/flags", options: { host: { env: FLAGS_HOST } } }\n`,
  );
  expect(flagsProvider).toEqual({
    module: "@acme/flags",
    exported: "default",
    options: { host: { env: "FLAGS_HOST" } },
    ttlMs: 30_000,
  });
});
