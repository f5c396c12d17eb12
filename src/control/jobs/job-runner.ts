/**
 * Takes jobs off the queue and holds on to them: receives, starts what may run, tells each when to stop. Owns the
 * rhythms and what is in this process's hand; whose turn it is, is the hand's, and a try is run-jobs'. Several
 * processes may run one over the same queue.
 */
import { sleep } from "../../core/clock.ts";
import type { JobSettings } from "../../core/job-settings.ts";
import { isJobOver, type Job, NOT_DONE_HERE } from "../../core/jobs.ts";
import type { Delivery } from "../../store/job-queue.ts";
import { createOutage, type Outage } from "../background/outage.ts";
import { type Rhythm, startRhythm } from "../background/rhythm.ts";
import { createHand, type Hand } from "./hand.ts";
import { type Held, hold } from "./held.ts";
import type { JobStats, JobWorkPorts } from "./job-ports.ts";
import { deadlineOf, readMessage } from "./message.ts";
import { createPutBacks, type PutBacks } from "./put-back.ts";
import { bury, concludeExpired, runJobs } from "./run-jobs.ts";
import { startTidying, type Tidying } from "./tidy.ts";

export interface JobRunner {
  /** There may be something new to do: look now. */
  wake(): void;
  /** The job is over: its call is given up. */
  cancelled(id: string): void;
  stats(): JobStats;
  /**
   * Starts nothing new, lets what is under way finish for `graceMs` and gives everything else back, to be done by
   * another process or after a restart. Resolves when nothing of it runs any more.
   */
  stop(graceMs: number): Promise<void>;
}

/** Of a use case that has left the policy: its requests are refused, one by one. */
const LEFTOVER: JobSettings = { concurrency: 1, maxAttempts: 1, microBatch: null };
/** A message that comes this much early is not sent away for it. */
const EARLY_MS = 50;

/** Starts looking for work at once: what an earlier process left goes on. */
export function startJobRunner(ports: JobWorkPorts): JobRunner {
  return new Runner(ports);
}

class Runner implements JobRunner {
  readonly #ports: JobWorkPorts;
  readonly #held = new Map<string, Held>();
  readonly #hand: Hand;
  readonly #putBacks: PutBacks;
  readonly #receiving: Rhythm;
  readonly #watching: Rhythm;
  readonly #tidying: Tidying;
  readonly #underway = new Set<Promise<void>>();
  readonly #receiveOutage: Outage;
  readonly #watchOutage: Outage;
  #bytes = 0;
  #stopping = false;

  constructor(ports: JobWorkPorts) {
    const { clock, random } = ports;
    this.#ports = ports;
    this.#receiveOutage = createOutage((thrown) => ports.report(null, thrown));
    this.#watchOutage = createOutage((thrown) => ports.report(null, thrown));
    this.#hand = createHand((useCase) => this.#settingsOf(useCase));
    this.#putBacks = createPutBacks(clock, random);
    this.#tidying = startTidying(ports, { isHeld: (id) => this.#held.has(id), wake: () => this.wake() });
    this.#receiving = startRhythm(clock, () => this.#receive());
    this.#watching = startRhythm(clock, () => this.#watch());
  }

  wake(): void {
    this.#receiving.wake();
  }

  cancelled(id: string): void {
    const held = this.#held.get(id);
    if (held) this.#end(held, "cancelled");
  }

