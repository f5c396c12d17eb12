/** Back to an earlier version, at once. Owns which one that is, and that the source does not undo it. */
import type { PolicySource } from "../../policy/load.ts";
import { findVersion, previousVersion } from "./find-version.ts";
import type { Act, ActivationResult } from "./policy-acts.ts";
import type { PolicyDesk } from "./policy-desk.ts";
import { documentsWith } from "./sources/store.ts";

export interface RollbackWish {
  /** Null: the one before the one in force. */
  readonly version: string | null;
  readonly actor: string;
  readonly note: string | null;
  /** `return`: nobody has asked for it. */
  readonly via?: "rollback" | "return";
}

export type RollbackOutcome =
  | (Extract<ActivationResult, { result: "activated" | "unchanged" }> & { readonly pinned: boolean })
  | { readonly result: "refused"; readonly version: string; readonly findings: RefusedFindings }
  | { readonly result: "no_earlier" | "in_force" | "conflict" }
  /** `foreign`: it came from another source in more texts than the store has places for. */
  | { readonly result: "unknown" | "forgotten" | "foreign"; readonly version: string };

type RefusedFindings = Extract<ActivationResult, { result: "refused" }>["findings"];

/**
 * The version is in force when this resolves. Where the policy lives in the store, its texts become the
 * store's; elsewhere the version is pinned until the source has other texts than now.
 */
export async function rollBack(desk: PolicyDesk, wish: RollbackWish): Promise<RollbackOutcome> {
  const current = desk.control.snapshot().version;
  const act: Act = { actor: wish.actor, via: wish.via ?? "rollback", note: wish.note };
  if (desk.control.status().staging && (wish.version ?? current) === current) {
    const dropped = await desk.control.dropStaging(act);
    if (dropped?.result === "activated") return { ...dropped, pinned: desk.control.status().pinned != null };
    if (dropped) return { result: "conflict" };
  }
  const version = wish.version ?? (await previousVersion(desk, current));
  if (version === null) return { result: "no_earlier" };
  if (version === current) return { result: "in_force" };
  const found = await findVersion(desk, version);
  if (found.result !== "found") return { result: found.result, version };
  if (desk.heads && found.sources.length > (desk.environment === null ? 1 : 2)) {
    return { result: "foreign", version };
  }
  const put = desk.heads
    ? await moveHead(desk, desk.heads, found.sources, act)
    : await desk.control.pin(found.sources, act);
  if (put.result === "conflict") return put;
  // Only the source's offers are held back.
  if (put.result === "held") return { result: "in_force" };
  if (put.result === "refused") return { ...put, version };
  return { ...put, pinned: desk.heads === null };
}

async function moveHead(
  { control, clock, environment }: PolicyDesk,
  heads: NonNullable<PolicyDesk["heads"]>,
  sources: readonly PolicySource[],
  act: Act,
) {
  return control.replace(sources, act, async () => {
    const head = await heads.read(0);
    const { actor, note } = act;
    const documents = documentsWith(head?.documents ?? {}, sources, environment);
    const revision = (head?.revision ?? 0) + 1;
    return (await heads.write({ revision, at: clock.now(), actor, note, documents })) ? revision : null;
  });
}
