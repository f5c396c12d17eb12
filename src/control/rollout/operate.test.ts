/** Verbs on rollouts of a running gateway: over a text from elsewhere, and in the store. */
import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import { BASE_POLICY } from "../../policy/fake-policy.ts";
import { BASE_DOCUMENT } from "../../store/policy-heads.ts";
import { createFakeBoard } from "../../store/shared-state/fake-board.ts";
import { startBoardRunner } from "../fleet/board-runner.ts";
import { type FakeDesk, fakeDesk, inFile } from "../policy/fake-desk.ts";
import { rollBack } from "../policy/rollback.ts";
import { operateRollout, type RolloutDesk, type RolloutOrder, type RolloutWish } from "./operate.ts";
import { createOverrideBook, type KeptBook, type OverrideBook } from "./override-book.ts";

const canary = (weight: number, more = "") =>
  `${BASE_POLICY}${more}rollouts:\n  - name: try # ours\n    canary: { candidate: small, weight: ${weight}, steps: [5, 25, 50] }\n`;
const ABORT: RolloutOrder = { verb: "abort" };
const PROMOTE: RolloutOrder = { verb: "promote", arm: null, full: false };

interface World {
  readonly fake: FakeDesk;
  readonly book: OverrideBook;
  readonly ended: string[];
  kept: KeptBook | null;
  operate(order: RolloutOrder, change?: Partial<RolloutWish>): ReturnType<typeof operateRollout>;
  offer(text: string): Promise<unknown>;
  weight(): number | undefined;
}

function gateway(origin = "gw_1", kept: KeptBook | null = null, clock = new FakeClock()): World {
  const ended: string[] = [];
  const book = createOverrideBook({
    kept,
    origin,
    now: () => clock.now(),
    async save(saved) {
      world.kept = structuredClone(saved);
    },
    onEnded: ({ rollout }) => ended.push(rollout),
  });
  const fake = fakeDesk({ overlay: book, clock });
  const desk: RolloutDesk = {
    ...fake.desk,
    overrides: book,
    audit: async (record) => void fake.audited.push(record),
  };
  const world: World = {
    fake,
    book,
    ended,
    kept,
    operate: (order, change = {}) =>
      operateRollout(desk, { rollout: "try", order, actor: "ops", note: null, dryRun: false, ...change }),
    offer: (text) => fake.control.offer(inFile(text), "file"),
    weight: () => weightOf(fake),
  };
  return world;
}

function weightOf({ control }: FakeDesk): number | undefined {
  return control.snapshot().useCases.get("chat")?.rollouts[0]?.arms[1]?.weight;
}

