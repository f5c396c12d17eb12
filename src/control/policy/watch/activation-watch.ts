/**
 * The automatic return: a version that fails more requests than the one before it gives its traffic back. Owns what is
 * compared with what, and when; what counts as an error is version-tally.ts's, how sure one must be
 * confidence-sequence.ts's.
 *
 * The newer version is worse where the lower bound of its error rate is above the upper bound of the older one's by
 * more than `maxIncrease`. Each bound is wrong, at any of all the times one looks, with a probability of at most ALPHA
 * / 2: so a version that is no worse than that is ever returned from with a probability of at most ALPHA, however often
 * one looks (union bound). Few requests give wide bounds, and nothing follows.
 */
import type { Clock, Timer } from "../../../core/clock.ts";
import type { ActivationGuard } from "../../../core/settings.ts";
import type { ConfigSnapshot } from "../../../core/snapshot.ts";
import type { PolicyControl } from "../in-force/policy-control.ts";
import type { Act, WatchStatus } from "../policy-acts.ts";
import { type ErrorCount, rateBounds } from "./confidence-sequence.ts";
import type { VersionTally } from "./version-tally.ts";

export interface WatchPorts {
  readonly clock: Clock;
  readonly control: Pick<PolicyControl, "snapshot" | "split" | "status">;
  readonly tally: VersionTally;
  /** Gives the traffic of `worse.version` back. False: it could not be done now. Does not reject. */
  giveBack(worse: Worse): Promise<boolean>;
}

export interface Worse {
  readonly version: string;
  readonly previousVersion: string;
  /** The plan by which it was taking over; null: it was in force. */
  readonly planId: string | null;
  /** The numbers, in words. */
  readonly because: string;
  readonly newer: ErrorCount;
  readonly older: ErrorCount;
}

export interface ActivationWatch {
  /** Another version is in force. `previousVersion` null: there was none. */
  activated(snapshot: ConfigSnapshot, previousVersion: string | null, via: Act["via"]): void;
  /** What is compared now; null: nothing is. */
  status(): WatchStatus | null;
  stop(): void;
}

/** What holds for activations by steps where the policy does not say. */
export const DEFAULT_GUARD: ActivationGuard = { watchMs: 5 * 60_000, maxIncrease: 0.02, minRequests: 50 };

const ALPHA = 0.01;
const LOOK_EVERY_MS = 1000;

/**
 * What a text has been called since it is in force: what is laid over it, or a verb changes in it, makes another version
 * of it and no other policy.
 */
type Names = Set<string>;

interface Watch {
  readonly newer: Names;
  readonly older: Names;
  readonly previousVersion: string;
  readonly guard: ActivationGuard;
  /** When it had its first request; epoch milliseconds. */
  readonly since: number;
  /** Null: for as long as it takes over by steps. */
  readonly until: number | null;
  /** Null: it has taken over. */
  readonly planId: string | null;
}

/** By what it is called now. */
type Watched = Watch & { readonly version: string };

