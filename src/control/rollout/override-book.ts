/**
 * The orders that are in force here, kept over restarts and shared with other replicas. Owns which of two orders
 * counts, and that one which has ended does not come back.
 */
import { z } from "zod";
import type { Overlay, OverrideStatus } from "../policy/in-force/in-force.ts";
import { isNewer, layOver, ROLLOUT_VERBS, type RolloutOverride } from "./overrides.ts";

const overrideSchema = z.object({
  rollout: z.string(),
  verb: z.enum(ROLLOUT_VERBS),
  basis: z.string(),
  values: z.array(
    z.object({ path: z.array(z.union([z.string(), z.number()])), to: z.union([z.number(), z.string()]) }),
  ),
  at: z.number(),
  origin: z.string(),
  actor: z.string(),
  note: z.string().nullable(),
});

export const bookSchema = z.object({
  overrides: z.array(overrideSchema).max(1000),
  /** Rollouts whose order has been in force here: the others wait for a text that they fit. */
  held: z.array(z.string()),
  /** By rollout: the last order that has ended here. */
  ended: z.record(z.string(), z.object({ at: z.number(), origin: z.string() })),
});

export type KeptBook = z.output<typeof bookSchema>;

export interface BookPorts {
  /** What an earlier process has left. */
  readonly kept: KeptBook | null;
  readonly origin: string;
  now(): number;
  /** Does not reject. */
  save(book: KeptBook): Promise<void>;
  onEnded(override: RolloutOverride): void;
}

export interface OverrideBook extends Overlay {
  /** The order that counts for a rollout; null: there is none. */
  find(rollout: string): RolloutOverride | null;
  all(): readonly RolloutOverride[];
  /** A stamp later than that of every order that was heard of. */
  stamp(): Pick<RolloutOverride, "at" | "origin">;
  /** False: it is older than what is known. */
  put(override: RolloutOverride): Promise<boolean>;
  /** Whether its rollout's order has been laid over a text here; before, it waits for one that it fits. */
  isHeld(override: RolloutOverride): boolean;
  /** Drops an order that was never in force here, and that its author has taken back. */
  forget(override: RolloutOverride): void;
  /** Whether an order that comes from elsewhere has ended here already. */
  hasEnded(override: RolloutOverride): boolean;
}

/** As another replica, or an earlier process, has written it; null where it is none. */
export function readOverride(text: string): RolloutOverride | null {
  try {
    return overrideSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

export function createOverrideBook(ports: BookPorts): OverrideBook {
  const orders = new Map<string, RolloutOverride>(
    ports.kept?.overrides.map((override) => [override.rollout, override]),
  );
  const held = new Set<string>(ports.kept?.held);
  const ended = new Map<string, Pick<RolloutOverride, "at" | "origin">>(
    Object.entries(ports.kept?.ended ?? {}),
  );
  let latest = Math.max(0, ...[...orders.values(), ...ended.values()].map(({ at }) => at));

  const all = () => [...orders.values()];
  const save = () =>
    ports.save({ overrides: all().map(mutable), held: [...held], ended: Object.fromEntries(ended) });
  const end = (override: RolloutOverride): void => {
    orders.delete(override.rollout);
    held.delete(override.rollout);
    ended.set(override.rollout, { at: override.at, origin: override.origin });
    if (override.values.length > 0) ports.onEnded(override);
  };
  const hasEnded = (override: RolloutOverride): boolean => {
    const last = ended.get(override.rollout);
    return last !== undefined && !isNewer(override, last);
  };

  return {
    find: (rollout) => orders.get(rollout) ?? null,
    all,
    hasEnded,
    isHeld: ({ rollout }) => held.has(rollout),
    forget({ rollout }) {
      orders.delete(rollout);
      void save();
    },
    stamp() {
      latest = Math.max(latest + 1, ports.now());
      return { at: latest, origin: ports.origin };
    },
    async put(override) {
      if (hasEnded(override) || !isNewer(override, orders.get(override.rollout))) return false;
      latest = Math.max(latest, override.at);
      orders.set(override.rollout, override);
      held.delete(override.rollout);
      await save();
      return true;
    },
    lay: (sources) => layOver(sources, all()).sources,
    settle(sources, bare) {
      const laid = layOver(sources, all());
      const over = bare ? all() : laid.over.filter(({ rollout }) => held.has(rollout));
      const taken = bare ? [] : laid.applied.filter(({ rollout }) => !held.has(rollout));
      for (const { rollout } of taken) held.add(rollout);
      for (const override of over) end(override);
      if (over.length + taken.length > 0) void save();
    },
    list: (): readonly OverrideStatus[] =>
      all()
        .filter(({ values, rollout }) => values.length > 0 && held.has(rollout))
        .map(({ rollout, verb, values, at, actor, note }) => ({
          rollout,
          verb,
          values: values.map(({ path, to }) => (path.length === 0 ? String(to) : `${path.join(".")}: ${to}`)),
          at,
          actor,
          note,
        })),
  };
}

function mutable({ values, ...rest }: RolloutOverride): KeptBook["overrides"][number] {
  return { ...rest, values: values.map(({ path, to }) => ({ path: [...path], to })) };
}
