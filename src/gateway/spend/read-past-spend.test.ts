import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import { SPEND_SUMS } from "../../core/spend.ts";
import { BASE_POLICY, snapshotOf } from "../../policy/fake-policy.ts";
import type { SpentPage, SpentQuery } from "../../store/decision-store.ts";
import { createPastSpend } from "./read-past-spend.ts";
import { createSpendLedger } from "./spend-ledger.ts";

const START = Date.UTC(2026, 4, 20, 12);
const MIDNIGHT = Date.UTC(2026, 4, 20);
const FIRST = Date.UTC(2026, 4, 1);
const HOUR = 3_600_000;

const WHO = { tenant: "acme", keyId: "k1", useCase: "chat" };
const pageOf = (cost: number, cursor: string | null = null): SpentPage => ({
  sums: [{ ...WHO, cost }],
  cursor,
});
const rule = (fields: string) =>
  snapshotOf(`${BASE_POLICY}routes: [{ name: r, ${fields}, ladder: { primary: small } }]\n`);
const READS = rule('match: { spend_key_month: "> 5" }');

function setUp(...answers: readonly (SpentPage | "fail")[]) {
  const clock = new FakeClock(START);
  const ledger = createSpendLedger({ since: START });
  const asked: SpentQuery[] = [];
  const told: string[] = [];
  const left = [...answers];
  const past = createPastSpend({
    ledger,
    clock,
    decisions: {
      async spent(query) {
        asked.push(query);
        const answer = left.shift();
        if (answer === undefined || answer === "fail") throw new Error("busy");
        return answer;
      },
    },
    onRead: () => told.push("read"),
    onFailed: () => told.push("failed"),
  });
  const sums = () => SPEND_SUMS.slice(0, 2).map((sum) => ledger.spent(sum, WHO, clock.now()));
  return { clock, ledger, past, asked, told, sums };
}

describe("the past", () => {
  test("is read before the start alone, today first, and added to what was counted meanwhile", async () => {
    const { clock, ledger, past, asked, told, sums } = setUp(pageOf(1, "dec_5"), pageOf(10), pageOf(100));
    await clock.advance(HOUR);
    ledger.count({ ...WHO, at: START, cost: 1000 });
    past.follow(READS);
    await clock.advance(0);
    expect(sums()).toEqual([1001, 1001]);
    await clock.advance(1000);
    expect(sums()).toEqual([1011, 1111]);
    expect(asked).toEqual([
      { since: MIDNIGHT, until: START },
      { since: MIDNIGHT, until: START, before: "dec_5" },
      { since: FIRST, until: MIDNIGHT },
    ]);
    expect(told).toEqual(["read"]);
    past.follow(READS);
    await clock.advance(1000);
    expect(asked).toHaveLength(3);
    expect(clock.pending).toBe(0);
  });

  test("a store that fails is asked again for the same page, less and less often", async () => {
    const { clock, past, asked, told, sums } = setUp(
      pageOf(1, "dec_5"),
      "fail",
      "fail",
      pageOf(10),
      pageOf(100),
    );
    past.follow(READS);
    await clock.advance(500);
    expect(sums()).toEqual([1, 1]);
    await clock.advance(10_000);
    expect(asked.map(({ before }) => before)).toEqual([undefined, "dec_5", "dec_5", "dec_5", undefined]);
    expect(told).toEqual(["failed", "read"]);
    expect(sums()).toEqual([11, 111]);
  });

  test("what turns out after midnight belongs to the month alone", async () => {
    const { clock, past, sums } = setUp("fail", "fail", "fail", "fail", pageOf(1), pageOf(10));
    await clock.advance(12 * HOUR - 5_000);
    past.follow(READS);
    await clock.advance(100_000);
    expect(sums()).toEqual([0, 11]);
  });

  test("a stopped one adds nothing and asks no more", async () => {
    const { clock, past, asked, told, sums } = setUp("fail", pageOf(1));
    past.follow(READS);
    await clock.advance(0);
    past.stop();
    await clock.advance(10_000);
    past.follow(READS);
    await clock.advance(10_000);
    expect(asked).toHaveLength(1);
    expect(told).toEqual(["failed"]);
    expect(sums()).toEqual([0, 0]);
    expect(clock.pending).toBe(0);
  });

  const flag = (when: string) =>
    snapshotOf(
      `${BASE_POLICY}flags: { f: { variants: { on: true, off: false }, default: off, rules: [{ when: ${when}, variant: on }] } }\n`,
    );
  test.each([
    ["a policy that reads none", snapshotOf(BASE_POLICY), false],
    ["a table of something else", rule("match: { complexity: 1 }"), false],
    ["a table", READS, true],
    ["a condition", rule("when: signals.spend_use_case_today >= 1.5"), true],
    ["a flag", flag("signals.spend_tenant_month > 1"), true],
    ["a flag of something else", flag("signals.hour > 1"), false],
    [
      "a rollout",
      snapshotOf(
        `${BASE_POLICY}rollouts: [{ name: s, match: { spend_key_today: "< 1" }, canary: { candidate: small, weight: 5 } }]\n`,
      ),
      true,
    ],
    ["records with everything", snapshotOf(`${BASE_POLICY}records: { estimates: always }\n`), true],
  ])("%s: whether it is wanted", async (_, snapshot, wanted) => {
    const { clock, past, asked } = setUp(pageOf(1), pageOf(1));
    past.follow(snapshot);
    await clock.advance(0);
    expect(asked.length > 0).toBe(wanted);
    past.stop();
  });
});
