import { describe, expect, test } from "bun:test";
import { BASE_DOCUMENT } from "../../../store/policy-heads.ts";
import { beginActivation } from "../activate.ts";
import { type FakeDesk, fakeDesk, inFile, policyWith } from "../fake-desk.ts";
import type { WatchStatus } from "../policy-acts.ts";
import { startActivationWatch, worseThan } from "./activation-watch.ts";
import { giveBack } from "./give-back.ts";
import { createVersionTally, type VersionTally } from "./version-tally.ts";

const MINUTE = 60_000;
const GUARD = "activation: { watch: 5m, max_error_rate_increase: 2%, min_requests: 50 }\n";
const guarded = (attempts: number) => policyWith(attempts) + GUARD;

interface World extends FakeDesk {
  readonly tally: VersionTally;
  /** Requests of a version that ended so. */
  seen(version: string, requests: number, errors: number): void;
  version(): string;
  watched(): WatchStatus | null;
}

function open(options: Parameters<typeof fakeDesk>[0] = {}): World {
  const told: { watch?: ReturnType<typeof startActivationWatch> } = {};
  const fake = fakeDesk({
    ...options,
    onActivated: (snapshot, previousVersion, via) => told.watch?.activated(snapshot, previousVersion, via),
  });
  const tally = createVersionTally(fake.clock.now.bind(fake.clock));
  told.watch = startActivationWatch({
    clock: fake.clock,
    control: fake.control,
    tally,
    giveBack: (worse) => giveBack(fake.desk, worse),
  });
  const one = (policyVersion: string, failed: boolean) =>
    tally.record({
      policyVersion,
      outcome: failed ? "failed" : "answered",
      fault: failed ? { kind: "exhausted", code: "exhausted" } : null,
      attempts: [],
    });
  return Object.assign(fake, {
    tally,
    seen(version: string, requests: number, errors: number) {
      for (let n = 0; n < requests; n++) one(version, n < errors);
    },
    version: () => fake.control.snapshot().version,
    watched: () => told.watch?.status() ?? null,
  });
}

describe("worse", () => {
  const guard = { watchMs: 1, maxIncrease: 0.02, minRequests: 50 };
  const of = (requests: number, errors: number) => ({ requests, errors });
  test.each([
    ["half of them", of(60, 30), of(200, 1), true],
    ["all of few", of(49, 49), of(200, 0), false],
    ["all, and nothing to compare with", of(500, 500), of(0, 0), false],
    ["as bad as before", of(500, 250), of(500, 250), false],
    ["a little more than before", of(200, 6), of(200, 2), false],
    ["a little more, over many requests", of(20_000, 1_600), of(20_000, 200), true],
    ["no more than is allowed, over many requests", of(100_000, 2_500), of(100_000, 1_000), false],
    ["better", of(500, 0), of(500, 250), false],
  ])("%s", (_what, newer, older, expected) => {
    expect(worseThan(newer, older, guard) !== null).toBe(expected);
  });
  test("says the numbers", () => {
    expect(worseThan(of(60, 30), of(200, 1), guard)).toMatch(/^30 of 60 requests failed.* at most \d/);
  });
});