export function startActivationWatch({ clock, control, tally, giveBack }: WatchPorts): ActivationWatch {
  const atStart = control.status().version;
  /** Of the text in force. */
  let names: Names = new Set(atStart === null ? [] : [atStart]);
  let after: Watch | null = null;
  let steps: Watch | null = null;
  let giving = false;
  let timer: Timer | null = null;

  const watched = (): Watched | null => {
    const split = control.split();
    const staging = control.status().staging;
    if (!split) steps = null;
    if (split && staging) {
      // As requests are counted here: the plan names the versions of the gateway that began it, and in another
      // environment the same texts are others.
      const { newer, older } = split;
      const guard = newer.activation ?? DEFAULT_GUARD;
      const { startsAt: since, id: planId } = staging;
      const known = steps?.planId === planId ? steps.newer : new Set<string>();
      const previousVersion = older.version;
      steps = { newer: known, older: names, previousVersion, guard, since, until: null, planId };
      // Another environment's overlay takes over: here nothing does.
      if (newer.version === older.version) return null;
      add(known, newer.version, names);
      return guard.watchMs === 0 ? null : { ...steps, version: newer.version };
    }
    if (after?.until != null && clock.now() >= after.until) after = null;
    if (!after) return null;
    const { version } = control.snapshot();
    return after.older.has(version) ? null : { ...after, version };
  };
  const figures = ({ newer, older, guard, since }: Watched) => ({
    newer: countOf(tally, newer, since),
    // Of the time before as well: afterwards the older version has no requests.
    older: countOf(tally, older, since - guard.watchMs),
  });
  const look = async (): Promise<void> => {
    const one = watched();
    if (!one || giving) return;
    const { newer, older } = figures(one);
    const because = worseThan(newer, older, one.guard);
    if (because === null) return;
    giving = true;
    const { version, previousVersion, planId } = one;
    const given = await giveBack({ version, previousVersion, planId, because, newer, older });
    giving = false;
    if (given && planId === null) after = null;
  };
  const again = (): void => {
    timer = clock.after(LOOK_EVERY_MS, () => {
      void look().then(again);
    });
  };
  again();

  return {
    activated(snapshot, previousVersion, via) {
      const { version } = snapshot;
      if (version === previousVersion) return;
      // What was compiled anew, or ordered of a rollout or an alias, is no new policy; a verb that has changed the text
      // is one, but ends no comparison that is under way.
      if (via === "recompile" || via === "rollout" || via === "alias" || (via === "edit" && watched())) {
        add(names, version, steps?.newer ?? after?.older ?? NONE);
        return;
      }
      const before = names;
      const begun = steps?.newer.has(version) ? steps : null;
      names = begun?.newer ?? new Set([version]);
      steps = null;
      const guard = snapshot.activation ?? (via === "activate" || begun ? DEFAULT_GUARD : null);
      const isNew = NEW.has(via);
      if (!isNew || previousVersion === null || guard === null || guard.watchMs === 0) {
        after = null;
        return;
      }
      const now = clock.now();
      const since = begun?.since ?? now;
      const until = now + guard.watchMs;
      after = { newer: names, older: before, previousVersion, guard, since, until, planId: null };
    },
    status() {
      const one = watched();
      if (!one) return null;
      const { version, previousVersion, guard, since, until } = one;
      const { minRequests, maxIncrease } = guard;
      return { version, previousVersion, since, until, minRequests, maxIncrease, ...figures(one) };
    },
    stop() {
      timer?.cancel();
      timer = null;
    },
  };
}

const NONE: ReadonlySet<string> = new Set();

/** Acts that may put a text in force that was not in force before. */
const NEW: ReadonlySet<Act["via"]> = new Set(["source", "push", "edit", "activate", "unpin"]);

/** What is called as the other text is, under orders that make them the same, is not told apart. */
function add(names: Names, version: string, others: ReadonlySet<string>): void {
  if (!others.has(version)) names.add(version);
}

function countOf(tally: VersionTally, names: Names, since: number): ErrorCount {
  const found = { requests: 0, errors: 0 };
  for (const name of names) {
    const { requests, errors } = tally.count(name, since);
    found.requests += requests;
    found.errors += errors;
  }
  return found;
}

/** In words, with the numbers; null: it is not, or nobody can tell. */
export function worseThan(newer: ErrorCount, older: ErrorCount, guard: ActivationGuard): string | null {
  if (newer.requests < guard.minRequests || older.requests < guard.minRequests) return null;
  const { lower } = rateBounds(newer, ALPHA / 2);
  const { upper } = rateBounds(older, ALPHA / 2);
  if (lower <= upper + guard.maxIncrease) return null;
  return (
    `${told(newer)}, at least ${percent(lower)}; before it ${told(older)}, at most ${percent(upper)}; ` +
    `${percent(guard.maxIncrease)} more are allowed`
  );
}

function told({ requests, errors }: ErrorCount): string {
  return `${errors} of ${requests} requests failed or were degraded`;
}

function percent(rate: number): string {
  return `${Math.round(rate * 1000) / 10} %`;
}
