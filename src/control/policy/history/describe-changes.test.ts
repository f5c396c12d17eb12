import { expect, test } from "bun:test";
import { diffDocuments } from "../../../policy/diff.ts";
import { describeChanges } from "./describe-changes.ts";

function told(before: object, after: object): readonly string[] {
  return describeChanges(diffDocuments(before, after), before, after);
}

const useCase = (fields: object) => ({ use_cases: { "support-chat": fields } });

test.each([
  [useCase({ max_attempts: 3 }), useCase({ max_attempts: 2 }), "support-chat: max_attempts 3 → 2"],
  [useCase({}), useCase({ cost_ceiling_usd: 0.5 }), "support-chat: cost_ceiling_usd set to 0.5"],
  [useCase({ residency: ["eu-*"] }), useCase({}), "support-chat: residency no longer set"],
  [
    useCase({ ladder: { primary: "atlas", fallback: ["nimbus", "pebble"] } }),
    useCase({ ladder: { primary: "atlas", fallback: [] } }),
    "support-chat: fallback nimbus, pebble → none",
  ],
  [{ use_cases: {} }, useCase({}), "use case support-chat added"],
  [useCase({}), { use_cases: {} }, "use case support-chat removed"],
  [
    useCase({ description: "" }),
    useCase({ description: "Help." }),
    "support-chat: description nothing → Help.",
  ],
  [
    { models: { "gpt-4.1": { prices: { input: 3 } }, "gpt-4": {} } },
    { models: { "gpt-4.1": { prices: { input: 2 } }, "gpt-4": {} } },
    "model gpt-4.1: prices.input 3 → 2",
  ],
  [
    { deployments: { "a.b": { region: "x" }, a: { b: 1 } } },
    { deployments: { "a.b": { region: "y" }, a: { b: 1 } } },
    "deployment a.b: region x → y",
  ],
  [
    { model_aliases: { "chat.best": "large-01", chat: "small" } },
    { model_aliases: { "chat.best": "large-05", chat: "small" } },
    "alias chat.best: large-01 → large-05",
  ],
  [
    { model_aliases: { best: { model: "large-01", note: "EV-1" } } },
    { model_aliases: { best: { model: "large-05", note: "EV-1" } } },
    "alias best: large-01 → large-05",
  ],
  [
    { model_aliases: { best: { model: "large-01", note: "EV-1" } } },
    { model_aliases: { best: { model: "large-01", note: "EV-2" } } },
    "alias best: note EV-1 → EV-2",
  ],
  [
    { model_aliases: { best: "large-01" } },
    { model_aliases: { best: { model: "large-05", note: "EV-2" } } },
    "alias best: large-01 → large-05",
  ],
  [
    { model_aliases: { best: "large-01" } },
    { model_aliases: { best: { model: "large-01", note: "EV-2" } } },
    "alias best: written otherwise, still large-01",
  ],
  [{ model_aliases: { a: "x" } }, { model_aliases: { a: "x", best: "large" } }, "alias best added: large"],
  [
    { model_aliases: { a: "x" } },
    { model_aliases: { a: "x", best: { model: "large" } } },
    "alias best added: large",
  ],
  [{ model_aliases: { a: "x", best: "large" } }, { model_aliases: { a: "x" } }, "alias best removed"],
  [{}, { model_aliases: { a: "x", b: { model: "y" } } }, "aliases added: a → x, b → y"],
  [{ model_aliases: { a: "x" } }, {}, "aliases removed: a → x"],
  [{ limits: { tiers: {} } }, { limits: { tiers: { gold: {} } } }, "tier gold added"],
  [
    { limits: { tiers: { gold: { requests_per_minute: 60 } } } },
    { limits: { tiers: { gold: { requests_per_minute: 30 } } } },
    "tier gold: requests_per_minute 60 → 30",
  ],
  [
    { keys: [{ id: "ci.bot", sha256: "aa" }] },
    { keys: [{ id: "ci.bot", sha256: "bb" }] },
    "key ci.bot: sha256 changed",
  ],
  [{ keys: [{ id: "ci" }] }, { keys: [] }, "key ci removed"],
  [
    { routes: [{ name: "cheap", when: "a" }] },
    { routes: [{ name: "cheap", when: "b" }] },
    "rule cheap: when a → b",
  ],
  [
    { routes: [{ name: "a" }, { name: "b" }] },
    { routes: [{ name: "b" }, { name: "a" }] },
    "routes: order changed",
  ],
  [{ circuit: { open_for: "5s" } }, { circuit: { open_for: "10s" } }, "circuit: open_for 5s → 10s"],
  [
    { timeouts: { interactive: { total: "15s" } } },
    { timeouts: { interactive: { total: "20s" } } },
    "timeouts: interactive.total 15s → 20s",
  ],
  [{ name: "old" }, { name: "new" }, "policy: name old → new"],
])("%j to %j: %s", (before, after, expected) => {
  expect(told(before, after)).toEqual([expected]);
});

test("one sentence for each change, in their order; the count of the rest stays", () => {
  const after = { models: Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`m${i}`, {}])) };
  const changes = told({ models: {} }, after);
  expect(changes).toHaveLength(100);
  expect(changes[0]).toBe("model m0 added");
  expect(changes.at(-1)).toBe("and 51 more");
});

test("a value that was cut stays as it was cut", () => {
  const list = (n: number) => useCase({ aliases: Array.from({ length: n }, (_, i) => `alias-${i}`) });
  expect(told(list(20), list(0))[0]).toMatch(/^support-chat: aliases \["alias-0",.*… → none$/);
});