describe("while a version takes over by steps", () => {
  async function staged(world: World) {
    const schedule = { startsAt: world.clock.now(), stepPercent: 20, stepEveryMs: 2 * MINUTE };
    const act = { actor: "ops", via: "activate", note: null } as const;
    const begun = await world.control.atNewest((turn) => turn.stage(inFile(policyWith(2)), schedule, act));
    if (begun.result !== "staged") throw new Error(begun.result);
    await world.clock.advance(1_000);
    return begun.version;
  }

  test("one that fails gives its traffic back, with the numbers, and stays out", async () => {
    const world = open();
    await world.control.offer(inFile(policyWith(1)), "start");
    const before = world.version();
    const newer = await staged(world);
    world.seen(newer, 80, 40);
    world.seen(before, 300, 1);
    await world.clock.advance(1_000);
    expect(world.control.split()).toBeNull();
    expect(world.version()).toBe(before);
    expect(world.audited.at(-1)).toMatchObject({
      action: "policy.returned",
      actor: "activation-watch",
      subject: newer,
      details: { requests: 80, errors: 40, requestsBefore: 300, errorsBefore: 1 },
    });
    expect(String(world.audited.at(-1)?.details.note)).toContain("40 of 80");
    await world.clock.advance(30 * MINUTE);
    expect(world.version()).toBe(before);
  });

  test("when the source has its text by then, that is held back until it is another", async () => {
    const world = open();
    await world.control.offer(inFile(policyWith(1)), "start");
    const before = world.version();
    const newer = await staged(world);
    await world.control.offer(inFile(policyWith(2)), "file");
    world.seen(newer, 80, 80);
    world.seen(before, 300, 1);
    await world.clock.advance(1_000);
    expect(world.control.status().pinned).toMatchObject({ version: before, actor: "activation-watch" });
    expect(await world.control.offer(inFile(policyWith(2)), "file")).toMatchObject({ result: "held" });
    await world.control.offer(inFile(policyWith(3)), "file");
    expect(world.control.status().pinned).toBeNull();
  });

  test("few requests, or the same errors on both, change nothing", async () => {
    const world = open();
    await world.control.offer(inFile(policyWith(1)), "start");
    const before = world.version();
    const newer = await staged(world);
    world.seen(newer, 30, 30);
    world.seen(before, 300, 0);
    await world.clock.advance(5_000);
    expect(world.control.split()?.share).toBe(20);
    world.seen(newer, 300, 0);
    world.seen(before, 300, 30);
    await world.clock.advance(5_000);
    expect(world.control.split()?.share).toBe(20);
  });

  test("in the store it is given back for every gateway", async () => {
    const world = open({ store: true });
    const documents = { [BASE_DOCUMENT]: policyWith(1) };
    await world.desk.heads?.write({ revision: 1, at: 0, actor: "seed", note: null, documents });
    await world.look();
    const before = world.version();
    const newer = await staged(world);
    world.seen(newer, 80, 80);
    world.seen(before, 300, 1);
    await world.clock.advance(1_000);
    expect(await world.desk.heads?.read(0)).toMatchObject({
      documents,
      staged: null,
    });
    expect(world.audited.at(-1)).toMatchObject({ action: "policy.returned", actor: "activation-watch" });
  });
});

describe("gateways of two environments on one store", () => {
  const documents = (attempts: number) => ({
    [BASE_DOCUMENT]: policyWith(attempts),
    dev: "use_cases: { chat: { deadline: 11s } }\n",
    prod: "use_cases: { chat: { deadline: 12s } }\n",
  });

  async function pair() {
    const dev = open({ store: true, environment: "dev" });
    const prod = open({ store: true, environment: "prod", beside: dev });
    const { clock } = dev;
    const seed = { revision: 1, at: 0, actor: "seed", note: null, documents: documents(1) };
    await dev.desk.heads?.write(seed);
    await dev.look();
    await prod.look();
    const begun = await beginActivation(dev.desk, {
      what: { text: documents(2)[BASE_DOCUMENT], file: "policy.yaml", environment: null },
      schedule: { startsAt: clock.now(), stepPercent: 50, stepEveryMs: 2 * MINUTE },
      actor: "ops",
      note: null,
    });
    if (begun.result !== "staged") throw new Error(begun.result);
    await prod.look();
    await clock.advance(1_000);
    return { dev, prod, look: prod.look, begun };
  }

  test("each counts the versions that it serves itself, and gives back what fails there", async () => {
    const { prod, begun } = await pair();
    const split = prod.control.split();
    if (!split) throw new Error("nothing takes over");
    expect(split.newer.version).not.toBe(begun.version);
    prod.seen(split.newer.version, 80, 60);
    prod.seen(split.older.version, 300, 1);
    expect(prod.watched()).toMatchObject({
      version: split.newer.version,
      previousVersion: split.older.version,
      newer: { requests: 80, errors: 60 },
      older: { requests: 300, errors: 1 },
    });
    await prod.clock.advance(1_000);
    expect(await prod.desk.heads?.read(0)).toMatchObject({ staged: null });
    expect(prod.audited.at(-1)).toMatchObject({
      action: "policy.returned",
      details: { requests: 80, errors: 60 },
    });
  });

  test("one that has taken over is watched on there, with what it had meanwhile", async () => {
    const { prod, look } = await pair();
    const newer = prod.control.split()?.newer.version ?? "";
    prod.seen(newer, 10, 0);
    await prod.clock.advance(2 * MINUTE);
    await look();
    expect(prod.version()).toBe(newer);
    expect(prod.watched()).toMatchObject({ version: newer, newer: { requests: 10, errors: 0 } });
  });
});

