import { expect, test } from "bun:test";
import { Environment } from "@marcbachmann/cel-js";
import fc from "fast-check";
import type { RuleContext } from "../../core/rule-context.ts";
import { FAKE_CALLER, FAKE_HEALTH } from "../fake-policy.ts";
import { compileCondition } from "./conditions.ts";
import { plainCondition } from "./plain-condition.ts";
import { CallerFacts, RequestFacts, SignalFacts } from "./rule-facts.ts";

const TIERS = ["free", "premium", "gold"];
const IDS = ["eu", "us"];

const number = fc.oneof(
  fc.constantFrom("signals.input_tokens", "signals.hour", "signals.minute", "request.messages"),
  fc.constantFrom(...IDS.map((id) => `signals.first_token_ms["${id}"]`), "signals.first_token_ms.eu"),
  fc.integer({ min: 0, max: 20 }).map(String),
  // A bounded field is not compared with anything further out.
  fc.constantFrom("-1", "-0.5"),
  fc.integer({ min: 0, max: 40 }).map((n) => (n / 2).toFixed(1)),
);
/** Ints and doubles, since a list holds one kind. */
const numbers = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 20 }).map(String), { minLength: 1, maxLength: 4 }),
  fc.array(
    fc.integer({ min: 0, max: 20 }).map((n) => n.toFixed(1)),
    { minLength: 1, maxLength: 4 },
  ),
);
const field = fc.constantFrom("signals.input_tokens", "signals.hour", "request.messages");
const text = fc.constantFrom("caller.tier", 'caller["tier"]', "request.use_case", "caller.tenant");
const word = fc.constantFrom(...TIERS, "", "e", "chat").map((value) => JSON.stringify(value));
/** One that never holds is refused when the policy is read. */
const canHold = (source: string): boolean => {
  const compiled = compileCondition(source);
  return compiled.ok || !compiled.problem.message.includes("never holds");
};
const anyLeaf = fc.oneof(
  fc.tuple(number, fc.constantFrom("<", "<=", ">", ">="), number).map((parts) => parts.join(" ")),
  fc.tuple(field, fc.constantFrom("==", "!="), number).map((parts) => parts.join(" ")),
  fc.tuple(text, fc.constantFrom("==", "!="), fc.oneof(word, text)).map((parts) => parts.join(" ")),
  fc.tuple(text, fc.array(word, { minLength: 1, maxLength: 3 })).map(([a, b]) => `${a} in [${b.join()}]`),
  fc.tuple(field, numbers).map(([a, b]) => `${a} in [${b.join()}]`),
  fc
    .tuple(text, fc.constantFrom("startsWith", "endsWith", "contains"), word)
    .map(([a, name, b]) => `${a}.${name}(${b})`),
  fc.constantFrom("request.stream", "request.has_tools", "true", "false"),
  fc.constantFrom("request.stream == true", "false != request.has_tools", "signals.healthy.eu == false"),
  fc.constantFrom('signals.healthy["eu"]', "signals.healthy.us", "request.stream == request.has_tools"),
);
const leaf = anyLeaf.filter(canHold);
const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { depthSize: "small" },
    leaf,
    fc
      .tuple(tie("condition"), fc.constantFrom("&&", "||"), tie("condition"))
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    tie("condition").map((inner) => `!(${inner})`),
  ),
}));

const context: fc.Arbitrary<RuleContext> = fc
  .record({
    tokens: fc.integer({ min: 0, max: 20 }),
    minutes: fc.integer({ min: 0, max: 1439 }),
    tier: fc.constantFrom(...TIERS),
    stream: fc.boolean(),
    tools: fc.boolean(),
    messages: fc.integer({ min: 0, max: 20 }),
    healthy: fc.constantFrom("eu", "us", "both", "none"),
    firstTokenMs: fc.integer({ min: 0, max: 40 }),
  })
  .map(({ tokens, minutes, tier, stream, tools, messages, healthy, firstTokenMs }) => ({
    request: Object.assign(new RequestFacts(), {
      use_case: "chat",
      stream,
      has_tools: tools,
      messages,
    }),
    caller: new CallerFacts({ ...FAKE_CALLER, tier }),
    signals: new SignalFacts(
      tokens,
      minutes * 60_000,
      {
        ...FAKE_HEALTH,
        healthy: (id) => healthy === "both" || healthy === id,
        firstTokenMs: (id) => (id === "eu" ? firstTokenMs / 2 : 0),
      },
      { complexity: () => 0.5, language: () => "en" },
    ),
  }));

const cel = new Environment({ unlistedVariablesAreDyn: true });

test("a plain condition gives what the language gives", () => {
  fc.assert(
    fc.property(condition, fc.array(context, { minLength: 1, maxLength: 8 }), (source, contexts) => {
      const ours = compileCondition(source);
      // A choice is not plain, so that the language runs it.
      const theirs = compileCondition(`(${source}) ? true : false`);
      if (!theirs.ok) throw new Error(`${source} is not valid`);
      if (!ours.ok) {
        // What is refused since nothing meets it is met by nothing.
        expect(ours.problem.message).toMatch(/never holds|meets this/);
        for (const one of contexts) expect(theirs.condition(one)).toBe(false);
        return;
      }
      expect(plainCondition(cel.parse(source).ast)).not.toBeNull();
      for (const one of contexts) expect(ours.condition(one)).toBe(theirs.condition(one));
    }),
    { numRuns: 1_500 },
  );
});

test.each([
  "signals.input_tokens + 1 > 3",
  "signals.input_tokens > 9007199254740993",
  'caller.tier.matches("^f")',
  "request.stream ? true : false",
  "flags.on",
  'caller.tier in ["a", 1]',
  "[1, 2].exists(x, x == 2)",
  'size(caller.tier) > 2 && caller.tier == "free"',
])("%s is left to the language", (source) => expect(plainCondition(cel.parse(source).ast)).toBeNull());

test("a field that no object of ours has is not read from its prototype", () => {
  expect(plainCondition(cel.parse('caller.constructor == "x"').ast)).toBeNull();
  expect(plainCondition(cel.parse('signals.constructor.eu == "x"').ast)).toBeNull();
});