describe("over a text from elsewhere", () => {
  test("in force at once, under a version of its own, with its texts in the history", async () => {
    const one = gateway();
    await one.offer(canary(25));
    const before = one.fake.control.snapshot().version;
    const done = await one.operate(ABORT, { note: "INC-1" });
    expect(done).toMatchObject({
      result: "applied",
      where: "override",
      changes: ["rollouts[0].canary.weight: 25 → 0"],
      previousVersion: before,
    });
    expect(one.weight()).toBe(0);
    const { version } = one.fake.control.snapshot();
    expect(version).not.toBe(before);
    const [newest] = await one.fake.desk.activations.list(1);
    expect(newest).toMatchObject({ version, actor: "ops", note: "INC-1", result: "activated" });
    expect(newest?.summary?.length).toBeGreaterThan(0);
    expect(await one.fake.desk.activations.text(newest?.texts?.[0]?.digest ?? "")).toContain("weight: 0,");
    expect(one.fake.audited.at(-1)).toMatchObject({
      action: "rollout.aborted",
      actor: "ops",
      subject: "try",
    });
    expect(one.fake.control.status().overrides).toMatchObject([
      { verb: "abort", values: ["canary.weight: 0"] },
    ]);
    // What is kept for a start without the source is what the source said.
    expect(one.fake.disk.lastGood).toEqual(inFile(canary(25)));
  });

  test("each starts where the last has left off, and the same again changes nothing", async () => {
    const one = gateway();
    await one.offer(canary(5));
    await one.operate(PROMOTE);
    await one.operate(PROMOTE);
    expect(one.weight()).toBe(50);
    await one.operate({ verb: "set", weight: 7, arm: null });
    expect(one.weight()).toBe(7);
    expect(await one.operate({ verb: "set", weight: 7, arm: null })).toMatchObject({ result: "unchanged" });
    expect(await one.operate(ABORT, { dryRun: true })).toMatchObject({
      result: "valid",
      changes: [expect.any(String)],
    });
    expect(one.weight()).toBe(7);
  });

  test("holds while anything else of the text changes, and ends when the rollout's does", async () => {
    const one = gateway();
    await one.offer(canary(25));
    await one.operate(ABORT);
    await one.offer(canary(25, "circuit: { probes: 2 }\n"));
    expect(one.fake.control.snapshot().circuit.probes).toBe(2);
    expect(one.weight()).toBe(0);
    expect(one.ended).toEqual([]);
    await one.offer(canary(10));
    expect(one.weight()).toBe(10);
    expect(one.ended).toEqual(["try"]);
    await one.offer(canary(25));
    expect(one.weight()).toBe(25);
  });

  test("a text that is refused ends nothing", async () => {
    const one = gateway();
    await one.offer(canary(25));
    await one.operate(ABORT);
    await one.offer(canary(10).replace("candidate: small", "candidate: smal"));
    await one.offer("version: [");
    expect(one.weight()).toBe(0);
    expect(one.ended).toEqual([]);
  });

  test("is released, and then the text holds", async () => {
    const one = gateway();
    await one.offer(canary(25));
    await one.operate(ABORT);
    expect(await one.operate({ verb: "release" })).toMatchObject({ result: "applied" });
    expect(one.weight()).toBe(25);
    expect(one.fake.control.status().overrides).toEqual([]);
    expect(await one.operate({ verb: "release" })).toMatchObject({ result: "unchanged" });
  });

  test("survives a restart, and a rollback undoes it", async () => {
    const one = gateway();
    await one.offer(canary(25));
    const first = one.fake.control.snapshot().version;
    await one.fake.clock.advance(10);
    await one.operate(ABORT);
    const next = gateway("gw_2", one.kept);
    await next.offer(canary(25));
    expect(next.weight()).toBe(0);
    expect(next.fake.control.snapshot().version).toBe(one.fake.control.snapshot().version);
    await one.fake.clock.advance(10);
    await rollBack(one.fake.desk, { version: null, actor: "ops", note: null });
    expect(one.fake.control.snapshot().version).toBe(first);
    expect(one.ended).toEqual(["try"]);
  });

  test("what does not fit is said, and changes nothing", async () => {
    const one = gateway();
    await one.offer(canary(25));
    expect(await one.operate(ABORT, { rollout: "tri" })).toMatchObject({
      result: "fault",
      fault: { kind: "not_found", code: "unknown_rollout" },
    });
    expect(await one.operate({ verb: "set", weight: 5, arm: "brief" })).toMatchObject({
      fault: { code: "unknown_arm" },
    });
    expect(one.weight()).toBe(25);
  });

  test("reaches both versions of an activation by steps", async () => {
    const one = gateway();
    await one.offer(canary(25));
    const { clock, control } = one.fake;
    const schedule = { startsAt: clock.now(), stepPercent: 50, stepEveryMs: 60_000 };
    const next = inFile(canary(25, "circuit: { probes: 2 }\n"));
    await control.atNewest((turn) =>
      turn.stage(next, schedule, { actor: "ops", via: "activate", note: null }),
    );
    await one.operate(ABORT);
    const arms = control.split()?.newer.useCases.get("chat")?.rollouts[0]?.arms;
    expect(arms?.[1]?.weight).toBe(0);
    expect(one.weight()).toBe(0);
    await clock.advance(60_000);
    expect(control.snapshot().circuit.probes).toBe(2);
    expect(one.weight()).toBe(0);
  });
});

describe("in the store", () => {
  test("the text is changed, and every comment of it kept", async () => {
    const fake = fakeDesk({ store: true });
    const documents = { [BASE_DOCUMENT]: canary(25) };
    await fake.desk.heads?.write({ revision: 1, at: 0, actor: "seed", note: null, documents });
    await fake.look();
    const desk: RolloutDesk = {
      ...fake.desk,
      overrides: null,
      audit: async (one) => void fake.audited.push(one),
    };
    const wish = { rollout: "try", order: ABORT, actor: "ops", note: null, dryRun: false };
    expect(await operateRollout(desk, wish)).toMatchObject({ result: "applied", where: "store" });
    expect(weightOf(fake)).toBe(0);
    const head = await fake.desk.heads?.read(0);
    expect(head?.documents[BASE_DOCUMENT]).toBe(canary(25).replace("weight: 25", "weight: 0"));
    expect(head?.note).toContain("rollouts[0].canary.weight: 25 → 0");
    // What somebody else has written, and this gateway has not heard of, is what it starts from.
    const theirs = { [BASE_DOCUMENT]: canary(3) };
    await fake.desk.heads?.write({ revision: 3, at: 0, actor: "other", note: null, documents: theirs });
    const late = { ...wish, order: PROMOTE };
    expect(await operateRollout(desk, late)).toMatchObject({
      changes: ["rollouts[0].canary.weight: 3 → 5"],
    });
    expect((await fake.desk.heads?.read(0))?.documents[BASE_DOCUMENT]).toBe(canary(5));
  });

  test("a newest text that is not valid here is not undone by a verb, which says so", async () => {
    const fake = fakeDesk({ store: true });
    const seeded = { at: 0, actor: "seed", note: null };
    const good = { [BASE_DOCUMENT]: canary(25) };
    const bad = { [BASE_DOCUMENT]: canary(25).replace("primary: large", "primary: lrge") };
    await fake.desk.heads?.write({ ...seeded, revision: 1, documents: good });
    await fake.look();
    await fake.desk.heads?.write({ ...seeded, revision: 2, documents: bad });
    const desk: RolloutDesk = { ...fake.desk, overrides: null, audit: async () => {} };
    for (const dryRun of [true, false]) {
      const wish = { rollout: "try", order: ABORT, actor: "ops", note: null, dryRun };
      expect(await operateRollout(desk, wish)).toEqual({ result: "behind" });
    }
    expect((await fake.desk.heads?.read(0))?.revision).toBe(2);
  });

  test("a version that another gateway has begun to put in force is not ended by a verb here", async () => {
    const there = fakeDesk({ store: true });
    const documents = { [BASE_DOCUMENT]: canary(25) };
    await there.store.policyHeads.write({ revision: 1, at: 0, actor: "seed", note: null, documents });
    await there.look();
    const here = fakeDesk({ store: true, beside: there });
    await here.look();
    const schedule = { startsAt: here.clock.now(), stepPercent: 50, stepEveryMs: 60_000 };
    const next = inFile(canary(25, "circuit: { probes: 2 }\n"));
    const act = { actor: "ops", via: "activate", note: null } as const;
    await there.control.atNewest((turn) => turn.stage(next, schedule, act));
    const desk: RolloutDesk = { ...here.desk, overrides: null, audit: async () => {} };
    const wish = { rollout: "try", order: PROMOTE, actor: "ops", note: null, dryRun: false };
    expect(await operateRollout(desk, wish)).toMatchObject({ result: "running", staging: { actor: "ops" } });
    expect((await there.store.policyHeads.read(0))?.staged).not.toBeNull();
  });
});

