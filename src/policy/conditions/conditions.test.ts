import { describe, expect, test } from "bun:test";
import type { HealthView } from "../../core/health.ts";
import type { RuleContext } from "../../core/rule-context.ts";
import { FAKE_CALLER, FAKE_HEALTH, FAKE_REQUEST } from "../fake-policy.ts";
import { compileCondition } from "./conditions.ts";
import { CallerFacts, RequestEstimates, RequestFacts, SignalFacts } from "./rule-facts.ts";

/** Monday, 1 June 2026, 13:30 UTC. */
const NOW = Date.UTC(2026, 5, 1, 13, 30);

function context(inputTokens: number, health: HealthView = FAKE_HEALTH): RuleContext {
  const request = Object.assign(new RequestFacts(), { use_case: "chat", messages: 3, has_tools: true });
  return {
    request,
    caller: new CallerFacts(FAKE_CALLER),
    signals: new SignalFacts(inputTokens, NOW, health, new RequestEstimates(FAKE_REQUEST)),
  };
}

function evaluate(source: string, inputTokens = 10, health?: HealthView): boolean {
  const compiled = compileCondition(source);
  if (!compiled.ok) throw new Error(`${source}: ${compiled.problem.message}`);
  return compiled.condition(context(inputTokens, health));
}

describe("conditions", () => {
  test.each([
    ["signals.input_tokens < 40 && request.has_tools", true],
    ["signals.input_tokens < 10", false],
    ["signals.input_tokens == 10", true],
    ["signals.input_tokens != 10", false],
    ["10 == signals.input_tokens", true],
    ["signals.input_tokens * 2 + 1 >= 21", true],
    ["1 + signals.input_tokens - 1 == 10.0", true],
    ["signals.input_tokens / 4 == 2.5", true],
    ["signals.input_tokens % 3 == 1", true],
    ["signals.hour == 13 && signals.weekday == 1", true],
    ["signals.hour in [22, 23, 13]", true],
    ["signals.hour == 13 && signals.minute >= 30", true],
    ["signals.hour < 24 && signals.complexity < 0.2", true],
    ['signals.language in ["en", "und"]', true],
    ['caller.tenant.matches("^ac.e$")', true],
    ['caller["tier"] == "premium" && has(request.stream)', true],
    ["request.messages in [1, 2]", false],
    ['caller.tier == "premium" && caller.tenant in ["acme", "other"]', true],
    ['caller.role == "admin" || caller.key.startsWith("key-")', true],
    ['request.use_case == "chat" ? request.stream : true', false],
    ["[1, 2, 3].exists(x, x == 2)", true],
  ])("%s is %p", (source, expected) => expect(evaluate(source)).toBe(expected));

  test.each([
    ["signals.input_tokens", /a number/, /Compare/, 0],
    ["signals.input_token < 4", /signals.input_token,/, /"input_tokens"/, 8],
    ["signal.hour < 4", /signal,/, /"signals"/, 0],
    ["true && input_tokens < 4", /input_tokens,/, /signals\.input_tokens/, 8],
    ["request.use_case == 3", /text == number/, /like with like/, 0],
    ['signals.complexity > "x"', /number > text/, /like with like/, 0],
    ['signals.hour in ["a"]', /number in list<text>/, /like with like/, 0],
    ['request.stream == "true"', /true-or-false == text/, /like with like/, 0],
    ['caller["teir"] == "free"', /caller.teir,/, /"tier"/, 0],
    ["request.stream > 1", /true-or-false > number/, /like with like/, 0],
    ["caller.tier && true", /true-or-false/, /For example/, 0],
    ["caller.tier.size > 3", /Cannot index/, /have fields/, 0],
    ["length(caller.tier) > 3", /length\(text\)/, /startsWith/, 0],
    ["1 < 2 and true", /character/, /&&/, 6],
    ["signals.hour = 3", /character/, /==/, 13],
    ['caller.tier == "free', /Unterminated/, /For example/, 15],
    ["signals.healthy.exists(d, true)", /without naming/, /\["deployment"\]/, 0],
    ["signals.healthy[caller.tier]", /without naming/, /\["deployment"\]/, 0],
    ['"x" in signals.first_token_ms', /without naming/, /first_token_ms\["deployment"\]/, 7],
    ["[1].all(x, [2].all(y, x < y))", /loop/, /once/, 11],
    [Array(5).fill("[1].all(x, x == 1)").join(" && "), /more than 4 times/, /once/, 88],
    [`[${Array(65).fill("1").join()}].exists(x, x == 1)`, /more than 64 members/, /`in`/, 0],
    ['caller.tenant.matches("(a+)+$")', /very long/, /startsWith/, 22],
    ['caller.tenant.matches("((a))+$")', /very long/, /startsWith/, 22],
    ["caller.tenant.matches(caller.tier)", /not written out/, /in quotes/, 22],
    ['caller.tenant.matches("[")', /no regular expression/, /brackets/, 22],
    ["dyn(caller.tier) == 3", /dyn/, /itself/, 0],
    ["dyn(signals).x == 3", /dyn/, /itself/, 0],
    ['request[caller.tier] == "x"', /request as a whole/, /Name a field/, 0],
    ['request.task_type == "clasification"', /never/, /"classification"/, 21],
    ['request.stream && caller.role in ["admn", "opertor"]', /never "admn"/, /"admin"/, 34],
    ['"deutsch" == signals.language', /never/, /en, de/, 0],
    ["signals.spend_tenant_todya > 1", /does not exist/, /"spend_tenant_today"/, 0],
    ["signals.spend > 1", /signals.spend, which does not exist/, /spend_tenant_today, spend_tenant_month/, 0],
    ["signals.spend.tenant_today > 1", /signals.spend, which does not exist/, /spend_use_case_month/, 0],
    ['signals.spend_key_today > "10"', /number > text/, /like with like/, 0],
    ["signals.complexity > 60", /between 0 and 1,/, /from 0 to 1/, 21],
    ["true && signals.weekday == -7", /between 0 and 6,/, /from 0 to 6/, 27],
    ["signals.weekday == 7", /weekday == 7 never holds/, /a whole number from 0 to 6. Sunday is 0/, 19],
    ["signals.hour > 23", /hour > 23 never holds/, /from 0 to 23/, 15],
    ["24 <= signals.hour", /hour >= 24 never holds/, /from 0 to 23/, 0],
    ["signals.hour in [24, 25]", /hour == 24 never holds/, /from 0 to 23/, 17],
    ["signals.minute == 9.5", /never holds/, /whole/, 18],
    ["signals.complexity > 1", /complexity > 1 never holds/, /from 0 to 1/, 21],
    ["signals.input_tokens < 0", /never holds/, /from 0 on/, 23],
    ["request.max_tokens == -1", /never holds/, /from 0 on/, 22],
    ["signals.spend_key_today < 0", /never holds/, /from 0 on/, 26],
    [`${"(".repeat(60)}true${")".repeat(60)}`, /maxDepth/, /./, 32],
    [`true${" && true".repeat(300)}`, /maxAstNodes/, /./, 0],
  ])("%s is refused", (source, message, fix, offset) => {
    const compiled = compileCondition(source);
    if (compiled.ok) throw new Error("it compiled");
    expect(compiled.problem.message).toMatch(message);
    expect(compiled.problem.fix).toMatch(fix);
    if (offset > 0) expect(compiled.problem.offset).toBe(offset);
  });

  test.each([
    "signals.hour < 24",
    "signals.hour >= 0",
    "signals.hour > 22.5",
    "signals.complexity <= 1",
    "signals.complexity >= 1",
    "signals.input_tokens > -1",
    "request.messages == 0",
    "signals.input_tokens < 0.5",
    "signals.weekday < 7",
    "signals.hour != 12",
    'caller.role != "admin"',
  ])("%s can hold", (source) => expect(compileCondition(source)).toMatchObject({ ok: true, doubt: null }));

  test.each([
    ["signals.weekday in [6, 7]", /weekday == 7 never holds/, /Sunday is 0/, 23],
    ["signals.weekday >= 1 && signals.weekday <= 7", /is never 7/, /Sunday is 0/, 43],
    ["signals.hour in [22, 23, 24]", /hour == 24 never holds/, /from 0 to 23/, 25],
    ['caller.role in ["admin", "opertor"]', /never "opertor"/, /"operator"/, 25],
    ["!(signals.complexity > 1)", /complexity > 1 never holds/, /from 0 to 1/, 23],
    ["request.stream || signals.weekday == 9", /between 0 and 6,/, /from 0 to 6/, 37],
    ['request.stream ? caller.role == "opertor" : true', /never/, /"operator"/, 32],
    ['request.task_type != "nope"', /never "nope"/, /"code"/, 21],
    ["signals.weekday != 7", /is never 7/, /Sunday is 0/, 19],
    ["signals.complexity < 60", /between 0 and 1,/, /from 0 to 1/, 21],
  ])("%s can hold and is doubtful", (source, message, fix, offset) => {
    const compiled = compileCondition(source);
    if (!compiled.ok) throw new Error(compiled.problem.message);
    expect(compiled.doubt?.message).toMatch(message);
    expect(compiled.doubt?.fix).toMatch(fix);
    expect(compiled.doubt?.offset).toBe(offset);
  });

  test("one that fails at run time does not match", () => {
    expect(evaluate("signals.hour == 13 && 1 / 0 == 1")).toBe(false);
    expect(evaluate('timestamp("nonsense").getFullYear() == 1')).toBe(false);
  });

  test("a context of plain objects serves too", () => {
    const compiled = compileCondition('signals.healthy["a"] && signals.hour == 5 && caller.tier == "free"');
    if (!compiled.ok) throw new Error(compiled.problem.message);
    const { request } = context(1);
    const caller = { key: "k", tenant: "t", tier: "free", role: "caller" };
    const signals = {
      input_tokens: 1,
      complexity: 0.5,
      language: "en",
      hour: 5,
      minute: 0,
      weekday: 0,
      healthy: { a: true },
      first_token_ms: {},
      isHealthy: () => true,
      firstTokenOf: () => 0,
      spend_tenant_today: 0,
      spend_tenant_month: 0,
      spend_key_today: 0,
      spend_key_month: 0,
      spend_use_case_today: 0,
      spend_use_case_month: 0,
    };
    expect(compiled.condition({ request, caller, signals })).toBe(true);
  });
});

