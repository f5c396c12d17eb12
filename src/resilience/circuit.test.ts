import { describe, expect, test } from "bun:test";
import type { HealthSignal } from "../core/faults.ts";
import type { CircuitSettings } from "../core/settings.ts";
import { Circuit, type Permit } from "./circuit.ts";

const start = 1_700_000_000_000;
const settings: CircuitSettings = {
  consecutiveFailures: 3,
  failureRatio: 0.5,
  slowRatio: 0.8,
  slowMs: 1000,
  minimumCalls: 10,
  windowMs: 10_000,
  openMs: 1000,
  maxOpenMs: 4000,
  probes: 2,
};

function circuitWith(change: Partial<CircuitSettings> = {}): Circuit {
  return new Circuit({ ...settings, ...change }, start);
}

function admitted(circuit: Circuit, now: number): Permit {
  const permit = circuit.admit(now);
  if (!permit) throw new Error("the circuit refused");
  return permit;
}

function call(circuit: Circuit, health: HealthSignal, now = start, firstTokenMs?: number): void {
  admitted(circuit, now).settle(health, now, firstTokenMs);
}

function opened(change: Partial<CircuitSettings> = {}): Circuit {
  const circuit = circuitWith(change);
  for (let count = 0; count < 3; count++) call(circuit, "bad");
  return circuit;
}

describe("a closed circuit", () => {
  test("opens at the third failure in a row, not at the second", () => {
    const circuit = circuitWith();
    call(circuit, "bad");
    call(circuit, "bad");
    expect(circuit.view(start).state).toBe("closed");
    call(circuit, "bad");
    expect(circuit.view(start)).toMatchObject({
      state: "open",
      reason: "failures",
      since: start,
      nextProbeAt: start + 1000,
    });
    expect(circuit.admit(start + 999)).toBeNull();
  });

  test("a good call ends a row; a neutral one neither ends nor feeds it", () => {
    const circuit = circuitWith();
    for (const health of ["bad", "bad", "good", "bad", "none", "bad"] as const) call(circuit, health);
    expect(circuit.view(start)).toMatchObject({ state: "closed", calls: 5, failures: 4 });
    call(circuit, "bad");
    expect(circuit.view(start).state).toBe("open");
  });

  test("opens on the share of failures once the window holds enough calls", () => {
    const circuit = circuitWith();
    for (let pair = 0; pair < 4; pair++) {
      call(circuit, "bad");
      call(circuit, "good");
    }
    call(circuit, "good");
    expect(circuit.view(start).state).toBe("closed");
    call(circuit, "bad");
    expect(circuit.view(start)).toMatchObject({ state: "open", reason: "failure_ratio" });
  });

  test("opens on the share of slow calls, although all were good", () => {
    const circuit = circuitWith();
    for (let count = 0; count < 2; count++) call(circuit, "good", start, 1000);
    for (let count = 0; count < 7; count++) call(circuit, "good", start, 1001);
    expect(circuit.view(start)).toMatchObject({ state: "closed", slow: 7 });
    call(circuit, "good", start, 5000);
    expect(circuit.view(start)).toMatchObject({ state: "open", reason: "slow" });
  });

  test("forgets what slid out of the window", () => {
    const circuit = circuitWith({ consecutiveFailures: 100 });
    for (let count = 0; count < 9; count++) call(circuit, "bad");
    call(circuit, "bad", start + 10_000);
    expect(circuit.view(start + 10_000)).toMatchObject({ state: "closed", calls: 1, failures: 1 });
  });

  test("counts a permit once, however often it is settled", () => {
    const circuit = circuitWith();
    const permit = admitted(circuit, start);
    for (let count = 0; count < 5; count++) permit.settle("bad", start);
    expect(circuit.view(start)).toMatchObject({ state: "closed", failures: 1 });
  });
});

