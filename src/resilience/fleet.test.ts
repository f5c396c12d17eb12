import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Deployment } from "../core/deployment.ts";
import { FakeClock } from "../core/fake-clock.ts";
import type { CircuitSettings } from "../core/settings.ts";
import { createFakeHub, type FakeHub } from "../store/shared-state/fake-shared-state.ts";
import type { CircuitOrder } from "./circuit-order.ts";
import { byId, circuitSettings, deployment, plan } from "./fake-plan.ts";
import { stageWith } from "./fake-provider.ts";
import { createFleet } from "./fleet.ts";
import { createHealth, type Health } from "./health.ts";

const a = deployment("a");
const b = deployment("b", { quotaGroup: a.quotaGroup });
const OPEN_MS = circuitSettings.openMs;

interface ReplicaParts {
  readonly clock: FakeClock;
  /** Null: it shares nothing. */
  readonly hub: FakeHub | null;
  readonly origin: string;
  readonly settings?: CircuitSettings;
  /** What an earlier process has left, and this one keeps. */
  readonly kept?: Map<string, CircuitOrder>;
}

function replicaOf({ clock, hub, origin, settings = circuitSettings, kept = new Map() }: ReplicaParts) {
  const shared = hub?.connect() ?? null;
  const forgotten: string[] = [];
  const orders = {
    keep: (order: CircuitOrder) => void kept.set(order.deployment, order),
    forget({ deployment: id }: CircuitOrder, why: string) {
      kept.delete(id);
      forgotten.push(`${id} ${why}`);
    },
  };
  const fleet = createFleet({ shared, clock, origin, orders });
  const health = createHealth(clock, fleet.link);
  const serve = (...deployments: readonly Deployment[]) => health.reconfigure(byId(deployments), settings);
  serve(a, b);
  fleet.join(health);
  for (const order of [...kept.values()]) fleet.restore(order);
  const reachable = (is: boolean) => shared?.reachable(is);
  return {
    health,
    kept,
    forgotten,
    serve,
    restore: fleet.restore,
    reachable,
    stop: async () => shared?.close(),
  };
}

function fleetOf(count: number, change: Partial<CircuitSettings> = {}) {
  const clock = new FakeClock();
  const hub = createFakeHub(clock);
  const settings = { ...circuitSettings, ...change };
  const replicas = Array.from({ length: count }, (_, index) =>
    replicaOf({ clock, hub, origin: `replica-${index}`, settings }),
  );
  return { clock, hub, replicas, settle: () => clock.advance(0) };
}

type Replica = ReturnType<typeof fleetOf>["replicas"][number];

function first<T>(list: readonly T[]): T {
  const [found] = list;
  if (found === undefined) throw new Error("nobody");
  return found;
}

function fail({ health }: Replica, clock: FakeClock, id = "a"): void {
  for (let count = 0; count < circuitSettings.consecutiveFailures; count++) {
    const permit = health.admit(id, clock.now());
    if (typeof permit !== "string") permit.settle("bad", clock.now());
  }
}

const rowOf = ({ health }: Replica, clock: FakeClock) => first(health.report(clock.now()));
const states = (replicas: readonly Replica[], clock: FakeClock) =>
  replicas.map((replica) => rowOf(replica, clock).state);

/** A permit to probe that the fleet has granted too; null where it has not. */
async function probe({ health }: Replica, clock: FakeClock) {
  const permit = health.admit("a", clock.now());
  if (typeof permit === "string") return null;
  const granted = await (health.claimProbe("a", permit) ?? true);
  if (granted) return permit;
  permit.settle("none", clock.now());
  return null;
}

