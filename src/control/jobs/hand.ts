/**
 * What waits in this process's hand, by use case, and whose turn it is. Owns fairness: of the use cases that may run
 * one more, the one that was served longest ago is next, so that a flood of one holds up no other.
 */
import type { JobSettings } from "../../core/job-settings.ts";
import type { Held } from "./held.ts";
import { MAX_INPUTS, MAX_JOINED_BYTES } from "./micro-batch.ts";

/** That wait in hand for each one that runs, so that the next is there when one ends. */
const WAITING_PER_RUNNING = 2;

export interface Hand {
  /** Whether one more of the use case is kept waiting here. */
  hasRoom(useCase: string): boolean;
  add(held: Held): void;
  /** Takes those that go into the next request; null: none may run now. `run` is told when it is over. */
  next(now: number): readonly Held[] | null;
  /** A request of the use case is over. */
  done(useCase: string): void;
  /** It waits no more. False: it does not wait here. */
  drop(held: Held): boolean;
  /** Milliseconds until one that waits for company goes without; null: none does. */
  nextIn(now: number): number | null;
  /** Requests of the use case under way. */
  running(useCase: string): number;
}

interface Group {
  readonly waiting: Held[];
  running: number;
  servedAt: number;
}

export function createHand(settingsOf: (useCase: string) => JobSettings): Hand {
  const groups = new Map<string, Group>();
  let turns = 0;
  const groupOf = (useCase: string): Group => {
    const known = groups.get(useCase);
    if (known) return known;
    const fresh = { waiting: [], running: 0, servedAt: 0 };
    groups.set(useCase, fresh);
    return fresh;
  };
  const forget = (useCase: string, group: Group): void => {
    if (group.waiting.length === 0 && group.running === 0) groups.delete(useCase);
  };
  return {
    hasRoom(useCase) {
      const { concurrency, microBatch } = settingsOf(useCase);
      const most = WAITING_PER_RUNNING * concurrency * (microBatch?.max ?? 1);
      return (groups.get(useCase)?.waiting.length ?? 0) < most;
    },
    add: (held) => void groupOf(held.order.useCase).waiting.push(held),
    next(now) {
      const inTurn = [...groups].sort(([, a], [, b]) => a.servedAt - b.servedAt);
      for (const [useCase, group] of inTurn) {
        const settings = settingsOf(useCase);
        if (group.running >= settings.concurrency) continue;
        const chosen = choose(group.waiting, settings, now);
        if (chosen === null) continue;
        for (const held of chosen) group.waiting.splice(group.waiting.indexOf(held), 1);
        group.running++;
        group.servedAt = ++turns;
        return chosen;
      }
      return null;
    },
    done(useCase) {
      const group = groupOf(useCase);
      group.running--;
      forget(useCase, group);
    },
    drop(held) {
      const group = groups.get(held.order.useCase);
      const at = group?.waiting.indexOf(held) ?? -1;
      if (!group || at === -1) return false;
      group.waiting.splice(at, 1);
      forget(held.order.useCase, group);
      return true;
    },
    nextIn(now) {
      let soonest: number | null = null;
      for (const [useCase, { waiting, running }] of groups) {
        const { microBatch, concurrency } = settingsOf(useCase);
        if (microBatch === null || running >= concurrency) continue;
        for (const { since } of waiting) {
          const left = Math.max(0, since + microBatch.waitMs - now);
          soonest = Math.min(soonest ?? left, left);
        }
      }
      return soonest;
    },
    running: (useCase) => groups.get(useCase)?.running ?? 0,
  };
}

/** The first that goes alone, or that has its company together, or has waited long enough for it. */
function choose(waiting: readonly Held[], { microBatch }: JobSettings, now: number): readonly Held[] | null {
  const looked = new Set<string>();
  for (const held of waiting) {
    const { batchKey } = held;
    if (microBatch === null || batchKey === null) return [held];
    // The oldest of each key has waited longest.
    if (looked.has(batchKey)) continue;
    looked.add(batchKey);
    const { company, isFull } = companyOf(held, waiting, microBatch.max);
    if (isFull || now - held.since >= microBatch.waitMs) return company;
  }
  return null;
}

function companyOf(first: Held, waiting: readonly Held[], max: number) {
  const company: Held[] = [];
  let inputs = 0;
  let bytes = 0;
  for (const held of waiting) {
    if (held.batchKey !== first.batchKey) continue;
    const isFirst = company.length === 0;
    const tooMuch = inputs + held.inputs > MAX_INPUTS || bytes + held.bytes > MAX_JOINED_BYTES;
    if (!isFirst && tooMuch) return { company, isFull: true };
    company.push(held);
    inputs += held.inputs;
    bytes += held.bytes;
    if (company.length === max) return { company, isFull: true };
  }
  return { company, isFull: false };
}
