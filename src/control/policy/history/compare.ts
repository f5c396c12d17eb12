/** Two policies side by side, in words. Owns what can be compared: the one in force, a version, texts. */
import { diffDocuments } from "../../../policy/diff.ts";
import type { PolicyDocument } from "../../../policy/document/document.ts";
import type { Finding } from "../../../policy/finding.ts";
import { type PolicyText, parsePolicy } from "../../../policy/reading/load.ts";
import type { PolicyDesk } from "../policy-desk.ts";
import { describeChanges } from "./describe-changes.ts";
import { findVersion } from "./find-version.ts";

/** The version in force, by this word. */
export const CURRENT = "current";

/** `current`, a version, or texts. */
export type Comparable = string | readonly PolicyText[];

export type Comparison =
  | {
      readonly result: "compared";
      /** Dotted paths. */
      readonly paths: readonly string[];
      /** The same, in words. */
      readonly changes: readonly string[];
    }
  | { readonly result: "unknown" | "forgotten"; readonly version: string }
  | { readonly result: "invalid"; readonly findings: readonly Finding[] };

export async function comparePolicies(
  desk: PolicyDesk,
  from: Comparable,
  to: Comparable,
): Promise<Comparison> {
  const before = await documentOf(desk, from);
  if (before.result !== "document") return before;
  const after = await documentOf(desk, to);
  if (after.result !== "document") return after;
  const paths = diffDocuments(before.document, after.document);
  const changes = describeChanges(paths, before.document, after.document);
  return { result: "compared", paths, changes };
}

type Side =
  | { readonly result: "document"; readonly document: PolicyDocument }
  | Exclude<Comparison, { result: "compared" }>;

/** Names need not exist and credentials need not be there: only what is written is compared. */
async function documentOf(desk: PolicyDesk, side: Comparable): Promise<Side> {
  if (typeof side !== "string") return read(side);
  const inForce = desk.control.inForce();
  if (inForce && (side === CURRENT || side === desk.control.snapshot().version)) {
    return { result: "document", document: inForce.document };
  }
  const found = await findVersion(desk, side);
  return found.result === "found" ? read(found.sources) : { result: found.result, version: side };
}

function read(sources: readonly PolicyText[]): Side {
  const { document, findings } = parsePolicy(sources);
  return document ? { result: "document", document } : { result: "invalid", findings };
}
