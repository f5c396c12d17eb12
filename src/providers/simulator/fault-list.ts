/** The faults of the scenario and those injected while it runs, as one list. Knows no request and no socket. */
import type { z } from "zod";
import { compileFaultEntry, type FaultEntry, faultEntrySchema } from "./scenario-faults.ts";

/** A fault as a scenario writes it, `start` counted from the injection. */
export type FaultInput = z.input<typeof faultEntrySchema>;

export interface FaultList {
  /** Injected ones first, newest first, so that what someone does by hand is seen. */
  readonly entries: readonly FaultEntry[];
  /** By id, in the order of injection. */
  readonly injected: ReadonlyMap<string, FaultEntry>;
  /** The new entry's id, or what is wrong with it. */
  inject(
    input: unknown,
    elapsedMs: number,
  ): { readonly ok: true; readonly id: string } | { readonly ok: false; readonly message: string };
  /** How many it took away: of that id, or all that were injected. */
  clear(id?: string): number;
}

const MAX_INJECTED = 1_000;

export function createFaultList(scheduled: readonly FaultEntry[]): FaultList {
  const injected = new Map<string, FaultEntry>();
  let entries = scheduled;
  let count = 0;
  const gather = () => {
    entries = [...[...injected.values()].reverse(), ...scheduled];
  };
  return {
    get entries() {
      return entries;
    },
    injected,
    inject(input, elapsedMs) {
      if (injected.size >= MAX_INJECTED)
        return { ok: false, message: "Too many injected faults: clear some." };
      const parsed = faultEntrySchema.safeParse(input);
      if (!parsed.success) return { ok: false, message: complaint(parsed.error) };
      const id = `fault-${++count}`;
      const entry = compileFaultEntry(parsed.data, id);
      injected.set(id, { ...entry, startMs: entry.startMs + elapsedMs });
      gather();
      return { ok: true, id };
    },
    clear(id) {
      const before = injected.size;
      if (id === undefined) injected.clear();
      else injected.delete(id);
      gather();
      return before - injected.size;
    },
  };
}

function complaint(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join(".") || "fault"}: ${issue.message}`).join("; ");
}