describe("what one replica finds out", () => {
  test("the others know at once, for as long as it lasts", async () => {
    const { clock, replicas, settle } = fleetOf(3);
    fail(first(replicas), clock);
    await settle();
    expect(states(replicas, clock)).toEqual(["open", "open", "open"]);
    for (const { health } of replicas) {
      expect(health.openReason("a")).toBe("failures");
      expect(health.blockedUntil("a", clock.now())).toBe(clock.now() + OPEN_MS);
      expect(health.openReason("b")).toBeNull();
    }
  });

  test("a quota that cools down does so everywhere", async () => {
    const { clock, replicas, settle } = fleetOf(2);
    first(replicas).health.coolUntil(a.quotaGroup, clock.now() + 3000);
    await settle();
    for (const { health } of replicas) {
      expect(health.blocked("b", clock.now())).toBe("cooling_down");
      expect(health.blockedUntil("b", clock.now())).toBe(clock.now() + 3000);
    }
  });

  test("a cooldown that runs out before it could be told ends nobody else's", async () => {
    const { clock, replicas, settle } = fleetOf(2);
    const [one, two] = replicas;
    if (!one || !two) throw new Error("nobody");
    one.reachable(false);
    one.health.coolUntil(a.quotaGroup, clock.now() + 2000);
    await clock.advance(5000);
    two.health.coolUntil(a.quotaGroup, clock.now() + 3_600_000);
    one.reachable(true);
    await settle();
    expect(replicas.map(({ health }) => health.admit("a", clock.now()))).toEqual([
      "cooling_down",
      "cooling_down",
    ]);
  });

  test("a cooldown that an operator ends is over everywhere, also where nobody could be told", async () => {
    const { clock, replicas, settle } = fleetOf(3);
    const [one, two, cutOff] = replicas;
    if (!one || !two || !cutOff) throw new Error("nobody");
    const cooling = () => replicas.map(({ health }) => health.blocked("b", clock.now()));
    one.health.coolUntil(a.quotaGroup, clock.now() + 86_400_000);
    await settle();
    expect(cooling()).toEqual(["cooling_down", "cooling_down", "cooling_down"]);
    cutOff.reachable(false);
    await clock.advance(1000);
    two.health.reset("a", "ops");
    await clock.advance(60_000);
    expect(cooling()).toEqual([null, null, "cooling_down"]);
    cutOff.reachable(true);
    await settle();
    expect(cooling()).toEqual([null, null, null]);
    one.health.coolUntil(a.quotaGroup, clock.now() + 3000);
    await settle();
    expect(cooling()).toEqual(["cooling_down", "cooling_down", "cooling_down"]);
  });

  test("a replica that was cut off learns it when it is back, with what is left of it", async () => {
    const { clock, replicas, settle } = fleetOf(2);
    const [one, two] = replicas;
    if (!one || !two) throw new Error("nobody");
    two.reachable(false);
    fail(one, clock);
    await clock.advance(2000);
    expect(states(replicas, clock)).toEqual(["open", "closed"]);
    two.reachable(true);
    await settle();
    expect(two.health.blockedUntil("a", clock.now())).toBe(clock.now() + OPEN_MS - 2000);
  });
});

describe("probes of a half-open circuit", () => {
  test("are as many as the settings say, over all replicas, and close it everywhere", async () => {
    const { clock, replicas, settle } = fleetOf(3, { probes: 2 });
    fail(first(replicas), clock);
    await clock.advance(OPEN_MS);
    const permits = await Promise.all(
      replicas.flatMap((replica) => [probe(replica, clock), probe(replica, clock)]),
    );
    const granted = permits.filter((permit) => permit !== null);
    expect(granted).toHaveLength(2);
    for (const permit of granted) permit.settle("good", clock.now(), 100);
    await settle();
    expect(states(replicas, clock)).toEqual(["closed", "closed", "closed"]);
  });

  test("one that fails opens it everywhere, for twice as long, whoever had opened it first", async () => {
    const { clock, replicas, settle } = fleetOf(3);
    fail(first(replicas), clock);
    await clock.advance(OPEN_MS);
    const last = replicas.at(-1);
    const permit = last && (await probe(last, clock));
    permit?.settle("bad", clock.now());
    await settle();
    for (const replica of replicas) {
      expect(rowOf(replica, clock)).toMatchObject({ state: "open", nextProbeAt: clock.now() + 2 * OPEN_MS });
    }
  });

  test("one without a verdict is another replica's", async () => {
    const { clock, replicas } = fleetOf(2);
    const [one, two] = replicas;
    if (!one || !two) throw new Error("nobody");
    fail(one, clock);
    await clock.advance(OPEN_MS);
    const permit = await probe(one, clock);
    expect(await probe(two, clock)).toBeNull();
    permit?.settle("none", clock.now());
    await clock.advance(100);
    expect(await probe(two, clock)).not.toBeNull();
  });

  test("where nobody can be asked, each replica decides for itself", async () => {
    const { clock, replicas } = fleetOf(2);
    fail(first(replicas), clock);
    await clock.advance(OPEN_MS);
    for (const replica of replicas) {
      replica.reachable(false);
      const permit = await probe(replica, clock);
      expect(permit).not.toBeNull();
      permit?.settle("good", clock.now());
      expect(rowOf(replica, clock).state).toBe("closed");
    }
  });
});

