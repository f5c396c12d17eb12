/** What is written down of an act on the policy, for the history and for the audit log. Owns what is told. */
import { createHash } from "node:crypto";
import type { Finding } from "../../../policy/finding.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";
import type { Activation, KeptText } from "../../../store/activation-store.ts";
import type { AuditRecord } from "../../../store/audit-store.ts";
import type { Act } from "../policy-acts.ts";

export type RecordedResult = Activation["result"] | "unchanged";

export interface Recorded {
  readonly result: RecordedResult;
  readonly act: Act;
  readonly sources: readonly PolicyText[];
  readonly findings: readonly Finding[];
  readonly previousVersion: string | null;
  /** Absent where it was refused. */
  readonly version?: string;
  /** Dotted paths that changed, and the same in words. */
  readonly paths?: readonly string[];
  readonly changes?: readonly string[];
}

/** An act and the texts that go with it, as they are written. */
export interface ActRecord {
  readonly activation: Activation;
  readonly texts: readonly KeptText[];
}

/** Entries of a list that the audit log takes. */
const MAX_AUDITED = 20;

/** Lower-case hexadecimal SHA-256, by which a text is kept. */
export function textDigest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** `place`: whose policy it is, and which state of the store's own. */
export function createRecord(
  recorded: Recorded,
  id: string,
  at: number,
  place: Pick<Activation, "environment" | "revision">,
): ActRecord {
  const { result, act, sources, findings, previousVersion, version, paths = [], changes = [] } = recorded;
  // What was refused is not kept: a source that fails in a thousand ways would fill the disk.
  const kept = result === "refused" ? [] : sources;
  const digests = kept.map(({ text }) => textDigest(text));
  const activation: Activation = {
    id,
    at,
    actor: act.actor,
    source: sources.map(({ file }) => file).join(" + "),
    result: result === "unchanged" ? "activated" : result,
    version: version ?? null,
    previousVersion,
    changes: paths,
    findings: errorsFirst(findings).map(placed),
    summary: changes,
    note: act.note,
    ...place,
    ...(result !== "refused" && {
      texts: kept.map(({ file }, i) => ({ file, digest: digests[i] ?? "" })),
    }),
  };
  return { activation, texts: kept.map(({ text }, i) => ({ digest: digests[i] ?? "", text })) };
}

const ACTIONS = {
  source: "policy.activated",
  restore: "policy.activated",
  recompile: "policy.activated",
  push: "policy.pushed",
  edit: "policy.pushed",
  rollback: "policy.rolled_back",
  unpin: "policy.unpinned",
  activate: "policy.activated",
  return: "policy.returned",
  rollout: "policy.activated",
  alias: "policy.activated",
} as const satisfies Record<Act["via"], string>;

export function auditOf(recorded: Recorded, at: number): AuditRecord {
  const { result, act, sources, findings, previousVersion, version, changes = [] } = recorded;
  const { actor, via, note, origin } = act;
  if (result === "refused") {
    const told = findings.filter(isError).slice(0, MAX_AUDITED).map(placed);
    const details = { via, note, source: namesOf(sources), inForce: previousVersion, findings: told };
    return { at, actor, action: "policy.refused", subject: namesOf(sources), details };
  }
  const details = {
    via,
    ...(origin && { act: origin }),
    note,
    source: namesOf(sources),
    previousVersion,
    changes: changes.slice(0, MAX_AUDITED),
    furtherChanges: Math.max(0, changes.length - MAX_AUDITED),
  };
  return { at, actor, action: ACTIONS[via], subject: version ?? "", details };
}

function namesOf(sources: readonly PolicyText[]): string {
  return sources.map(({ file }) => file).join(" + ");
}

/** A refusal's reasons before what is only remarked. */
function errorsFirst(findings: readonly Finding[]): readonly Finding[] {
  return [...findings.filter(isError), ...findings.filter((finding) => !isError(finding))];
}

function isError({ severity }: Finding): boolean {
  return severity === "error";
}

function placed({ file, line, column, severity, message }: Finding): string {
  return `${file}:${line}:${column} ${severity} ${message}`;
}
