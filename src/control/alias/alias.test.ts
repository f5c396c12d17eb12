/** An alias moved: in a text, at a running gateway over a text from elsewhere, and in the store. */
import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import type { Result } from "../../core/faults.ts";
import { BASE_POLICY, compileTexts } from "../../policy/fake-policy.ts";
import { BASE_DOCUMENT } from "../../store/policy-heads.ts";
import { createFakeBoard } from "../../store/shared-state/fake-board.ts";
import { startBoardRunner } from "../fleet/board-runner.ts";
import type { PartChange } from "../policy/edit/open-part.ts";
import { type FakeDesk, fakeDesk, inFile } from "../policy/fake-desk.ts";
import { rollBack } from "../policy/rollback.ts";
import { operateRollout, type RolloutDesk, type RolloutOrder, type RolloutWish } from "../rollout/operate.ts";
import { createOverrideBook, type KeptBook } from "../rollout/override-book.ts";
import { listModelAliases } from "./list.ts";
import { moveAlias } from "./move.ts";
import { aliasSubject } from "./open-alias.ts";

const MODELS = `  "2026": { context_window: 1000, version: "2026-05" }\n`;
const DEPLOYED = "  new-us: { model: '2026', provider: sim, model_id: n, region: us-east-1 }\n";

/** The base, served by an alias that is written as `alias`. */
function policy(alias: string, more = ""): string {
  const base = BASE_POLICY.replace("deployments:\n", `${MODELS}deployments:\n${DEPLOYED}`);
  return `${base.replace("primary: large@us-east-1", "primary: best")}${more}model_aliases:\n  best: ${alias} # ours\n`;
}

