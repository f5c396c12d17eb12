/**
 * What was spent before this process began, read from the records once, in the background, and added to the sums.
 * Owns the order (today first), the pace and the patience; holds up nobody.
 */
import { type Clock, sleep } from "../../core/clock.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import { SPEND_SIGNALS } from "../../policy/conditions/rule-facts.ts";
import type { DecisionStore } from "../../store/decision-store.ts";
import type { SpendLedger } from "./spend-ledger.ts";
import { dayStart, monthStart } from "./utc-periods.ts";

/** Between two pages, so that what else reads the store has its turn. Milliseconds. */
const PAUSE_MS = 20;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

export interface PastSpendPorts {
  readonly decisions: Pick<DecisionStore, "spent">;
  readonly ledger: Pick<SpendLedger, "since" | "add">;
  readonly clock: Clock;
  /** The month is known. */
  onRead(took: { readonly ms: number }): void;
  /** Told of the first failure of each row of failures; it is tried again. */
  onFailed(thrown: unknown): void;
}

export interface PastSpend {
  /** Reads the past when the first policy that wants it is here, and once. */
  follow(snapshot: ConfigSnapshot): void;
  stop(): void;
}

export function createPastSpend(ports: PastSpendPorts): PastSpend {
  const stopping = new AbortController();
  let begun = false;
  return {
    follow(snapshot) {
      if (begun || stopping.signal.aborted || !wantsSpend(snapshot)) return;
      begun = true;
      void readAll(ports, stopping.signal);
    },
    stop: () => stopping.abort(),
  };
}

/** Whether a rule, a rollout, a shadow or a flag reads what was spent, or records are to have it. */
function wantsSpend({ useCases, flags, estimates }: ConfigSnapshot): boolean {
  if (estimates === "always") return true;
  const reads = (of: { readonly reads: ReadonlySet<string> }) =>
    [...of.reads].some((signal) => SPEND_SIGNALS.has(signal));
  if (flags !== null && reads(flags)) return true;
  for (const { rules, rollouts, shadows } of useCases.values()) {
    if (rules.some(reads) || rollouts.some(reads) || shadows.some(reads)) return true;
  }
  return false;
}

/**
 * Requests that arrived before the ledger began, and no others: those that arrive from then on are counted by it,
 * whenever they end, so that none is counted twice.
 */
async function readAll(ports: PastSpendPorts, signal: AbortSignal): Promise<void> {
  const { ledger, clock } = ports;
  const { since: until } = ledger;
  const today = dayStart(until);
  const begunAt = clock.now();
  const isRead =
    (await readSpan({ since: today, until }, ports, signal)) &&
    (await readSpan({ since: monthStart(until), until: today }, ports, signal));
  if (isRead) ports.onRead({ ms: clock.now() - begunAt });
}

/** False: it was stopped. After a failure it goes on where it was, so that no page is added twice. */
async function readSpan(
  span: { readonly since: number; readonly until: number },
  { decisions, ledger, clock, onFailed }: PastSpendPorts,
  signal: AbortSignal,
): Promise<boolean> {
  if (span.since >= span.until) return true;
  let before: string | null = null;
  let retryMs = FIRST_RETRY_MS;
  for (;;) {
    let pauseMs = PAUSE_MS;
    try {
      const page = await decisions.spent({ ...span, ...(before !== null && { before }) });
      if (signal.aborted) return false;
      for (const { cost, ...who } of page.sums) ledger.add(who, cost, span.since);
      if (page.cursor === null) return true;
      before = page.cursor;
      retryMs = FIRST_RETRY_MS;
    } catch (thrown) {
      if (signal.aborted) return false;
      if (retryMs === FIRST_RETRY_MS) onFailed(thrown);
      pauseMs = retryMs;
      retryMs = Math.min(LAST_RETRY_MS, 2 * retryMs);
    }
    if (!(await sleep(clock, pauseMs, signal))) return false;
  }
}
