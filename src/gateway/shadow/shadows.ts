/**
 * Copies of requests for candidates: after the live answer has begun, beside it and never in its way. Owns how
 * many at once, what they may cost, and that each leaves a record or a count.
 */
import type { Timer } from "../../core/clock.ts";
import { estimateCost } from "../../core/estimate-cost.ts";
import type { ShadowCall } from "../../core/plan.ts";
import type { ModelRequest } from "../../core/request.ts";
import { createHourlyBudget, type HourlyBudget, type Reservation } from "./hourly-budget.ts";
import { sendShadow } from "./send-shadow.ts";
import type { LiveRequest, ShadowPorts, ShadowSkip, Shadows } from "./shadow-port.ts";
import { shadowDecision } from "./shadow-record.ts";

/** Copies under way at once, in this process. None waits: what comes beyond is left out and counted. */
export const MAX_CONCURRENT_SHADOWS = 16;

export function createShadows(maxConcurrent = MAX_CONCURRENT_SHADOWS): Shadows {
  return new ShadowRunner(maxConcurrent);
}

class ShadowRunner implements Shadows {
  readonly #maxConcurrent: number;
  readonly #budget: HourlyBudget = createHourlyBudget();
  readonly #stopping = new AbortController();
  readonly #waiting = new Map<Timer, () => void>();
  readonly #running = new Set<Promise<void>>();

  constructor(maxConcurrent: number) {
    this.#maxConcurrent = maxConcurrent;
  }

  mirror(ports: ShadowPorts, live: LiveRequest, request: ModelRequest): void {
    try {
      for (const call of live.plan?.shadows ?? []) {
        const admitted = this.#admit(ports, call);
        if (typeof admitted === "string") ports.metrics.shadowSkipped(call.experiment.rollout, admitted);
        else this.#start(ports, live, request, call, admitted);
      }
    } catch (thrown) {
      ports.reportInternal(live.requestId, thrown);
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const [timer, start] of this.#waiting) {
      timer.cancel();
      start();
    }
    await Promise.all(this.#running);
  }

  /** What was set aside for the copy, null where nothing bounds its cost, or why it is not made. */
  #admit(
    ports: ShadowPorts,
    { experiment, deployment, maxCostPerHour, ...call }: ShadowCall,
  ): Reservation | ShadowSkip | null {
    if (this.#stopping.signal.aborted) return "stopped";
    // A candidate that fails live traffic is not asked for more; nor does its shadow change what live traffic knows.
    if (!ports.health.healthy(deployment.id)) return "unhealthy";
    if (this.#waiting.size + this.#running.size >= this.#maxConcurrent) return "busy";
    if (maxCostPerHour === null) return null;
    const estimate = estimateCost(call, deployment.model) ?? 0;
    const now = ports.clock.now();
    return this.#budget.reserve(experiment.rollout, maxCostPerHour, estimate, now) ?? "cost";
  }

  /** On the next turn of the event loop, so that the live answer leaves first. */
  #start(
    ports: ShadowPorts,
    live: LiveRequest,
    request: ModelRequest,
    call: ShadowCall,
    reserved: Reservation | null,
  ): void {
    const start = (): void => {
      this.#waiting.delete(timer);
      const running = this.#run(ports, live, request, call, reserved).finally(() =>
        this.#running.delete(running),
      );
      this.#running.add(running);
    };
    const timer = ports.clock.after(0, start);
    this.#waiting.set(timer, start);
  }

  async #run(
    ports: ShadowPorts,
    live: LiveRequest,
    request: ModelRequest,
    call: ShadowCall,
    reserved: Reservation | null,
  ): Promise<void> {
    const { clock, metrics } = ports;
    const timeouts = live.plan?.timeouts;
    let cost = 0;
    try {
      if (timeouts === undefined) return;
      const limits = { timeouts, signal: this.#stopping.signal };
      const outcome = await sendShadow(ports, live, request, call, limits);
      cost = outcome.cost ?? 0;
      const decision = shadowDecision(ports.ids.next("dec"), live, request, call, outcome);
      metrics.shadow(decision);
      ports.spend?.count(decision);
      ports.decisions.push(decision);
    } catch (thrown) {
      ports.reportInternal(live.requestId, thrown);
    } finally {
      if (reserved !== null) this.#budget.settle(call.experiment.rollout, reserved, cost, clock.now());
    }
  }
}