describe("a half-open circuit", () => {
  const probeAt = start + 1000;

  test("lets exactly its probes through and closes when all were good", () => {
    const circuit = opened();
    const [first, second] = [admitted(circuit, probeAt), admitted(circuit, probeAt)];
    expect(circuit.admit(probeAt)).toBeNull();
    first.settle("good", probeAt);
    expect(circuit.admit(probeAt)).toBeNull();
    expect(circuit.view(probeAt).state).toBe("half-open");
    second.settle("good", probeAt);
    expect(circuit.view(probeAt)).toMatchObject({ state: "closed", reason: null, nextProbeAt: null });
  });

  test("one failure reopens it for twice as long, up to the limit; closing starts over", () => {
    const circuit = opened({ probes: 1 });
    let now = start;
    for (const openMs of [1000, 2000, 4000, 4000]) {
      expect(circuit.wouldAdmit(now + openMs - 1)).toBe(false);
      now += openMs;
      call(circuit, "bad", now);
    }
    call(circuit, "good", now + 4000);
    for (let count = 0; count < 3; count++) call(circuit, "bad", now + 4000);
    expect(circuit.view(now).nextProbeAt).toBe(now + 5000);
  });

  test("a neutral outcome gives the permit back to another probe", () => {
    const circuit = opened({ probes: 1 });
    const probe = admitted(circuit, probeAt);
    expect(circuit.wouldAdmit(probeAt)).toBe(false);
    probe.settle("none", probeAt);
    expect(circuit.wouldAdmit(probeAt)).toBe(true);
    call(circuit, "good", probeAt);
    expect(circuit.view(probeAt).state).toBe("closed");
  });

  test("a lost permit is lent out again when its lease ends", () => {
    const circuit = opened({ probes: 1 });
    const lost = admitted(circuit, probeAt);
    expect(circuit.view(probeAt).nextProbeAt).toBe(probeAt + 4000);
    expect(circuit.admit(probeAt + 3999)).toBeNull();
    const next = admitted(circuit, probeAt + 4000);
    expect(circuit.admit(probeAt + 4000)).toBeNull();
    lost.settle("good", probeAt + 4000);
    expect(circuit.view(probeAt + 4000).state).toBe("half-open");
    next.settle("good", probeAt + 4001);
    expect(circuit.view(probeAt + 4001).state).toBe("closed");
  });

  test("a lease that ended still tells of a failure in the same period", () => {
    const circuit = opened({ probes: 1 });
    const lost = admitted(circuit, probeAt);
    admitted(circuit, probeAt + 4000);
    lost.settle("bad", probeAt + 4001);
    expect(circuit.view(probeAt + 4001).state).toBe("open");
  });

  test("a slow probe fails where slowness had opened it, and only there", () => {
    const afterFailures = opened({ probes: 1 });
    call(afterFailures, "good", probeAt, 9000);
    expect(afterFailures.view(probeAt).state).toBe("closed");

    const afterSlowness = circuitWith({ probes: 1, minimumCalls: 1 });
    call(afterSlowness, "good", start, 9000);
    call(afterSlowness, "good", probeAt, 9000);
    expect(afterSlowness.view(probeAt)).toMatchObject({ state: "open", reason: "slow" });
  });

  test("fewer probes in new settings do not wedge it", () => {
    const circuit = opened({ probes: 3 });
    call(circuit, "good", probeAt);
    circuit.reconfigure({ ...settings, probes: 1 }, probeAt);
    call(circuit, "good", probeAt);
    expect(circuit.view(probeAt).state).toBe("closed");
  });
});

