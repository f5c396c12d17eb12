/** Whether the audit log is what was written, link by link. Owns what counts as broken. */
import { z } from "zod";
import { type AuditHead, type AuditStore, hashOf, NO_ENTRY } from "../../store/audit-store.ts";

export type Verification =
  | {
      readonly ok: true;
      readonly entries: number;
      /** Compare it with one noted earlier: a chain whose end was cut off is whole up to its new end. */
      readonly head: AuditHead;
    }
  | {
      readonly ok: false;
      /** Links before it that are whole. */
      readonly entries: number;
      /** The first entry that is not what was written. */
      readonly brokenAt: number;
      readonly reason: string;
    };

const PAGE = 500;

const linkSchema = z.looseObject({ seq: z.number(), prevHash: z.string(), hash: z.string() });

/** Reads the whole log once, a page at a time. */
export async function verifyChain(store: Pick<AuditStore, "range" | "complete">): Promise<Verification> {
  let head: AuditHead = NO_ENTRY;
  let entries = 0;
  for (;;) {
    const page = await store.range(head.seq, PAGE);
    for (const row of page) {
      const isFirst = entries === 0;
      // A store that lets go of the oldest has nothing to compare its first entry with.
      const known = !isFirst || store.complete || row.seq === 1;
      const judged = judge(row.entry, row.seq, known ? head : null);
      if (typeof judged === "string") {
        const brokenAt = known && row.seq !== head.seq + 1 ? head.seq + 1 : row.seq;
        return { ok: false, entries, brokenAt, reason: judged };
      }
      head = judged;
      entries++;
    }
    if (page.length < PAGE) return { ok: true, entries, head };
  }
}

/** The link, or what is wrong with it. `before`: null where it is not known. */
function judge(text: string, seq: number, before: AuditHead | null): AuditHead | string {
  if (before && seq !== before.seq + 1) return `Entry ${before.seq + 1} is missing.`;
  const link = linkSchema.safeParse(parse(text));
  if (!link.success) return `Entry ${seq} cannot be read.`;
  const entry = link.data;
  if (entry.seq !== seq) return `Entry ${seq} says that it is another one.`;
  if (entry.hash !== hashOf(entry)) return `Entry ${seq} was changed: its hash does not fit its content.`;
  if (before && entry.prevHash !== before.hash) {
    return `Entry ${seq} does not follow the entry before it: one of them was replaced.`;
  }
  return { seq, hash: entry.hash };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