describe("an operator's word", () => {
  test("reaches every replica, and outlasts what circuits find out", async () => {
    const { clock, replicas, settle } = fleetOf(2);
    const [one, two] = replicas;
    if (!one || !two) throw new Error("nobody");
    two.reachable(false);
    one.health.forceOpen("a", "ops");
    await clock.advance(1000);
    fail(two, clock);
    two.reachable(true);
    await settle();
    await clock.advance(10 * OPEN_MS);
    expect(replicas.map(({ health }) => health.isOrderedOpen("a"))).toEqual([true, true]);
    two.health.reset("a", "ops");
    await settle();
    expect(states(replicas, clock)).toEqual(["closed", "closed"]);
  });

  test("for a time ends in probes, as any opening does", async () => {
    const { clock, replicas, settle } = fleetOf(2);
    const [one, two] = replicas;
    if (!one || !two) throw new Error("nobody");
    one.health.forceOpen("a", "ops", clock.now() + 60_000);
    await settle();
    await clock.advance(59_999);
    expect(await probe(two, clock)).toBeNull();
    await clock.advance(1);
    expect(two.health.isOrderedOpen("a")).toBe(false);
    (await probe(two, clock))?.settle("good", clock.now());
    await settle();
    expect(states(replicas, clock)).toEqual(["closed", "closed"]);
  });

  test("a reset that comes late closes nothing that has opened since", async () => {
    const { clock, replicas, settle } = fleetOf(2);
    const [one, two] = replicas;
    if (!one || !two) throw new Error("nobody");
    one.reachable(false);
    one.health.reset("a", "ops");
    await clock.advance(10);
    fail(two, clock);
    one.reachable(true);
    await settle();
    expect(states(replicas, clock)).toEqual(["open", "open"]);
  });
});