describe("two gateways at one board", () => {
  function fleet() {
    const clock = new FakeClock();
    const board = createFakeBoard(clock);
    const join = (id: string) => {
      const world = gateway(id, null, clock);
      const reach: boolean[] = [];
      const runner = startBoardRunner({
        board,
        clock,
        id,
        card: () => "{}",
        book: world.book,
        onOrder: async ({ actor, note }) => void (await world.fake.control.recompile(actor, "rollout", note)),
        onLost: () => reach.push(false),
        onReached: () => reach.push(true),
      });
      return { ...world, runner, reach };
    };
    return { clock, board, one: join("gw_1"), two: join("gw_2") };
  }

  test("what is ordered at one holds at the other within a second, and in the other order, too", async () => {
    const { clock, one, two } = fleet();
    await Promise.all([one.offer(canary(25)), two.offer(canary(25))]);
    await one.operate(ABORT);
    await clock.advance(600);
    expect(two.weight()).toBe(0);
    expect(two.fake.control.snapshot().version).toBe(one.fake.control.snapshot().version);
    await two.operate({ verb: "set", weight: 50, arm: null });
    await clock.advance(600);
    expect(one.weight()).toBe(50);
    await one.operate({ verb: "release" });
    await clock.advance(600);
    expect(two.weight()).toBe(25);
  });

  test("one that has the new text earlier does not take the order from the other", async () => {
    const { clock, board, one, two } = fleet();
    await Promise.all([one.offer(canary(25)), two.offer(canary(25))]);
    await one.operate(ABORT);
    await clock.advance(600);
    await one.offer(canary(10));
    await clock.advance(2_000);
    expect([one.weight(), two.weight()]).toEqual([10, 0]);
    await two.offer(canary(10));
    await clock.advance(2_000);
    expect([one.weight(), two.weight()]).toEqual([10, 10]);
    expect(await board.orders()).toEqual(new Map());
  });

  test("an order over a text that has not come yet waits for it", async () => {
    const { clock, one, two } = fleet();
    await Promise.all([one.offer(canary(10)), two.offer(canary(25))]);
    await one.operate(ABORT);
    await clock.advance(600);
    expect(two.weight()).toBe(25);
    expect(two.ended).toEqual([]);
    await two.offer(canary(10));
    expect(two.weight()).toBe(0);
  });

  test("without the board each goes on alone, and they agree when it is back", async () => {
    const { clock, board, one, two } = fleet();
    await Promise.all([one.offer(canary(25)), two.offer(canary(25))]);
    board.reachable = false;
    await one.operate(ABORT);
    await clock.advance(2_000);
    expect([one.weight(), two.weight()]).toEqual([0, 25]);
    expect(one.reach).toEqual([false]);
    board.reachable = true;
    await clock.advance(2_000);
    expect(two.weight()).toBe(0);
    expect(one.reach).toEqual([false, true]);
    await board.putOrder("x", { at: 9, origin: "stranger" }, "no order at all");
    await clock.advance(1_000);
    expect(two.weight()).toBe(0);
    expect((await board.cards()).size).toBe(2);
    await Promise.all([one.runner.stop(), two.runner.stop()]);
    expect((await board.cards()).size).toBe(0);
  });
});
