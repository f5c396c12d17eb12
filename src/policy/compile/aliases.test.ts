/** Names of the policy for its models: everywhere a model can be named, and what is wrong with one. */
import { describe, expect, test } from "bun:test";
import { explainRoute } from "../explain/explain.ts";
import { BASE_POLICY, compileTexts, routeInput, snapshotOf } from "../fake-policy.ts";
import { parsePolicy, testPolicy } from "../reading/load.ts";
import { planRoute } from "../routing/plan.ts";

const ALIASES = "model_aliases:\n  best: large\n  cheap: { model: small, note: approved }\n";

/** The base with `ladder` for its use case. */
function policyWith(ladder: string, more = ""): string {
  return (
    BASE_POLICY.replace("primary: large@us-east-1", ladder).replace("[small]", "[cheap]") + ALIASES + more
  );
}

function findingsOf(text: string) {
  return compileTexts(text).findings.map(({ severity, code, path, line, message, fix }) => ({
    severity,
    code,
    path,
    line,
    message,
    fix,
  }));
}

describe("an alias stands for its model", () => {
  test.each([
    "primary: best@us-east-1",
    "primary: { model: best, regions: [us-*] }",
    "primary: best@us-east-1\n      cross_region: { regions: [eu-*] }",
  ])("in a ladder: %s", (ladder) => {
    const snapshot = snapshotOf(policyWith(ladder));
    const [primary, ...rest] = snapshot.useCases.get("chat")?.ladder ?? [];
    expect(primary).toMatchObject({ model: "large", alias: "best" });
    expect(primary?.deployments[0]?.id).toBe("large-us");
    expect(rest.at(-1)).toMatchObject({ kind: "fallback", model: "small", alias: "cheap" });
  });

  test("in the rung that follows it across regions, too", () => {
    const ladder = snapshotOf(policyWith("primary: best@us-east-1")).useCases.get("chat")?.ladder;
    expect(ladder?.[1]).toMatchObject({ kind: "cross-region", model: "large", alias: "best" });
  });

  test("a ladder that names models directly has no alias", () => {
    const { ladder } = snapshotOf(BASE_POLICY).useCases.get("chat") ?? {};
    expect(ladder?.map((rung) => "alias" in rung)).toEqual([false, false, false]);
  });

  test("in routes, rollouts, shadows, degraded modes and summaries", () => {
    const text = policyWith(
      "primary: large@us-east-1",
      `routes:
  - { name: vip, when: caller.tier == "gold", ladder: { primary: best } }
rollouts:
  - { name: green, when: caller.tier == "x", blue_green: { green: { model: best } } }
  - { name: try, canary: { candidate: cheap@us-west-2, weight: 5 } }
  - { name: copy, shadow: { candidate: best, share: 1, max_cost_usd_per_hour: 1 } }
`,
    )
      .replace(
        "max_output_tokens: 40",
        "max_output_tokens: 40\n    on_overflow: [{ summarize: { model: cheap } }]",
      )
      .replace("degraded: [", "degraded: [{ summarize_only: { model: cheap } }, ");
    const { findings, snapshot } = compileTexts(text);
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
    const useCase = snapshot?.useCases.get("chat");
    expect(useCase?.rules[0]?.ladder[0]).toMatchObject({ model: "large", alias: "best" });
    expect(useCase?.rollouts[0]?.arms[1]?.ladder?.rungs[0]).toMatchObject({ model: "large", alias: "best" });
    expect(useCase?.rollouts[1]?.arms[1]?.ladder?.rungs[0]).toMatchObject({ model: "small", alias: "cheap" });
    expect(useCase?.shadows[0]?.rungs?.[0]).toMatchObject({ model: "large", alias: "best" });
    expect(useCase?.degraded[0]).toMatchObject({ mode: "summarize_only", model: "small" });
    expect(useCase?.onOverflow[0]).toMatchObject({ type: "summarize", model: "small" });
  });

  test("in the policy's tests", () => {
    const test = (primary: string) =>
      policyWith(
        "primary: best",
        `tests:\n  - { name: t, request: { use_case: chat }, expect: { primary: ${primary}, ladder: [best, cheap] } }\n`,
      );
    const run = (text: string) => {
      const sources = [{ file: "policy.yaml", text }];
      const { document } = parsePolicy(sources);
      if (!document) throw new Error("not valid");
      return testPolicy({ document, snapshot: snapshotOf(text) }, sources);
    };
    expect(run(test("best"))).toMatchObject({ passed: 1, findings: [] });
    expect(run(test("cheap")).findings[0]).toMatchObject({ code: "failed_test" });
    expect(run(test("bestt")).findings[0]).toMatchObject({ fix: 'Did you mean "best"?' });
  });

  test("plan and explanation have both names", () => {
    const input = routeInput(snapshotOf(policyWith("primary: best")));
    const planned = planRoute(input);
    expect(planned.ok && planned.value.rungs[0]).toMatchObject({ model: "large", alias: "best" });
    expect(explainRoute(input).ladder[0]).toMatchObject({ model: "large", alias: "best" });
    expect(explainRoute(routeInput(snapshotOf(BASE_POLICY))).ladder[0]?.alias).toBeNull();
  });

  test("what no rule can override holds for the model behind it", () => {
    const text = policyWith("primary: best").replace(
      "safety_level: high",
      "safety_level: high, tenants: [other]",
    );
    const planned = planRoute(routeInput(snapshotOf(text)));
    expect(planned.ok && planned.value.refusals[0]).toMatchObject({
      deployment: "large-us",
      constraint: "tenant",
    });
    const retired = policyWith("primary: best").replace("safety_level: high", "status: retired");
    expect(findingsOf(retired)).toContainEqual(expect.objectContaining({ code: "retired_model" }));
  });

  test("the snapshot lists them", () => {
    expect([...snapshotOf(policyWith("primary: best")).modelAliases]).toEqual([
      ["best", { model: "large", note: null }],
      ["cheap", { model: "small", note: "approved" }],
    ]);
  });
});

