/** A scripted provider and the ports around it: what a climb needs, on a hand-driven clock, with a log of calls. */

import { NO_USAGE } from "../core/events.ts";
import { FakeClock } from "../core/fake-clock.ts";
import { type FaultKind, fault } from "../core/faults.ts";
import type { RoutePlan } from "../core/plan.ts";
import type { Used } from "./call.ts";
import { byId, circuitSettings, retrySettings } from "./fake-plan.ts";
import { createHealth, type FleetLink, type Health } from "./health.ts";
import { type Call, type Climb, type ClimbPorts, climb, type SendOutcome } from "./ladder.ts";
import { createRetryBudget } from "./retry-budget.ts";

/** One scripted answer. `silent` says nothing until the call's own timeout ends it. */
export interface Act {
  readonly result: "ok" | "silent" | "throw" | FaultKind;
  /** Milliseconds; 1 when absent. */
  readonly takes?: number;
  /** Milliseconds to the first content of an answer that is held back; absent: it is not. */
  readonly begins?: number;
  readonly retryAfterMs?: number;
  readonly lasting?: true;
  readonly cost?: number;
  /** Its answer is malformed in another way than by its format. */
  readonly code?: string;
  /** Nothing was sent. */
  readonly unsent?: true;
  /** It had ended already when it was told to. */
  readonly heedless?: boolean;
}

export interface LoggedCall extends Call {
  readonly at: number;
  readonly act: Act;
}

export interface Stage {
  readonly clock: FakeClock;
  readonly health: Health;
  readonly calls: LoggedCall[];
  /** Runs the climb to its end and returns it. */
  run(change?: Partial<ClimbPorts<string>>): Promise<Climb<string>>;
}

/** `script` gives each deployment's acts in turn; its last one repeats, and without a script it answers. */
export function stage(plan: RoutePlan, script: Readonly<Record<string, readonly Act[]>> = {}): Stage {
  return stageWith(plan, script, null);
}

/** A stage whose gateway is one of several. */
export function stageWith(
  plan: RoutePlan,
  script: Readonly<Record<string, readonly Act[]>>,
  link: FleetLink | null,
): Stage {
  const clock = new FakeClock();
  const health = createHealth(clock, link);
  health.reconfigure(byId(plan.rungs.flatMap((rung) => rung.candidates)), circuitSettings);
  const calls: LoggedCall[] = [];
  const send = (call: Call): Promise<SendOutcome<string>> => {
    const acts = script[call.deployment.id] ?? [];
    const earlier = calls.filter((logged) => logged.deployment.id === call.deployment.id).length;
    const act = acts[Math.min(earlier, acts.length - 1)] ?? { result: "ok" };
    calls.push({ ...call, at: clock.now(), act });
    return perform(clock, call, act);
  };
  return {
    clock,
    health,
    calls,
    async run(change = {}) {
      const arrivedAt = clock.now();
      const climbing = climb(plan, {
        clock,
        random: () => 0.5,
        health,
        retryBudget: createRetryBudget(retrySettings),
        retry: retrySettings,
        arrivedAt,
        deadlineAt: arrivedAt + plan.deadlineMs,
        signal: null,
        send,
        estimateCost: () => 10,
        formatRetries: 1,
        ...change,
      });
      await clock.advance(plan.deadlineMs + 60_000);
      return climbing;
    },
  };
}

/** What an answer that is held back has used at any time. */
export const HELD: Used = { usage: { ...NO_USAGE, outputTokens: 24 }, cost: 3 };

function perform(clock: FakeClock, call: Call, act: Act): Promise<SendOutcome<string>> {
  const { total } = call.timeouts;
  const takes = Math.min(act.takes ?? 1, total);
  const timedOut = act.result === "silent" || takes === total;
  return new Promise((resolve, reject) => {
    const begins = act.begins === undefined ? null : clock.after(act.begins, () => call.begun?.(() => HELD));
    const timer = clock.after(timedOut ? total : takes, () => {
      if (timedOut) resolve({ ok: false, fault: fault("timeout", "first_token_timeout", "Silent.") });
      else if (act.result === "throw") reject(new TypeError("a defect"));
      else resolve(outcomeOf(call, act, takes));
    });
    call.signal?.addEventListener("abort", () => {
      timer.cancel();
      begins?.cancel();
      if (act.result === "throw") reject(new TypeError("a defect"));
      else if (act.heedless) resolve(outcomeOf(call, act, takes));
      else resolve({ ok: false, fault: fault("cancelled", "aborted", "Ended.") });
    });
  });
}

function outcomeOf(call: Call, act: Act, firstTokenMs: number): SendOutcome<string> {
  const cost = act.cost ?? null;
  if (act.result === "ok") {
    return { ok: true, value: `from ${call.deployment.id}`, firstTokenMs, usage: null, cost };
  }
  const kind = act.result as FaultKind;
  const wish = act.retryAfterMs === undefined ? {} : { retryAfterMs: act.retryAfterMs };
  const lasting = act.lasting ? { lasting: act.lasting } : {};
  const complaint = kind === "malformed" && act.code === undefined ? { complaint: "No JSON." } : {};
  const code = act.code ?? `${kind}_code`;
  const said = { ...fault(kind, code, "Provider's private words.", wish), ...lasting, ...complaint };
  return { ok: false, fault: act.unsent ? { ...said, unsent: true } : said, cost };
}