test("another environment's overlay takes over: here the version is the same, and an outage is nobody's fault", async () => {
  const dev = open({ store: true, environment: "dev" });
  const prod = open({ store: true, environment: "prod", beside: dev });
  const seed = { revision: 1, at: 0, actor: "seed", note: null, documents: { [BASE_DOCUMENT]: guarded(1) } };
  await dev.desk.heads?.write(seed);
  await dev.look();
  await prod.look();
  dev.seen(dev.version(), 400, 0);
  await dev.clock.advance(10_000);
  const text = "use_cases: { chat: { deadline: 12s } }\n";
  await beginActivation(prod.desk, {
    what: { text, file: "policy.prod.yaml", environment: "prod" },
    schedule: { startsAt: dev.clock.now(), stepPercent: 10, stepEveryMs: 2 * MINUTE },
    actor: "ops",
    note: null,
  });
  await dev.look();
  dev.seen(dev.version(), 400, 400);
  await dev.clock.advance(5_000);
  expect(dev.watched()).toBeNull();
  expect(prod.watched()).not.toBeNull();
  expect((await dev.desk.heads?.read(0))?.staged?.plan.actor).toBe("ops");
});

describe("what operators lay over the text meanwhile", () => {
  const output = (tokens: number) => (text: string) =>
    text.replace(/max_output_tokens: 40\d*/, `max_output_tokens: ${tokens}`);

  /** An order of a rollout or an alias would change other words; it is the version's name that counts. */
  function ordered() {
    const laid = { by: (text: string) => text };
    const world = open({
      overlay: {
        lay: (sources) => sources.map(({ file, text }) => ({ file, text: laid.by(text) })),
        list: () => [],
        settle() {},
      },
    });
    const order = async (change: (text: string) => string) => {
      laid.by = change;
      await world.control.recompile("ops-2", "alias");
    };
    return { world, order };
  }

  test("of a version after a save: it is watched on under its new name, with what it had", async () => {
    const { world, order } = ordered();
    await world.control.offer(inFile(guarded(1)), "start");
    world.seen(world.version(), 100, 1);
    await order(output(401));
    const before = world.version();
    world.seen(before, 100, 1);
    await world.control.offer(inFile(guarded(2)), "file");
    const saved = world.version();
    world.seen(saved, 30, 30);
    await order(output(402));
    expect(world.version()).not.toBe(saved);
    world.seen(world.version(), 30, 30);
    expect(world.watched()).toMatchObject({
      version: world.version(),
      newer: { requests: 60, errors: 60 },
      older: { requests: 200, errors: 2 },
    });
    await world.clock.advance(1_000);
    expect(world.version()).toBe(before);
    expect(world.audited.at(-1)).toMatchObject({ action: "policy.returned", actor: "activation-watch" });
  });

  test("while a version takes over by steps: both are compared on, with what they had", async () => {
    const { world, order } = ordered();
    await world.control.offer(inFile(policyWith(1)), "start");
    const schedule = { startsAt: world.clock.now(), stepPercent: 20, stepEveryMs: 2 * MINUTE };
    const act = { actor: "ops", via: "activate", note: null } as const;
    await world.control.atNewest((turn) => turn.stage(inFile(policyWith(2)), schedule, act));
    await world.clock.advance(1_000);
    const seen = (newer: number, older: number) => {
      const split = world.control.split();
      world.seen(split?.newer.version ?? "", newer, newer);
      world.seen(split?.older.version ?? "", older, 0);
    };
    seen(40, 150);
    await order(output(401));
    seen(40, 150);
    expect(world.watched()).toMatchObject({ newer: { requests: 80 }, older: { requests: 300 } });
    await world.clock.advance(1_000);
    expect(world.control.split()).toBeNull();
  });

  test("a verb that changes the store's text ends no comparison, and begins none with what was bad", async () => {
    const world = open({ store: true });
    const documents = { [BASE_DOCUMENT]: guarded(1) };
    await world.desk.heads?.write({ revision: 1, at: 0, actor: "seed", note: null, documents });
    await world.look();
    const before = world.version();
    world.seen(before, 200, 1);
    const replace = (via: "push" | "edit", text: string) =>
      world.control.atNewest((turn) =>
        turn.replace({ [BASE_DOCUMENT]: text }, { actor: "ops", via, note: null }),
      );
    await replace("push", guarded(2));
    world.seen(world.version(), 30, 30);
    await replace("edit", output(401)(guarded(2)));
    world.seen(world.version(), 30, 30);
    expect(world.watched()).toMatchObject({ previousVersion: before, newer: { requests: 60 } });
    await world.clock.advance(1_000);
    expect(world.version()).toBe(before);
    await replace("edit", output(402)(guarded(1)));
    expect(world.watched()).toMatchObject({ previousVersion: before });
  });
});

