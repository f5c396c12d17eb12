import { describe, expect, test } from "bun:test";
import { compileCondition } from "./conditions.ts";

describe("comparisons that never hold together", () => {
  test.each([
    ["signals.hour >= 22 && signals.hour < 6", /No signals\.hour meets this/, /\|\|/, 22],
    ["signals.hour > 9 && request.stream && signals.hour < 10", /No signals\.hour/, /\|\|/, 38],
    ["signals.complexity > 0.5 && signals.complexity < 0.5", /No signals\.complexity/, /\|\|/, 28],
    ['caller.tier == "a" && caller.tier == "b"', /No caller\.tier/, /\|\|/, 22],
    ['caller.tier in ["a", "b"] && "c" == caller.tier', /No caller\.tier/, /\|\|/, 29],
    ['caller.tier == "a" && caller["tier"] != "a"', /No caller\.tier/, /\|\|/, 22],
    ['!(caller.tier == "a" || request.stream) && caller.tier == "a"', /No caller\.tier/, /\|\|/, 43],
    ["signals.hour in [1, 2] && signals.hour > 2", /No signals\.hour/, /\|\|/, 26],
    ["signals.hour == 5 && signals.hour != 5", /No signals\.hour/, /\|\|/, 21],
    ["!(signals.hour < 24)", /never holds: signals\.hour is a whole number from 0 to 23/, /from 0 to 23/, 2],
    ["caller.tier in []", /empty list/, /List/, 0],
  ])("%s is refused", (source, message, fix, offset) => {
    const compiled = compileCondition(source);
    if (compiled.ok) throw new Error("it compiled");
    expect(compiled.problem.message).toMatch(message);
    expect(compiled.problem.fix).toMatch(fix);
    expect(compiled.problem.offset).toBe(offset);
  });

  test.each([
    "signals.hour >= 22 || signals.hour < 6",
    "signals.hour >= 9 && signals.hour < 17 && signals.minute < 9",
    "signals.hour >= 5 && signals.hour <= 5",
    "!(signals.hour >= 22 && signals.hour < 6)",
    "!(signals.hour < 6 || signals.hour > 22)",
    "!(signals.hour < 23)",
    'caller.tier == "a" && caller.tenant == "b"',
    'caller.tier in ["a", "b"] && caller.tier in ["b", "c"]',
    'caller.tier in ["a", "b"] && caller.tier != "a"',
    '!(caller.tier in ["a"]) && caller.tier == "b"',
    'caller.tier == "a" && caller.tier == caller.tenant',
    'caller.tier in [caller.tenant, "a"] && caller.tier == "b"',
    "signals.hour in [1, 9] && signals.hour > 5 && signals.hour != 7",
    'request.stream ? caller.tier == "a" : caller.tier == "b"',
    '!(!(caller.tier == "a")) && caller.tier == "a"',
  ])("%s can hold", (source) => expect(compileCondition(source).ok).toBe(true));
});
