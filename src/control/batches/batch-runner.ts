/**
 * Finds work and holds on to it: claims batches, renews their leases, tells each when to stop. Owns who works on what
 * in this process; what a batch needs is run-batch's. Several processes may run one over the same store: the lease
 * sees to it that no batch is worked on twice.
 */
import type { Batch } from "../../core/batches.ts";
import { sleep } from "../../core/clock.ts";
import type { BatchHolder } from "../../store/batch-store.ts";
import { createOutage, type Outage } from "../background/outage.ts";
import { type Rhythm, startRhythm } from "../background/rhythm.ts";
import type { WorkPorts } from "./batch-ports.ts";
import { createRun, type RunControls } from "./run.ts";
import { runBatch } from "./run-batch.ts";
import { createSlots, type Slots } from "./slots.ts";

export interface BatchRunner {
  /** There may be something new to do: look now. */
  wake(): void;
  /**
   * Starts nothing new, lets what is under way finish for `graceMs` and gives every batch back, to be gone on
   * with by another process or after a restart. Resolves when nothing of it runs any more.
   */
  stop(graceMs: number): Promise<void>;
}

/** A batch that the store could not be reached for, or that failed on a defect, is left alone for so long. */
const AFTER_FAILURE_MS = 5_000;

/** Starts looking for work at once. */
export function startBatchRunner(ports: WorkPorts): BatchRunner {
  return new Runner(ports);
}

interface Active {
  readonly batch: Batch;
  readonly controls: RunControls;
  readonly ended: Promise<void>;
}

class Runner implements BatchRunner {
  readonly #ports: WorkPorts;
  readonly #owner: string;
  readonly #slots: Slots;
  readonly #outage: Outage;
  readonly #rhythm: Rhythm;
  readonly #active = new Map<string, Active>();
  #heldUntil = 0;
  #nextSweepAt = 0;
  #sweeping: Promise<void> | null = null;
  #stopping = false;

  constructor(ports: WorkPorts) {
    this.#ports = ports;
    this.#owner = ports.nextId("runner");
    this.#slots = createSlots(ports.limits.concurrent);
    this.#outage = createOutage((thrown) => ports.report(null, thrown));
    this.#rhythm = startRhythm(ports.clock, () => this.#look());
  }

  wake(): void {
    this.#rhythm.wake();
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    for (const { controls } of this.#active.values()) controls.stop("stopped");
    const grace = new AbortController();
    const ended = this.#allEnded().then(() => grace.abort());
    if (await sleep(this.#ports.clock, graceMs, grace.signal)) {
      for (const { controls } of this.#active.values()) controls.cut();
    }
    await ended;
    // Until then it renewed the leases of what was still under way.
    await this.#rhythm.stop();
  }

  /** Also what a look that was under way still claimed. */
  async #allEnded(): Promise<void> {
    await this.#rhythm.settled();
    await Promise.all([...this.#active.values()].map(({ ended }) => ended));
  }

  /** Milliseconds until the next look. Never rejects. */
  async #look(): Promise<number> {
    try {
      await this.#watch();
      while (!this.#stopping && (await this.#claimOne()));
      this.#sweepWhenDue();
      this.#outage.over();
    } catch (thrown) {
      this.#outage.failed(thrown);
    }
    const { watchMs, idleMs } = this.#ports.limits;
    return this.#active.size > 0 ? watchMs : idleMs;
  }

  /** Renews the leases, and tells each batch what has become of it meanwhile. */
  async #watch(): Promise<void> {
    if (this.#active.size === 0) return;
    const { clock } = this.#ports;
    const before = [...this.#active.values()];
    const leaseUntil = this.#leaseUntil();
    const held = await this.#renew({ owner: this.#owner, now: clock.now(), leaseUntil });
    this.#heldUntil = leaseUntil;
    const statuses = new Map(held.map(({ id, status }) => [id, status]));
    for (const { batch, controls } of before) {
      const status = statuses.get(batch.id);
      if (status === undefined) {
        controls.stop("lost");
        controls.cut();
      } else if (status === "cancelling") controls.stop("cancelled");
      else if (batch.times.expiresAt <= clock.now()) controls.stop("expired");
    }
  }

  async #renew(holder: BatchHolder) {
    try {
      return await this.#ports.batches.renew(holder);
    } catch (thrown) {
      // Somebody else may have them by now. What is under way may finish: a line has one result, whoever's.
      const lapsed = this.#ports.clock.now() >= this.#heldUntil;
      if (lapsed) for (const { controls } of this.#active.values()) controls.stop("lost");
      throw thrown;
    }
  }

  #leaseUntil(): number {
    return this.#ports.clock.now() + this.#ports.limits.leaseMs;
  }

  /** Whether there was one to claim. */
  async #claimOne(): Promise<boolean> {
    const { batches, clock, limits } = this.#ports;
    if (this.#active.size >= limits.batches) return false;
    const now = clock.now();
    const leaseUntil = this.#leaseUntil();
    const batch = await batches.claim({ owner: this.#owner, now, leaseUntil }, this.#busyTenants());
    if (!batch) return false;
    // One whose lease lapsed and that still winds up here is given back when it has.
    if (this.#active.has(batch.id)) return true;
    if (this.#active.size === 0) this.#heldUntil = leaseUntil;
    const controls = createRun(batch, this.#owner);
    if (this.#stopping) controls.stop("stopped");
    else if (batch.times.expiresAt <= now) controls.stop("expired");
    this.#active.set(batch.id, { batch, controls, ended: this.#work(batch, controls) });
    return true;
  }

  #busyTenants(): string[] {
    const counts = new Map<string, number>();
    for (const { batch } of this.#active.values()) {
      counts.set(batch.caller.tenant, (counts.get(batch.caller.tenant) ?? 0) + 1);
    }
    return [...counts].filter(([, count]) => count >= this.#ports.limits.batchesPerTenant).map(([id]) => id);
  }

  /** Never rejects. */
  async #work(batch: Batch, { run }: RunControls): Promise<void> {
    const { batches, clock, report } = this.#ports;
    try {
      await runBatch(run, this.#slots, this.#ports);
    } catch (thrown) {
      if (!run.cut.aborted) report(batch.id, thrown);
      await sleep(clock, AFTER_FAILURE_MS, run.stop);
    }
    // Where it was not concluded; if this fails, the lease ends by itself.
    await batches.release(batch.id, this.#owner).catch((thrown: unknown) => report(batch.id, thrown));
    this.#active.delete(batch.id);
    if (!this.#stopping) this.wake();
  }

  #sweepWhenDue(): void {
    const { files, batches, clock, limits, report } = this.#ports;
    const now = clock.now();
    if (this.#stopping || this.#sweeping || now < this.#nextSweepAt) return;
    this.#nextSweepAt = now + limits.sweepMs;
    this.#sweeping = batches
      .sweep(now - limits.rememberMs)
      .then(() => files.sweep(now))
      .then(
        () => {},
        (thrown) => {
          // It is gone on with after the next start.
          if (!this.#stopping) report(null, thrown);
        },
      )
      .finally(() => {
        this.#sweeping = null;
      });
  }
}
