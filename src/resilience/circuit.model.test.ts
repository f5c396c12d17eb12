/** The circuit against a reference model that keeps every event and recounts them each time. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { HealthSignal } from "../core/faults.ts";
import type { CircuitSettings } from "../core/settings.ts";
import { Circuit, type CircuitState, type Permit } from "./circuit.ts";

const settings: CircuitSettings = {
  consecutiveFailures: 3,
  failureRatio: 0.5,
  slowRatio: 0.6,
  slowMs: 100,
  minimumCalls: 4,
  windowMs: 1000,
  openMs: 300,
  maxOpenMs: 1000,
  probes: 2,
};

interface Event {
  readonly bucket: number;
  readonly bad: boolean;
  readonly slow: boolean;
}

interface ModelPermit {
  readonly period: object;
  readonly issuedAt: number;
  settled: boolean;
  lost: boolean;
}

class Model {
  now = 10_000;
  state: CircuitState = "closed";
  reason: string | null = null;
  until = 0;
  openedAt = 0;
  /** The half-open period that an early probe began, and the end of the pause that it interrupted. */
  early: { readonly period: object; readonly interrupted: number } | null = null;
  openMs = settings.openMs;
  /** Identity of the present stay in a state. */
  period: object = {};
  events: Event[] = [];
  permits: ModelPermit[] = [];
  successes = 0;

  enter(state: CircuitState): void {
    this.state = state;
    this.period = {};
    this.events = [];
    this.successes = 0;
  }

  open(reason: string, until: number): void {
    this.reason = reason;
    this.until = until;
    this.openedAt = this.now;
    this.enter("open");
  }

  close(): void {
    this.reason = null;
    this.openMs = settings.openMs;
    this.enter("closed");
  }

  underWay(): ModelPermit[] {
    return this.permits.filter((permit) => permit.period === this.period && !permit.settled && !permit.lost);
  }

  wouldAdmit(): boolean {
    if (this.state === "closed") return true;
    if (this.state === "open") return this.now >= this.until;
    const alive = this.underWay().filter((permit) => this.now - permit.issuedAt < settings.maxOpenMs);
    return alive.length + this.successes < settings.probes;
  }

  admit(): ModelPermit | null {
    if (!this.wouldAdmit()) return null;
    if (this.state === "open") this.enter("half-open");
    const under = this.underWay();
    const oldest = under[0];
    if (this.state === "half-open" && oldest && under.length + this.successes >= settings.probes) {
      oldest.lost = true;
    }
    const permit = { period: this.period, issuedAt: this.now, settled: false, lost: false };
    this.permits.push(permit);
    return permit;
  }

  admitEarly(): ModelPermit | null {
    if (this.state !== "open" || this.reason === "forced") return null;
    if (this.now < this.openedAt + settings.openMs) return null;
    const interrupted = this.until;
    this.until = Math.min(this.until, this.now);
    const permit = this.admit();
    this.early = { period: this.period, interrupted };
    return permit;
  }

  settle(permit: ModelPermit, health: HealthSignal, slow: boolean): void {
    if (permit.settled) return;
    permit.settled = true;
    if (permit.period !== this.period || health === "none") return;
    if (this.state === "half-open") {
      if (health === "bad" || (slow && this.reason === "slow")) {
        const early = this.early?.period === this.period ? this.early : null;
        if (!early) this.openMs = Math.min(2 * this.openMs, settings.maxOpenMs);
        const until = early
          ? Math.max(early.interrupted, this.now + settings.openMs)
          : this.now + this.openMs;
        this.open(health === "bad" ? "failures" : "slow", until);
      } else if (!permit.lost) {
        this.successes++;
        if (this.successes === settings.probes) this.close();
      }
      return;
    }
    this.events.push({ bucket: Math.floor(this.now / 100), bad: health === "bad", slow });
    const reason = health === "bad" || slow ? this.tripReason() : null;
    if (reason) this.open(reason, this.now + this.openMs);
  }

  inWindow(): Event[] {
    return this.events.filter((event) => event.bucket > Math.floor(this.now / 100) - 10);
  }

  tripReason(): string | null {
    const row = this.events.slice(-settings.consecutiveFailures);
    if (row.length === settings.consecutiveFailures && row.every((event) => event.bad)) return "failures";
    const window = this.inWindow();
    if (window.length < settings.minimumCalls) return null;
    const share = (count: number) => count / window.length;
    if (share(window.filter((event) => event.bad).length) >= settings.failureRatio) return "failure_ratio";
    return share(window.filter((event) => event.slow).length) >= settings.slowRatio ? "slow" : null;
  }
}