describe("any circuit", () => {
  test("a permit from an earlier state has no say in the present one", () => {
    const circuit = circuitWith({ probes: 1 });
    const [early, late] = [admitted(circuit, start), admitted(circuit, start)];
    for (let count = 0; count < 3; count++) call(circuit, "bad");
    early.settle("good", start);
    expect(circuit.view(start).state).toBe("open");
    const probe = admitted(circuit, start + 1000);
    late.settle("bad", start + 1000);
    expect(circuit.view(start + 1000).state).toBe("half-open");
    probe.settle("good", start + 1000);
    expect(circuit.view(start + 1000)).toMatchObject({ state: "closed", calls: 0 });
  });

  test("forced open it stays open until it is reset", () => {
    const circuit = circuitWith();
    circuit.forceOpen(start);
    expect(circuit.view(start)).toMatchObject({ state: "open", reason: "forced", nextProbeAt: null });
    expect(circuit.admit(start + 1e12)).toBeNull();
    circuit.reset(start + 5);
    expect(circuit.view(start + 5)).toMatchObject({ state: "closed", since: start + 5 });
    expect(circuit.admit(start + 5)).not.toBeNull();
  });

  test("where nothing else is left it is probed at its first pause, however long the present one is", () => {
    const circuit = opened();
    expect(circuit.admitEarly(start + 999)).toBeNull();
    admitted(circuit, start + 1000).settle("bad", start + 1000);
    expect(circuit.view(start + 1000).nextProbeAt).toBe(start + 3000);
    expect(circuit.admitEarly(start + 1999)).toBeNull();
    const early = circuit.admitEarly(start + 2000);
    expect(early).toMatchObject({ probe: true });
    expect(circuit.view(start + 2000).state).toBe("half-open");
    early?.settle("bad", start + 2000);
    expect(circuit.view(start + 2000)).toMatchObject({ state: "open", nextProbeAt: start + 3000 });
    expect(circuit.admitEarly(start + 2999)).toBeNull();
    admitted(circuit, start + 3000).settle("bad", start + 3000);
    expect(circuit.view(start + 3000).nextProbeAt).toBe(start + 7000);
  });

  test("early probes are no more than its probes, and close it as those do", () => {
    const circuit = opened({ probes: 1 });
    const early = circuit.admitEarly(start + 1000);
    expect([circuit.admitEarly(start + 1000), circuit.admit(start + 1000)]).toEqual([null, null]);
    early?.settle("good", start + 1000);
    expect(circuit.view(start + 1000).state).toBe("closed");
    expect(circuit.admitEarly(start + 1000)).toBeNull();
  });

  test("an operator's order holds against early probes", () => {
    const circuit = circuitWith();
    circuit.forceOpen(start, start + 60_000);
    expect(circuit.admitEarly(start + 30_000)).toBeNull();
  });

  test("a permit that passed by it teaches it nothing, and is reported as settled once", () => {
    const told: HealthSignal[] = [];
    const circuit = new Circuit(settings, start, (health) => told.push(health));
    for (let count = 0; count < 5; count++) circuit.admitAnyway(start).settle("bad", start);
    expect(circuit.view(start)).toMatchObject({ state: "closed", calls: 0 });
    const permit = circuit.admitAnyway(start);
    permit.settle("none", start);
    permit.settle("bad", start);
    expect(told).toEqual(["bad", "bad", "bad", "bad", "bad", "none"]);
  });

  test("a wider window starts empty and new thresholds apply at once", () => {
    const circuit = circuitWith();
    call(circuit, "bad");
    circuit.reconfigure({ ...settings, windowMs: 60_000, consecutiveFailures: 2 }, start);
    expect(circuit.view(start).calls).toBe(0);
    call(circuit, "bad");
    expect(circuit.view(start).state).toBe("open");
  });
});

describe("what it is told", () => {
  const opening = { reason: "failures", until: start + 5000, openMs: 2000 } as const;

  test("an opening is adopted with its end and its pace", () => {
    const circuit = circuitWith({ probes: 1 });
    const before = admitted(circuit, start);
    circuit.adopt(opening, start);
    before.settle("good", start);
    expect(circuit.view(start)).toMatchObject({
      state: "open",
      reason: "failures",
      nextProbeAt: start + 5000,
    });
    const probe = admitted(circuit, start + 5000);
    expect(probe.probe).toBe(true);
    probe.settle("bad", start + 5000);
    expect(circuit.view(start + 5000).nextProbeAt).toBe(start + 5000 + 4000);
  });

  test("a closing is adopted, and changes nothing of one that is closed", () => {
    const circuit = opened();
    circuit.adopt(null, start);
    expect(circuit.view(start).state).toBe("closed");
    call(circuit, "bad");
    circuit.adopt(null, start);
    expect(circuit.view(start).failures).toBe(1);
  });

  test("is not repeated; what its own calls do is told", () => {
    const told: (string | null)[] = [];
    const circuit = new Circuit({ ...settings, probes: 1 }, start, null, (turn) =>
      told.push(turn?.reason ?? null),
    );
    circuit.adopt(opening, start);
    circuit.forceOpen(start);
    circuit.reset(start);
    expect(told).toEqual([]);
    for (let count = 0; count < 3; count++) call(circuit, "bad");
    call(circuit, "good", start + settings.openMs);
    expect(told).toEqual(["failures", null]);
  });

  test("an order to stay open has an end where one was given", () => {
    const circuit = circuitWith();
    circuit.forceOpen(start, start + 1000);
    expect([circuit.isOrdered(start), circuit.isOrdered(start + 1000)]).toEqual([true, false]);
    expect(circuit.admit(start + 999)).toBeNull();
    expect(admitted(circuit, start + 1000).probe).toBe(true);
  });
});
