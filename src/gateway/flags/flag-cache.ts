/**
 * Values of flags that another system decides, at hand without waiting. Owns what is kept and for how long; a
 * request never waits for that system, and one that is down changes nothing but how old the values are.
 */
import type { Caller } from "../../core/caller.ts";
import type { Clock } from "../../core/clock.ts";
import type { FlagDetails, FlagSource, FlagValue } from "../../core/flags.ts";

/** What the other system may decide by. */
export interface FlagContext {
  /** The end user where the caller names one, else the key. */
  readonly targetingKey: string;
  /** Public id of the key. */
  readonly key: string;
  readonly tenant: string;
  readonly tier: string;
  readonly role: string;
}

export interface FlagCachePorts {
  readonly clock: Clock;
  /** Milliseconds that a value is used before it is asked for anew. */
  readonly ttlMs: number;
  /** Resolves to null where the flag has no value there, and rejects where the system failed. */
  evaluate(flag: string, like: FlagValue, context: FlagContext): Promise<FlagDetails | null>;
  /** At most once in `ttlMs`. */
  onFailed(thrown: unknown): void;
}

/** Flags times callers; beyond that the one that was asked for first goes. */
const MAX_ENTRIES = 10_000;
const MAX_UNDER_WAY = 64;
/** An evaluation that takes longer than this is given up, whatever becomes of it. Milliseconds. */
const LONGEST_MS = 5_000;

interface Entry {
  details: FlagDetails | null;
  /** When it is asked for anew; 0: never asked yet. */
  freshUntil: number;
  underWay: boolean;
}

/** What is not known yet is null, and the policy decides; what was known before is used until it is known anew. */
export function createFlagCache(ports: FlagCachePorts): FlagSource {
  const { clock, ttlMs } = ports;
  const entries = new Map<string, Entry>();
  let underWay = 0;
  let quietUntil = 0;

  const fail = (thrown: unknown): void => {
    if (clock.now() < quietUntil) return;
    quietUntil = clock.now() + ttlMs;
    ports.onFailed(thrown);
  };

  const refresh = (entry: Entry, flag: string, like: FlagValue, context: FlagContext): void => {
    if (underWay >= MAX_UNDER_WAY) return;
    underWay++;
    entry.underWay = true;
    let over = false;
    const end = (): boolean => {
      if (over) return false;
      over = true;
      timer.cancel();
      underWay--;
      entry.underWay = false;
      entry.freshUntil = clock.now() + ttlMs;
      return true;
    };
    const timer = clock.after(LONGEST_MS, () => {
      if (end()) fail(new Error("The flags provider did not answer in time."));
    });
    evaluateSafely(ports, flag, like, context).then(
      (details) => {
        if (end()) entry.details = details;
      },
      (thrown: unknown) => {
        if (end()) fail(thrown);
      },
    );
  };

  return {
    lookUp(flag, like, caller, user) {
      const id = `${flag}\n${caller.keyId}\n${user ?? ""}`;
      let entry = entries.get(id);
      if (entry === undefined) {
        if (entries.size >= MAX_ENTRIES) dropOldest(entries);
        entry = { details: null, freshUntil: 0, underWay: false };
        entries.set(id, entry);
      }
      if (!entry.underWay && clock.now() >= entry.freshUntil) {
        refresh(entry, flag, like, contextOf(caller, user));
      }
      return entry.details;
    },
  };
}

/** Async, so that a provider that throws instead of rejecting is treated alike. */
async function evaluateSafely(
  ports: FlagCachePorts,
  flag: string,
  like: FlagValue,
  context: FlagContext,
): Promise<FlagDetails | null> {
  return ports.evaluate(flag, like, context);
}

function contextOf({ keyId, tenant, tier, role }: Caller, user: string | undefined): FlagContext {
  return { targetingKey: user ?? keyId, key: keyId, tenant, tier, role };
}

function dropOldest(entries: Map<string, Entry>): void {
  for (const id of entries.keys()) {
    entries.delete(id);
    return;
  }
}
