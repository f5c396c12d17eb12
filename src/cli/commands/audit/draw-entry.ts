/** Entries of the audit log as the commands read and draw them. */
import { z } from "zod";
import { instant } from "../../format.ts";
import type { Cell, Column } from "../../terminal.ts";

export const AUDIT_PATH = "/admin/audit";

/** Fields of an entry that somebody has changed may be missing: it is drawn all the same. */
const entryView = z.looseObject({
  seq: z.number(),
  at: z.number().default(Number.NaN),
  actor: z.string().default("?"),
  action: z.string().default("?"),
  subject: z.string().default("?"),
  details: z.record(z.string(), z.unknown()).default({}),
});

export const auditPage = z.object({ entries: z.array(entryView), cursor: z.number().nullable() });

export type AuditView = z.output<typeof entryView>;

export const AUDIT_COLUMNS: readonly Column[] = [
  { title: "SEQ", align: "right" },
  { title: "TIME (UTC)" },
  { title: "BY" },
  { title: "ACTION" },
  { title: "SUBJECT" },
  { title: "WHAT" },
];

export function auditCells(entry: AuditView): readonly Cell[] {
  const { seq, at, actor, action, subject, details } = entry;
  const style = action === "policy.refused" ? "red" : "bold";
  return [String(seq), instant(at), actor, { text: action, style }, subject, whatOf(details)];
}

/** The first change or finding, and the note. */
function whatOf({ changes, findings, note, status }: AuditView["details"]): string {
  const list = [changes, findings].find((some) => Array.isArray(some) && some.length > 0);
  const first = Array.isArray(list) ? String(list[0]) : "";
  const more = Array.isArray(list) && list.length > 1 ? ` and ${list.length - 1} more` : "";
  const result = typeof status === "number" ? `status ${status}` : "";
  const why = typeof note === "string" ? ` (${note})` : "";
  return `${first}${more}${result}${why}`.trimStart();
}