describe("what is wrong with one", () => {
  test.each([
    [
      "best: large",
      "best: larg",
      "unknown_model",
      "model_aliases.best",
      'There is no model "larg".',
      'Did you mean "large"?',
    ],
    [
      "cheap: { model: small,",
      "cheap: { model: smal,",
      "unknown_model",
      "model_aliases.cheap.model",
      "smal",
      '"small"',
    ],
    [
      "best: large",
      "best: cheap",
      "alias_of_alias",
      "model_aliases.best",
      '"cheap"',
      'Write its model: "small".',
    ],
    [
      "best: large",
      "best: best",
      "unknown_model",
      "model_aliases.best",
      '"best"',
      "Use one of: large, small.",
    ],
    [
      "best: large",
      "small: large\n  best: large",
      "alias_shadows_model",
      "model_aliases.small",
      '"small"',
      "other name",
    ],
  ])("%s as %s is %s", (from, to, code, path, message, fix) => {
    const found = findingsOf(policyWith("primary: best").replace(`  ${from}`, `  ${to}`));
    const errors = found.filter(({ severity }) => severity === "error");
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ code, path });
    expect(errors[0]?.message).toContain(message);
    expect(errors[0]?.fix).toContain(fix);
    expect(errors[0]?.line).toBeGreaterThan(17);
  });

  test("one that nothing names is a warning, at its name", () => {
    const found = findingsOf(policyWith("primary: large"));
    expect(found).toEqual([
      expect.objectContaining({ severity: "warning", code: "unused_alias", path: "model_aliases.best" }),
    ]);
    expect(found[0]?.fix).toContain("ladder");
  });

  test("names that do not exist: both kinds are suggested", () => {
    const ladder = findingsOf(policyWith("primary: bset"));
    expect(ladder).toContainEqual(
      expect.objectContaining({
        code: "unknown_model",
        message: 'There is no model or alias "bset".',
        fix: 'Did you mean "best"?',
      }),
    );
    const summary = findingsOf(
      policyWith("primary: best").replace("degraded: [", "degraded: [{ summarize_only: { model: chaep } }, "),
    );
    expect(summary).toContainEqual(
      expect.objectContaining({ code: "unknown_model", fix: 'Did you mean "cheap"?' }),
    );
  });

  test("a model without a deployment there is told with the alias", () => {
    const [finding] = findingsOf(policyWith("primary: best@ap-south-1"));
    expect(finding).toMatchObject({
      code: "empty_rung",
      message: 'The model "large" (alias "best") has no deployment in ap-south-1.',
    });
  });

  test("a rung that an alias makes the same as an earlier one is never reached", () => {
    const text = policyWith("primary: large").replace("[cheap]", "[best, cheap]");
    expect(findingsOf(text)).toContainEqual(expect.objectContaining({ code: "unreachable_rung" }));
  });

  test("deployments name models", () => {
    const text = policyWith("primary: best").replace("{ model: small, provider", "{ model: cheap, provider");
    expect(findingsOf(text)).toContainEqual(
      expect.objectContaining({
        code: "unknown_model",
        path: "deployments.small-us.model",
        fix: 'It is an alias of "small": write that.',
      }),
    );
  });

  test("a use case's other names are not theirs", () => {
    const text = policyWith("primary: best").replace("  chat:\n", "  chat:\n    aliases: [best]\n");
    expect(findingsOf(text)).toContainEqual(
      expect.objectContaining({ code: "duplicate_alias", path: "use_cases.chat.aliases[0]" }),
    );
  });

  test("a policy without any keeps its digest", () => {
    expect(snapshotOf(BASE_POLICY).modelAliases.size).toBe(0);
    expect(parsePolicy([{ file: "p", text: BASE_POLICY }]).document).not.toHaveProperty("model_aliases");
  });
});