describe("estimates in a condition", () => {
  /** A request that notices when its text is read. */
  function spied(source: string): number {
    let reads = 0;
    const messages = [{ role: "user" as const, content: [{ type: "text" as const, text: "Hello there" }] }];
    const request = {
      ...FAKE_REQUEST,
      get messages() {
        reads++;
        return messages;
      },
    };
    const compiled = compileCondition(source);
    if (!compiled.ok) throw new Error(compiled.problem.message);
    const { request: facts, caller } = context(1);
    compiled.condition({
      request: facts,
      caller,
      signals: new SignalFacts(1, NOW, FAKE_HEALTH, new RequestEstimates(request)),
    });
    return reads;
  }

  test("are made when they are reached, and once", () => {
    expect(spied("signals.input_tokens < 40 && signals.hour > 3")).toBe(0);
    expect(spied("signals.input_tokens > 40 && signals.complexity > 0.1")).toBe(0);
    const once = spied("signals.complexity > 0.1");
    expect(once).toBeGreaterThan(0);
    expect(spied("signals.complexity > 0.9 || signals.complexity < 0.1")).toBe(once);
  });

  test("are told to the compiler, with what a rule cannot match without", () => {
    const compiled = compileCondition(
      'signals.complexity > 0.5 && signals["language"] == "de" && caller.tenant in ["a", "b"] && request.stream',
    );
    if (!compiled.ok) throw new Error(compiled.problem.message);
    expect([...compiled.reads].toSorted()).toEqual(["complexity", "language"]);
    const momentary = compileCondition(
      '!signals.healthy["a"] && signals.hour > 3 && signals.input_tokens > 1',
    );
    expect(momentary.ok && [...momentary.reads].toSorted()).toEqual(["healthy", "hour"]);
    expect(compiled.requires).toEqual([
      { field: "signals.language", values: ["de"] },
      { field: "caller.tenant", values: ["a", "b"] },
    ]);
  });

  test.each([
    'caller.tier == "free" || request.stream',
    '!(caller.tier == "free")',
    'caller.tier != "free"',
    "caller.tier == caller.tenant",
    "signals.hour == 3",
  ])("nothing is required by %s", (source) => {
    const compiled = compileCondition(source);
    expect(compiled.ok && compiled.requires).toEqual([]);
  });
});