interface Real {
  readonly circuit: Circuit;
  readonly permits: Permit[];
}

/** Where the histories went, and how often. */
const reached = new Map<string, number>();

function agree(model: Model, { circuit }: Real): void {
  const window = model.inWindow();
  const place = `${model.state} ${model.reason}`;
  reached.set(place, (reached.get(place) ?? 0) + 1);
  expect(circuit.view(model.now)).toMatchObject({
    state: model.state,
    reason: model.reason as never,
    calls: window.length,
    failures: window.filter((event) => event.bad).length,
    slow: window.filter((event) => event.slow).length,
  });
  expect(circuit.wouldAdmit(model.now)).toBe(model.wouldAdmit());
  if (model.state === "open" && model.reason !== "forced") {
    expect(circuit.view(model.now).nextProbeAt).toBe(model.until);
  }
}

function command(name: string, run: (model: Model, real: Real) => void): fc.Command<Model, Real> {
  return {
    check: () => true,
    run(model, real) {
      run(model, real);
      agree(model, real);
    },
    toString: () => name,
  };
}

const admit = fc.constant(
  command("admit", (model, real) => {
    const permit = real.circuit.admit(model.now);
    expect(permit !== null).toBe(model.admit() !== null);
    if (permit) real.permits.push(permit);
  }),
);

const admitEarly = fc.constant(
  command("admitEarly", (model, real) => {
    const permit = real.circuit.admitEarly(model.now);
    expect(permit !== null).toBe(model.admitEarly() !== null);
    if (permit) real.permits.push(permit);
  }),
);

const settle = fc
  .record({
    // Counted from the newest, so that shrinking and recent permits dominate but stale ones occur too.
    back: fc.nat(6),
    health: fc.constantFrom<HealthSignal>("good", "good", "good", "good", "bad", "bad", "none"),
    slow: fc.constantFrom(true, true, false),
  })
  .map(({ back, health, slow }) =>
    command(`settle(-${back}, ${health}${slow ? ", slow" : ""})`, (model, real) => {
      const index = model.permits.length - 1 - back;
      const permit = model.permits[index];
      if (!permit) return;
      model.settle(permit, health, slow);
      real.permits[index]?.settle(health, model.now, slow ? 101 : 100);
    }),
  );

const advance = fc.constantFrom(0, 50, 100, 299, 300, 500, 1000, 2500).map((ms) =>
  command(`advance(${ms})`, (model) => {
    model.now += ms;
  }),
);

const reset = fc.constant(
  command("reset", (model, real) => {
    model.close();
    real.circuit.reset(model.now);
  }),
);

const forceOpen = fc.constant(
  command("forceOpen", (model, real) => {
    model.open("forced", Number.POSITIVE_INFINITY);
    real.circuit.forceOpen(model.now);
  }),
);

test("the circuit and the model agree after every step of any history", () => {
  // A forced circuit stays so until it is reset; both are rare, or histories would see little else.
  const step = fc.oneof(
    { weight: 60, arbitrary: admit },
    { weight: 10, arbitrary: admitEarly },
    { weight: 60, arbitrary: settle },
    { weight: 30, arbitrary: advance },
    { weight: 3, arbitrary: reset },
    { weight: 1, arbitrary: forceOpen },
  );
  fc.assert(
    fc.property(fc.commands([step], { maxCommands: 120, size: "max" }), (commands) => {
      const model = new Model();
      const real: Real = { circuit: new Circuit(settings, model.now), permits: [] };
      fc.modelRun(() => ({ model, real }), commands);
    }),
    { numRuns: 500 },
  );
  // The histories must have been long enough to go everywhere.
  const everywhere = ["closed null", "open failures", "open failure_ratio", "open slow", "open forced"];
  expect([...reached.keys()]).toEqual(
    expect.arrayContaining([...everywhere, "half-open failures", "half-open slow"]),
  );
});