  stats(): JobStats {
    return this.#tidying.stats();
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    await Promise.all([this.#receiving.stop(), this.#tidying.stop()]);
    for (const held of [...this.#held.values()]) if (!held.running) this.#end(held, "stopped");
    const grace = new AbortController();
    const ended = this.#allEnded().then(() => grace.abort());
    if (await sleep(this.#ports.clock, graceMs, grace.signal)) {
      for (const held of this.#held.values()) held.end("stopped");
    }
    await ended;
    await this.#watching.stop();
  }

  async #allEnded(): Promise<void> {
    while (this.#underway.size > 0) await Promise.all(this.#underway);
  }

  #settingsOf(useCase: string): JobSettings {
    return this.#ports.snapshot().useCases.get(useCase)?.jobs ?? LEFTOVER;
  }

  /** Milliseconds until it is worth asking again. Never rejects. */
  async #receive(): Promise<number> {
    const { queue, limits, clock } = this.#ports;
    try {
      while (!this.#stopping) {
        const wanted = Math.min(limits.receiveAtOnce, limits.inHand - this.#held.size);
        if (wanted <= 0) break;
        const heldUntil = clock.now() + limits.visibilityMs;
        const deliveries = await queue.receive(wanted, limits.visibilityMs);
        if (deliveries.length === 0) break;
        await Promise.all(deliveries.map((delivery) => this.#accept(delivery, heldUntil)));
        this.#start();
      }
      this.#receiveOutage.over();
    } catch (thrown) {
      this.#receiveOutage.failed(thrown);
    }
    this.#start();
    const company = this.#hand.nextIn(clock.now());
    return Math.min(limits.idleMs, company === null ? limits.idleMs : Math.max(1, company));
  }

  /** Never rejects: a message that nothing became of comes again. */
  async #accept(delivery: Delivery, heldUntil: number): Promise<void> {
    const { queue, report } = this.#ports;
    try {
      this.#putBacks.returned(delivery.id);
      const known = this.#held.get(delivery.id);
      if (known) {
        // This hand had lost it, and has it again.
        Object.assign(known, { delivery, heldUntil });
      } else if (this.#stopping) await queue.release(delivery.receipt, 0);
      else await this.#take(delivery, heldUntil);
    } catch (thrown) {
      report(delivery.id, thrown);
    }
  }

  async #take(delivery: Delivery, heldUntil: number): Promise<void> {
    const { queue, jobs, clock, limits } = this.#ports;
    const { receipt, group } = delivery;
    const tooMuch =
      this.#held.size > 0 && this.#bytes + Buffer.byteLength(delivery.body) > limits.bytesInHand;
    if (tooMuch || !this.#hand.hasRoom(group)) {
      // The next delivery is not its first any more.
      if (delivery.attempts === 1) await this.#reviveReplayed(delivery, await jobs.get(null, delivery.id));
      const { concurrency } = this.#settingsOf(group);
      await queue.release(receipt, this.#putBacks.delayFor(group, delivery.id, concurrency));
      return;
    }
    const order = readMessage(delivery.body);
    if (order === null || order.useCase !== group || order.id !== delivery.id) {
      await queue.bury(delivery, "This is no job that this release knows.");
      return;
    }
    const adopted = () => jobs.adopt(order, deadlineOf(order, delivery.sentAt));
    let job = await adopted();
    if (await this.#reviveReplayed(delivery, job)) job = await adopted();
    if (isJobOver(job.status)) {
      await (job.dead ? queue.bury(delivery, reasonOf(job)) : queue.acknowledge(receipt));
      return;
    }
    const now = clock.now();
    const early = job.nextAttemptAt === null ? 0 : job.nextAttemptAt - now;
    if (early > EARLY_MS) {
      await queue.release(receipt, early);
      return;
    }
    await this.#keep(hold(delivery, order, { expiresAt: job.expiresAt, since: now, heldUntil }), job);
  }

  /**
   * A dead one whose message comes for the first time was put back: by another replica that did not know of this
   * record, or by a process that has not changed it yet, or died before. So was one that ended here, unseen even, and
   * was sent since: a gateway that it is not for may have received it before. True: its record is to be read again,
   * whoever of the two revived it.
   */
  async #reviveReplayed({ attempts, sentAt }: Delivery, job: Job | null): Promise<boolean> {
    const { jobs, clock } = this.#ports;
    if (job === null || job.endedAt === null) return false;
    const isReplayed = job.dead
      ? attempts === 1 || sentAt > job.endedAt
      : job.fault?.code === NOT_DONE_HERE && sentAt >= job.endedAt;
    if (isReplayed) await jobs.revive(job.id, job.endedAt, clock.now());
    return isReplayed;
  }

  async #keep(held: Held, job: Job): Promise<void> {
    const { queue, clock, snapshot } = this.#ports;
    if (held.expiresAt <= clock.now()) {
      await concludeExpired(held, job.fault, this.#ports);
      await queue.acknowledge(held.delivery.receipt);
      return;
    }
    const settings = snapshot().useCases.get(held.order.useCase)?.jobs;
    if (settings && job.attempts >= settings.maxAttempts) {
      const message = `Its process ended in the middle of try ${job.attempts}, and it has no more.`;
      await bury(held, job.fault ?? { kind: "lost", code: "worker_lost", message }, null, this.#ports);
      return;
    }
    // Another of this round may have taken the room meanwhile; one more does no harm.
    this.#held.set(held.order.id, held);
    this.#bytes += held.bytes;
    if (this.#stopping) this.#end(held, "stopped");
    else this.#hand.add(held);
  }

  #start(): void {
    const { clock, snapshot } = this.#ports;
    while (!this.#stopping && this.#underway.size < snapshot().jobs.concurrency) {
      const together = this.#hand.next(clock.now());
      if (together === null) return;
      for (const held of together) held.running = true;
      this.#track(this.#run(together));
    }
  }

  async #run(together: readonly Held[]): Promise<void> {
    const { clock } = this.#ports;
    const useCase = together[0]?.order.useCase ?? "";
    const startedAt = clock.now();
    await runJobs(together, this.#ports);
    this.#putBacks.took(useCase, clock.now() - startedAt);
    this.#hand.done(useCase);
    for (const held of together) this.#letGo(held);
  }

  #track(work: Promise<void>): void {
    const tracked = work.then(() => {
      this.#underway.delete(tracked);
      if (this.#stopping) return;
      this.#start();
      this.wake();
    });
    this.#underway.add(tracked);
  }

  #letGo(held: Held): void {
    if (this.#held.get(held.order.id) !== held) return;
    this.#held.delete(held.order.id);
    this.#bytes -= held.bytes;
  }

  /** One that runs is told to stop; one that waits is given back or ended here. */
  #end(held: Held, why: NonNullable<ReturnType<Held["ended"]>>): void {
    held.end(why);
    if (held.running) return;
    this.#hand.drop(held);
    this.#letGo(held);
    this.#track(this.#endWaiting(held, why));
  }

  async #endWaiting(held: Held, why: NonNullable<ReturnType<Held["ended"]>>): Promise<void> {
    const { queue, report } = this.#ports;
    const { receipt } = held.delivery;
    try {
      if (why === "expired") await concludeExpired(held, null, this.#ports);
      if (why === "stopped") await queue.release(receipt, 0);
      else if (why !== "lost") await queue.acknowledge(receipt);
    } catch (thrown) {
      report(held.order.id, thrown);
    }
  }

  /** Holds on to what is in hand, and sees what has become of it. Never rejects. */
  async #watch(): Promise<number> {
    const { clock, jobs, limits } = this.#ports;
    const all = [...this.#held.values()];
    if (all.length === 0) return limits.watchMs;
    for (const held of all) if (held.expiresAt <= clock.now()) this.#end(held, "expired");
    await Promise.all(all.map((held) => this.#extend(held)));
    try {
      const running = all.filter((held) => held.running).map(({ order }) => order.id);
      for (const [id, status] of await jobs.statuses(running)) {
        const held = this.#held.get(id);
        if (held?.running && isJobOver(status)) held.end("cancelled");
      }
      this.#watchOutage.over();
    } catch (thrown) {
      this.#watchOutage.failed(thrown);
    }
    return limits.watchMs;
  }

  async #extend(held: Held): Promise<void> {
    const { queue, clock, limits } = this.#ports;
    const now = clock.now();
    const { receipt } = held.delivery;
    if (held.ended() !== null || held.heldUntil - now > (limits.visibilityMs * 2) / 3) return;
    const isHeld = await queue.extend(receipt, limits.visibilityMs).catch(() => null);
    if (isHeld === true) held.heldUntil = now + limits.visibilityMs;
    // The queue may be away for a moment; when the time is over, somebody else may have it.
    const isLost = isHeld === false || held.heldUntil <= clock.now();
    if (isLost && held.delivery.receipt === receipt && this.#held.has(held.order.id)) this.#end(held, "lost");
  }
}

function reasonOf({ fault }: Job): string {
  return fault === null ? "given up" : `${fault.kind} (${fault.code})`;
}
