import { describe, expect, test } from "bun:test";
import type { Attempt } from "../../../core/decision.ts";
import type { FaultKind } from "../../../core/faults.ts";
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

describe("what is counted", () => {
  test("what the policy could be blamed for, and no copies", () => {
    const tally = createVersionTally(() => 1_000_000);
    const record = (
      outcome: "answered" | "degraded" | "failed" | "cancelled",
      kind?: string,
      shadowOf?: string,
    ) =>
      tally.record({
        policyVersion: "v",
        outcome,
        fault: kind === undefined ? null : { kind: kind as "exhausted", code: kind },
        attempts: [],
        ...(shadowOf !== undefined && { shadowOf }),
      });
    record("answered");
    record("degraded", "exhausted");
    for (const kind of ["outage", "exhausted", "provider_auth", "throttled", "internal"])
      record("failed", kind);
    expect(tally.count("v", 0)).toEqual({ requests: 7, errors: 6 });
    for (const kind of ["invalid", "rate_limited", "filtered", "unauthenticated", "cancelled"])
      record("failed", kind);
    record("cancelled", "cancelled");
    record("failed", "exhausted", "dec_1");
    expect(tally.count("v", 0)).toEqual({ requests: 7, errors: 6 });
    expect(tally.count("w", 0)).toEqual({ requests: 0, errors: 0 });
  });

  const tried = { rung: "primary", deployment: "a", model: "m", provider: "p", region: "r" } as const;
  const took = { startedAtMs: 0, waitedMs: 0, durationMs: 0, cost: null };
  const passedOver: Attempt = { ...tried, ...took, result: "skipped", skipped: "cost_ceiling" };
  const called: Attempt = { ...tried, ...took, result: "fault" };
  const summary: Attempt = { ...tried, ...took, result: "ok", purpose: "overflow_summary" };
  test.each<[string, FaultKind, string, readonly Attempt[], number]>([
    ["refused by all for what it needs", "invalid", "no_candidate", [], 1],
    ["too dear for all", "invalid", "no_candidate", [passedOver, passedOver], 1],
    ["too long for all", "context_overflow", "context_length_exceeded", [], 1],
    ["too long for all with its summary, too", "context_overflow", "context_length_exceeded", [summary], 1],
    ["too long as a model says", "context_overflow", "context_length_exceeded", [called], 0],
    ["a field that is none", "invalid", "invalid_request", [], 0],
  ])("%s: %s with %s", (_what, kind, code, attempts, errors) => {
    const tally = createVersionTally(() => 1_000_000);
    tally.record({ policyVersion: "v", outcome: "failed", fault: { kind, code }, attempts });
    expect(tally.count("v", 0)).toEqual({ requests: errors, errors });
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