describe("an order is not learnt anew", () => {
  const isOut = ({ health }: Replica, id = "a") => health.isOrderedOpen(id);
  const pair = (replicas: readonly Replica[]): readonly [Replica, Replica] => {
    const [one, two] = replicas;
    if (!one || !two) throw new Error("nobody");
    return [one, two];
  };

  test("a process that follows another one brings it back, with who gave it and until when", async () => {
    const clock = new FakeClock();
    const first = replicaOf({ clock, hub: null, origin: "one" });
    first.health.forceOpen("a", "ops-1");
    first.health.forceOpen("b", "ops-2", clock.now() + 60_000);
    expect([...first.kept.values()]).toMatchObject([
      { deployment: "a", verb: "force-open", until: null, by: "ops-1" },
      { deployment: "b", verb: "force-open", until: clock.now() + 60_000, by: "ops-2" },
    ]);
    await clock.advance(59_000);
    const second = replicaOf({ clock, hub: null, origin: "two", kept: first.kept });
    expect([isOut(second, "a"), isOut(second, "b")]).toEqual([true, true]);
    await clock.advance(1000);
    expect([isOut(second, "a"), isOut(second, "b")]).toEqual([true, false]);
    const third = replicaOf({ clock, hub: null, origin: "three", kept: second.kept });
    expect([isOut(third, "a"), isOut(third, "b")]).toEqual([true, false]);
    expect(third.forgotten).toEqual(["b over"]);
    third.health.reset("a", "ops");
    const fourth = replicaOf({ clock, hub: null, origin: "four", kept: third.kept });
    expect(isOut(fourth, "a")).toBe(false);
  });

  test("a replica that joins after what they share was lost hears it from those that know", async () => {
    const { clock, hub, replicas, settle } = fleetOf(2);
    const [one, two] = pair(replicas);
    one.health.forceOpen("a", "ops-1");
    two.health.forceOpen("b", "ops", clock.now() + 60_000);
    await settle();
    for (const replica of replicas) replica.reachable(false);
    hub.lose();
    await clock.advance(10_000);
    two.reachable(true);
    const late = replicaOf({ clock, hub, origin: "late" });
    await settle();
    expect([isOut(late, "a"), isOut(late, "b")]).toEqual([true, true]);
    expect(late.kept.get("a")).toMatchObject({ by: "ops-1", until: null });
    await clock.advance(50_000);
    expect([isOut(late, "a"), isOut(late, "b")]).toEqual([true, false]);
  });

  test("a reset that was given meanwhile wins over the older order that a process brings back", async () => {
    const { clock, hub, replicas, settle } = fleetOf(2);
    const [one, two] = pair(replicas);
    one.health.forceOpen("a", "ops");
    await settle();
    await one.stop();
    two.health.reset("a", "ops");
    const again = replicaOf({ clock, hub, origin: "again", kept: one.kept });
    await settle();
    expect([isOut(again), isOut(two)]).toEqual([false, false]);
    expect(again.kept.get("a")).toMatchObject({ verb: "reset" });

    // Also where nobody but the replica that heard the reset remembers it.
    two.health.forceOpen("a", "ops");
    await settle();
    const before = new Map(again.kept);
    await again.stop();
    two.health.reset("a", "ops");
    two.reachable(false);
    hub.lose();
    const third = replicaOf({ clock, hub, origin: "third", kept: before });
    expect(isOut(third)).toBe(true);
    two.reachable(true);
    await settle();
    expect([isOut(third), isOut(two)]).toEqual([false, false]);
  });

  test("whoever has heard an order, or brought it back, resets it, however far behind their clock is", async () => {
    const hub = createFakeHub(new FakeClock());
    const [ahead, behind] = [new FakeClock(2_000_000), new FakeClock(1_000_000)];
    const one = replicaOf({ clock: ahead, hub, origin: "one" });
    const two = replicaOf({ clock: behind, hub, origin: "two" });
    one.health.forceOpen("a", "ops");
    await behind.advance(0);
    two.health.reset("a", "ops");
    await ahead.advance(0);
    expect([isOut(one), isOut(two)]).toEqual([false, false]);

    one.health.forceOpen("a", "ops");
    await ahead.advance(0);
    await two.stop();
    const again = replicaOf({ clock: behind, hub: null, origin: "again", kept: two.kept });
    expect(isOut(again)).toBe(true);
    again.health.reset("a", "ops");
    expect(again.kept.get("a")).toMatchObject({ verb: "reset" });
    expect(isOut(replicaOf({ clock: behind, hub: null, origin: "last", kept: again.kept }))).toBe(false);
  });

  test("one for a deployment that the policy no longer has is forgotten, everywhere", async () => {
    const { clock, hub, replicas, settle } = fleetOf(2);
    const [one, two] = pair(replicas);
    one.health.forceOpen("a", "ops");
    await settle();
    one.serve(b);
    expect([one.forgotten, one.kept.size]).toEqual([["a gone"], 0]);
    // The other one's policy is older: it holds there, and the first does not take it up again.
    two.reachable(false);
    two.reachable(true);
    await settle();
    expect([isOut(two), one.kept.size]).toEqual([true, 0]);
    two.serve(b);
    for (const { serve } of replicas) serve(a, b);
    const late = replicaOf({ clock, hub, origin: "late" });
    await settle();
    expect([...replicas, late].map((replica) => isOut(replica))).toEqual([false, false, false]);
  });

  test("one that was kept for a deployment that is not there at the start is forgotten", () => {
    const clock = new FakeClock();
    const first = replicaOf({ clock, hub: null, origin: "one" });
    first.serve(a, b, deployment("c"));
    first.health.forceOpen("c", "ops");
    const second = replicaOf({ clock, hub: null, origin: "two", kept: first.kept });
    expect([second.forgotten, second.kept.size]).toEqual([["c gone"], 0]);
  });

  test("one that is heard before there is a policy with its deployment waits for it", async () => {
    const { replicas, settle } = fleetOf(2);
    const [one, two] = pair(replicas);
    const c = deployment("c");
    one.serve(a, b, c);
    one.health.forceOpen("c", "ops");
    await settle();
    expect(two.kept.size).toBe(0);
    two.serve(a, b, c);
    await settle();
    expect([isOut(two, "c"), two.kept.get("c")?.verb]).toEqual([true, "force-open"]);
  });

  test("one that was heard before there is a policy with its deployment, and has ended since, stays ended", async () => {
    const { replicas, settle } = fleetOf(2);
    const [one, two] = pair(replicas);
    const c = deployment("c");
    one.serve(a, b, c);
    one.health.forceOpen("c", "ops");
    await settle();
    one.serve(a, b);
    expect(one.forgotten).toEqual(["c gone"]);
    two.serve(a, b, c);
    one.serve(a, b, c);
    await settle();
    expect([isOut(one, "c"), isOut(two, "c"), two.kept.size]).toEqual([false, false, 0]);
  });

  test("one that was kept and is heard again while the policy has no such deployment is forgotten all the same", async () => {
    const { clock, hub, replicas, settle } = fleetOf(1);
    const one = first(replicas);
    const c = deployment("c");
    one.serve(a, b, c);
    one.health.forceOpen("c", "ops");
    const early = replicaOf({ clock, hub, origin: "early" });
    await settle();
    for (const order of one.kept.values()) early.restore(order);
    expect(early.forgotten).toEqual(["c gone"]);
  });

  test("what circuits have found out of a deployment is known as soon as the policy has it", async () => {
    const { clock, replicas, settle } = fleetOf(2);
    const [one, two] = pair(replicas);
    const c = deployment("c");
    one.serve(a, b, c);
    fail(one, clock, "c");
    await settle();
    two.serve(a, b, c);
    await settle();
    expect(two.health.openReason("c")).toBe("failures");
  });
});