describe("health in a condition", () => {
  function spied(): { readonly health: HealthView; readonly asked: string[] } {
    const asked: string[] = [];
    const note = <T>(what: string, answer: T): T => {
      asked.push(what);
      return answer;
    };
    const health: HealthView = {
      healthy: (id) => note(`healthy ${id}`, id !== "down"),
      firstTokenMs: (id) => note(`first ${id}`, 250),
      inFlight: (id) => note(`busy ${id}`, 0),
    };
    return { health, asked };
  }

  test("is asked for the deployments that are named, when they are reached", () => {
    const { health, asked } = spied();
    expect(evaluate('!signals.healthy["down"] || signals.healthy.up', 1, health)).toBe(true);
    expect(new Set(asked)).toEqual(new Set(["healthy down"]));
    expect(evaluate('signals.first_token_ms["up"] > 200', 1, health)).toBe(true);
  });

  test("costs nothing where no condition reads it", () => {
    const { health, asked } = spied();
    evaluate("signals.input_tokens < 40 && signals.hour > 3", 1, health);
    expect(asked).toEqual([]);
  });

  test("names are told to the compiler with their places", () => {
    const compiled = compileCondition('signals.healthy["a"] && signals.first_token_ms.b < 9');
    expect(compiled.ok && compiled.deployments).toEqual([
      { id: "a", offset: 16 },
      { id: "b", offset: 24 },
    ]);
  });
});
