import { expect, test } from "bun:test";
import fc from "fast-check";
import type { RouteRule } from "../../core/route-rule.ts";
import type { Condition, RuleContext } from "../../core/rule-context.ts";
import { BASE_POLICY, FAKE_CALLER, FAKE_HEALTH, routeInput, snapshotOf } from "../fake-policy.ts";
import { planRoute } from "../routing/plan.ts";
import { CallerFacts, RequestFacts, SignalFacts } from "./rule-facts.ts";
import { firstMatch } from "./rule-index.ts";

/** A rule for some tenants, or for all, that holds or not; `asked` notes that it was looked at. */
function ruleOf(
  name: string,
  tenants: readonly string[] | null,
  holds: boolean,
  asked: string[] = [],
): RouteRule {
  const when: Condition = (context) => {
    asked.push(name);
    return holds && (tenants === null || tenants.includes(context.caller.tenant));
  };
  const requires = tenants === null ? [] : [{ field: "caller.tenant", values: tenants }];
  return { name, when, source: name, reads: new Set(), requires, ladder: [] };
}

function contextOf(tenant: string): RuleContext {
  const signals = new SignalFacts(1, 0, FAKE_HEALTH, { complexity: () => 0, language: () => "en" });
  return { request: new RequestFacts(), caller: new CallerFacts({ ...FAKE_CALLER, tenant }), signals };
}

const tenant = fc.constantFrom("a", "b", "c", "d");
const rules = fc.array(
  fc.record({
    tenants: fc.option(fc.array(tenant, { minLength: 1, maxLength: 3 }), { nil: null, freq: 4 }),
    holds: fc.boolean(),
  }),
  { minLength: 20, maxLength: 60 },
);

test("the first match is the one that asking every rule in order finds", () => {
  fc.assert(
    fc.property(rules, tenant, fc.boolean(), (written, asks, always) => {
      const made = written.map(({ tenants, holds }, i) => ruleOf(`r${i}`, tenants, holds));
      if (always) made.push({ ...ruleOf("last", null, true), when: null });
      const context = contextOf(asks);
      const expected = made.find(({ when }) => when === null || when(context)) ?? null;
      expect(firstMatch(made, { context })?.name).toBe(expected?.name);
    }),
  );
});

test("rules of other tenants are not asked", () => {
  const asked: string[] = [];
  const made = Array.from({ length: 1000 }, (_, i) => ruleOf(`r${i}`, [`t${i}`], false, asked));
  made.push(ruleOf("all", null, true, asked));
  expect(firstMatch(made, { context: contextOf("t7") })?.name).toBe("all");
  expect(asked).toEqual(["r7", "all"]);
});

test("rules that share no field are asked one after another", () => {
  const made = Array.from({ length: 100 }, (_, i) => ruleOf(`r${i}`, null, i === 99));
  expect(firstMatch(made, { context: contextOf("a") })?.name).toBe("r99");
});

test("a policy's conditions and tables are both found by the index", () => {
  const routes = Array.from({ length: 50 }, (_, i) =>
    i % 2 === 0
      ? `  - { name: r${i}, match: { tenant: t${i} }, ladder: { primary: small } }`
      : `  - { name: r${i}, when: 'caller.tenant == "t${i}" && signals.hour >= 0', ladder: { primary: small } }`,
  );
  const snapshot = snapshotOf(`${BASE_POLICY}routes:\n${routes.join("\n")}\n`);
  for (const wanted of ["t0", "t1", "t48", "t49", "none"]) {
    const planned = planRoute(routeInput(snapshot, { caller: { ...FAKE_CALLER, tenant: wanted } }));
    expect(planned.ok && planned.value.rule).toBe(wanted === "none" ? "default" : wanted.replace("t", "r"));
  }
});