test("replicas that can all be reached again agree, whatever each has been through", async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("fail" as const), who: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("force" as const), who: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("reset" as const), who: fc.nat(2) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("cut" as const), who: fc.nat(2) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("mend" as const), who: fc.nat(2) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("probe" as const), who: fc.nat(2) }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant("wait" as const), who: fc.nat(2), ms: fc.nat(6000) }),
    },
  );
  // What nobody has probed is forgotten after this, and a replica that was cut off until then never hears of it.
  const keptMs = 3 * OPEN_MS;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { clock, replicas, settle } = fleetOf(3);
      const last = clock.now() + keptMs - steps.length - 1;
      for (const one of steps) {
        const replica = replicas[one.who];
        if (!replica) continue;
        if (one.do === "fail") fail(replica, clock);
        if (one.do === "force") replica.health.forceOpen("a", "ops");
        if (one.do === "reset") replica.health.reset("a", "ops");
        if (one.do === "cut" || one.do === "mend") replica.reachable(one.do === "mend");
        if (one.do === "probe") (await probe(replica, clock))?.settle("good", clock.now());
        await clock.advance(one.do === "wait" ? Math.max(1, Math.min(one.ms, last - clock.now())) : 1);
      }
      for (const replica of replicas) replica.reachable(true);
      await settle();
      for (const replica of replicas) replica.reachable(true);
      await settle();
      const reasons = replicas.map(({ health }) => [health.openReason("a"), health.isOrderedOpen("a")]);
      expect(new Set(reasons.map(String)).size).toBe(1);
    }),
    { numRuns: 300 },
  );
});

describe("a climb", () => {
  const slow = { slowMs: 1000 };

  async function halfOpen(reason: "failures" | "slow", rungs = [[a], [deployment("c")]]) {
    const answers: boolean[] = [];
    const link = {
      turned: () => undefined,
      cooled: () => undefined,
      settled: () => undefined,
      reconfigured: () => undefined,
      claim: () => Promise.resolve(answers.shift() ?? true),
    };
    const on = stageWith(plan(rungs), {}, link);
    for (let count = 0; count < 10; count++) {
      const permit = on.health.admit("a", on.clock.now());
      if (typeof permit !== "string") {
        permit.settle(
          reason === "slow" ? "good" : "bad",
          on.clock.now(),
          reason === "slow" ? 9 * slow.slowMs : 1,
        );
      }
    }
    await on.clock.advance(60_000);
    return { on, answers };
  }
  const told = (health: Health, now: number) => health.report(now).map(({ inFlight }) => inFlight);

  test("passes over a deployment that another replica probes, and records it", async () => {
    const { on, answers } = await halfOpen("failures");
    answers.push(false);
    const climbed = await on.run();
    expect(
      climbed.attempts.map(({ deployment: id, skipped, result }) => `${id} ${skipped ?? result}`),
    ).toEqual(["a circuit_open", "c ok"]);
    if (climbed.ok) climbed.settle("good");
    expect(told(on.health, on.clock.now())).toEqual([0, 0]);
  });

  test("makes the probe that the fleet grants it", async () => {
    const { on } = await halfOpen("failures");
    const climbed = await on.run();
    expect(climbed).toMatchObject({ ok: true, value: "from a" });
  });

  test("asks a slow deployment all the same where its rung has nothing else", async () => {
    const { on, answers } = await halfOpen("slow");
    answers.push(false);
    expect(await on.run()).toMatchObject({ ok: true, value: "from a" });
  });

  test("starts no call when the asking has used up the time", async () => {
    const { on } = await halfOpen("failures", [[a]]);
    const late = { ...on.health, claimProbe: () => on.clock.advance(40).then(() => true) };
    const climbed = await on.run({ health: late, deadlineAt: on.clock.now() + 80 });
    expect(climbed).toMatchObject({ ok: false, cause: "deadline" });
    expect(on.calls).toEqual([]);
    expect(told(on.health, on.clock.now())).toEqual([0]);
  });
});