function changed(result: Result<PartChange>): PartChange {
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

function move(text: string, model: string, note: string | null = null): Result<PartChange> {
  return moveAlias(inFile(text), { alias: "best", model, note });
}

function targetOf(text: string): string | undefined {
  const { snapshot, findings } = compileTexts(text);
  if (!snapshot) throw new Error(findings.map(({ message }) => message).join());
  return snapshot.modelAliases.get("best")?.model;
}

describe("in a text", () => {
  test("one word changes, and no comment", () => {
    const change = changed(move(policy("large"), "small"));
    expect(change.after).toBe(policy("small"));
    expect(change.changes).toEqual(["model_aliases.best: large → small"]);
    expect(changed(move(policy("large"), "large"))).toMatchObject({ changes: [], after: policy("large") });
  });

  test.each(["large", '"large"', "'large'", "{ model: large }", '{ "model": "large", }'])(
    "%s becomes a model whose name is a number",
    (written) => {
      expect(targetOf(changed(move(policy(written), "2026")).after)).toBe("2026");
    },
  );

  test("a note is about the model it was written for", () => {
    const noted = policy('{ model: large, note: "passed EV-112, 5% better" }');
    expect(move(noted, "small")).toMatchObject({ ok: false, fault: { code: "note_needed" } });
    const change = changed(move(noted, "small", 'EV-113: "fine" # really'));
    expect(compileTexts(change.after).snapshot?.modelAliases.get("best")).toEqual({
      model: "small",
      note: 'EV-113: "fine" # really',
    });
    const block = policy("\n    model: large\n    note: |\n      passed\n      EV-112\n");
    expect(move(block, "small", "EV-113")).toMatchObject({
      ok: false,
      fault: { code: "policy_not_editable", message: expect.stringContaining("several lines") },
    });
  });

  test("of several texts the last one that says so is changed", () => {
    const overlay = (model: string) => ({ file: "eu.yaml", text: `model_aliases:\n  best: ${model}\n` });
    const base = { file: "policy.yaml", text: policy("large") };
    const change = changed(moveAlias([base, overlay("small")], { alias: "best", model: "2026", note: null }));
    expect(change).toMatchObject({ file: "eu.yaml", after: overlay('"2026"').text });
    const other = { file: "eu.yaml", text: "circuit: { probes: 2 }\n" };
    expect(changed(moveAlias([base, other], { alias: "best", model: "small", note: null })).file).toBe(
      "policy.yaml",
    );
  });

  test.each([
    [policy("large"), "smal", "invalid", "unknown_model", 'Did you mean "small"?'],
    [
      policy("large").replaceAll("best", "bets"),
      "small",
      "not_found",
      "unknown_alias",
      'Did you mean "bets"?',
    ],
    [BASE_POLICY, "small", "not_found", "unknown_alias", "model_aliases"],
    ["version: [", "small", "invalid", "policy_invalid", "validate"],
    [policy("&a large"), "small", "invalid", "policy_not_editable", "anchor"],
  ] as const)("what cannot be is said: %#", (text, model, kind, code, words) => {
    expect(move(text, model)).toMatchObject({
      ok: false,
      fault: { kind, code, message: expect.stringContaining(words) },
    });
  });
});

function gateway(kept: KeptBook | null = null, origin = "gw_1", clock = new FakeClock()) {
  const ended: string[] = [];
  const saved: { last: KeptBook | null } = { last: kept };
  const overrides = createOverrideBook({
    kept,
    origin,
    now: () => clock.now(),
    async save(book) {
      saved.last = structuredClone(book);
    },
    onEnded: ({ rollout }) => ended.push(rollout),
  });
  const fake = fakeDesk({ overlay: overrides, clock });
  const desk: RolloutDesk = {
    ...fake.desk,
    overrides,
    audit: async (record) => void fake.audited.push(record),
  };
  return {
    fake,
    clock,
    ended,
    saved,
    overrides,
    order: (order: RolloutOrder, change: Partial<RolloutWish> = {}) =>
      operateRollout(desk, wish(order, change)),
    offer: (text: string) => fake.control.offer(inFile(text), "file"),
    served: () => servedBy(fake),
  };
}

function wish(order: RolloutOrder, change: Partial<RolloutWish> = {}): RolloutWish {
  return { rollout: aliasSubject("best"), order, actor: "ops", note: null, dryRun: false, ...change };
}

const toSmall: RolloutOrder = { verb: "move", model: "small" };

/** The model that is asked first. */
function servedBy({ control }: FakeDesk): string | undefined {
  return control.snapshot().useCases.get("chat")?.ladder[0]?.model;
}

describe("over a text from elsewhere", () => {
  test("in force at once, audited, in the history and the status", async () => {
    const one = gateway();
    await one.offer(policy("large"));
    const before = one.fake.control.snapshot().version;
    expect(await one.order(toSmall, { dryRun: true })).toMatchObject({ result: "valid" });
    expect(one.served()).toBe("large");
    expect(await one.order(toSmall, { note: "EV-112" })).toMatchObject({
      result: "applied",
      where: "override",
      changes: ["model_aliases.best: large → small"],
      summary: ["alias best: large → small"],
      previousVersion: before,
    });
    expect(one.served()).toBe("small");
    const [newest] = await one.fake.desk.activations.list(1);
    expect(newest).toMatchObject({ actor: "ops", note: "EV-112", summary: ["alias best: large → small"] });
    expect(one.fake.audited.at(-1)).toMatchObject({
      action: "model_alias.moved",
      subject: "best",
      details: { note: "EV-112", changes: ["model_aliases.best: large → small"] },
    });
    const { overrides = [] } = one.fake.control.status();
    expect(overrides).toMatchObject([{ rollout: "alias:best", verb: "move", values: ["small"] }]);
    expect(listModelAliases(one.fake.control.snapshot(), overrides)).toMatchObject([
      { alias: "best", model: "small", useCases: ["chat"], override: { actor: "ops" } },
    ]);
    expect(await one.order(toSmall)).toMatchObject({ result: "unchanged" });
  });

  test("holds while anything else changes, and ends when its own text does", async () => {
    const one = gateway();
    await one.offer(policy("large"));
    await one.order(toSmall);
    await one.offer(policy("large", "circuit: { probes: 2 }\n"));
    expect(one.fake.control.snapshot().circuit.probes).toBe(2);
    expect([one.served(), one.ended]).toEqual(["small", []]);
    await one.offer(policy('"2026"'));
    expect([one.served(), one.ended]).toEqual(["2026", ["alias:best"]]);
    await one.offer(policy("large"));
    expect(one.served()).toBe("large");
  });

  test("ends with its model: a text that no longer has it is not held up", async () => {
    const one = gateway();
    await one.offer(policy("large"));
    await one.order({ verb: "move", model: "2026" });
    const without = policy("large").replace(MODELS, "").replace(DEPLOYED, "");
    expect(await one.offer(without)).toMatchObject({ result: "activated" });
    expect([one.served(), one.ended]).toEqual(["large", ["alias:best"]]);
  });

  test("survives a restart; release and rollback give it back", async () => {
    const one = gateway();
    await one.offer(policy("large"));
    const first = one.fake.control.snapshot().version;
    await one.clock.advance(10);
    await one.order(toSmall);
    const next = gateway(one.saved.last);
    await next.offer(policy("large"));
    expect(next.served()).toBe("small");
    expect(await next.order({ verb: "release" })).toMatchObject({ result: "applied" });
    expect(next.served()).toBe("large");
    expect(next.fake.audited.at(-1)).toMatchObject({ action: "model_alias.released", subject: "best" });
    await one.clock.advance(10);
    await rollBack(one.fake.desk, { version: null, actor: "ops", note: null });
    expect(one.fake.control.snapshot().version).toBe(first);
    expect([one.served(), one.ended]).toEqual(["large", ["alias:best"]]);
  });

  test("a rollout of the same name has an order of its own", async () => {
    const one = gateway();
    const canary = "rollouts: [{ name: best, canary: { candidate: small, weight: 25 } }]\n";
    await one.offer(policy("large", canary));
    await one.order({ verb: "abort" }, { rollout: "best" });
    await one.order({ verb: "move", model: "2026" });
    expect(one.fake.control.status().overrides).toMatchObject([
      { rollout: "best" },
      { rollout: "alias:best" },
    ]);
    expect(one.served()).toBe("2026");
    expect(one.fake.control.snapshot().useCases.get("chat")?.rollouts[0]?.arms[1]?.weight).toBe(0);
  });

  test("what breaks a promise of the policy's tests is refused, and moves nothing", async () => {
    const one = gateway();
    const promise = "tests: [{ name: t, request: { use_case: chat }, expect: { primary: large } }]\n";
    await one.offer(policy("large", promise));
    expect(await one.order(toSmall)).toMatchObject({
      result: "refused",
      findings: expect.arrayContaining([expect.objectContaining({ code: "failed_test" })]),
    });
    expect(one.served()).toBe("large");
    expect(await one.order({ verb: "move", model: "gone" })).toMatchObject({
      result: "fault",
      fault: { code: "unknown_model" },
    });
  });

  test("reaches both versions of an activation by steps", async () => {
    const one = gateway();
    await one.offer(policy("large"));
    const schedule = { startsAt: one.clock.now(), stepPercent: 50, stepEveryMs: 60_000 };
    const next = inFile(policy("large", "circuit: { probes: 2 }\n"));
    await one.fake.control.atNewest((turn) =>
      turn.stage(next, schedule, { actor: "ops", via: "activate", note: null }),
    );
    await one.order(toSmall);
    expect(one.fake.control.split()?.newer.modelAliases.get("best")?.model).toBe("small");
    expect(one.served()).toBe("small");
  });
});

test("in the store the text is changed, and its note with it", async () => {
  const fake = fakeDesk({ store: true });
  const text = policy("{ model: large, note: EV-1 }");
  const documents = { [BASE_DOCUMENT]: text };
  await fake.desk.heads?.write({ revision: 1, at: 0, actor: "seed", note: null, documents });
  await fake.look();
  const desk: RolloutDesk = { ...fake.desk, overrides: null, audit: async () => {} };
  expect(await operateRollout(desk, wish(toSmall, { note: "EV-2" }))).toMatchObject({
    result: "applied",
    where: "store",
  });
  expect(servedBy(fake)).toBe("small");
  const head = await fake.desk.heads?.read(0);
  expect(head?.documents[BASE_DOCUMENT]).toBe(policy("{ model: small, note: EV-2 }"));
  expect(await operateRollout(desk, wish({ verb: "release" }))).toMatchObject({
    fault: { code: "nothing_to_release" },
  });
});

test("two gateways at one board: what is ordered at one holds at the other, once its text has the model", async () => {
  const clock = new FakeClock();
  const board = createFakeBoard(clock);
  const join = (id: string) => {
    const world = gateway(null, id, clock);
    startBoardRunner({
      board,
      clock,
      id,
      card: () => "{}",
      book: world.overrides,
      onOrder: async ({ actor, note }) => void (await world.fake.control.recompile(actor, "alias", note)),
      onLost: () => {},
      onReached: () => {},
    });
    return world;
  };
  const [one, two] = [join("gw_1"), join("gw_2")];
  const without = policy("large").replace(MODELS, "").replace(DEPLOYED, "");
  await Promise.all([one.offer(policy("large")), two.offer(without)]);
  await one.order({ verb: "move", model: "2026" });
  await clock.advance(600);
  expect([one.served(), two.served(), two.ended]).toEqual(["2026", "large", []]);
  await two.offer(policy("large"));
  expect(two.served()).toBe("2026");
  await two.order(toSmall);
  await clock.advance(600);
  expect(one.served()).toBe("small");
});