describe("once a version is in force", () => {
  test("it is watched for as long as its policy says, and gives back to the one before", async () => {
    const world = open();
    await world.control.offer(inFile(guarded(1)), "start");
    const before = world.version();
    world.seen(before, 200, 2);
    await world.clock.advance(MINUTE);
    await world.control.offer(inFile(guarded(2)), "file");
    const bad = world.version();
    world.seen(bad, 60, 50);
    await world.clock.advance(1_000);
    expect(world.version()).toBe(before);
    expect(world.control.status().pinned).toMatchObject({ version: before, actor: "activation-watch" });
    expect(await world.control.offer(inFile(guarded(2)), "file")).toMatchObject({ result: "held" });
    expect(world.audited.at(-1)).toMatchObject({ action: "policy.returned", subject: before });
    const [newest] = await world.desk.activations.list(1);
    expect(newest).toMatchObject({ result: "rolled_back", actor: "activation-watch" });
    // A person says otherwise, and is believed for as long as it is not worse again.
    await world.control.unpin({ actor: "ops", via: "unpin", note: null });
    expect(world.version()).toBe(bad);
  });

  test("not afterwards, not without the section, and not where a person went back", async () => {
    const late = open();
    await late.control.offer(inFile(guarded(1)), "start");
    late.seen(late.version(), 200, 0);
    await late.control.offer(inFile(guarded(2)), "file");
    await late.clock.advance(6 * MINUTE);
    late.seen(late.version(), 200, 200);
    const kept = late.version();
    await late.clock.advance(MINUTE);
    expect(late.version()).toBe(kept);

    const plain = open();
    await plain.control.offer(inFile(policyWith(1)), "start");
    plain.seen(plain.version(), 200, 0);
    await plain.control.offer(inFile(policyWith(2)), "file");
    plain.seen(plain.version(), 200, 200);
    const bad = plain.version();
    await plain.clock.advance(MINUTE);
    expect(plain.version()).toBe(bad);
  });
});
