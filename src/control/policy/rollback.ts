/** Back to an earlier version, at once. Owns which one that is, and that the source does not undo it. */
import type { PolicyHead } from "../../store/policy-heads.ts";
import { type NoOwnVersion, previousVersion, versionTexts } from "./history/find-version.ts";
import type { PolicyTurn } from "./in-force/policy-control.ts";
import type { PutResult } from "./policy-acts.ts";
import type { PolicyDesk } from "./policy-desk.ts";
import { stagingOf } from "./staging/staging.ts";
import { documentsWith, holdsTexts } from "./store-documents.ts";

export interface RollbackWish {
  /** Null: the one before the one in force. */
  readonly version: string | null;
  readonly actor: string;
  readonly note: string | null;
  /** `return`: nobody has asked for it. */
  readonly via?: "rollback" | "return";
}

export type RollbackOutcome =
  | (Extract<PutResult, { result: "activated" | "unchanged" }> & {
      readonly pinned: boolean;
      /** The disk did not take the pin: a restart would undo it, until it does. */
      readonly kept?: false;
    })
  | { readonly result: "refused"; readonly version: string; readonly findings: RefusedFindings }
  | { readonly result: "no_earlier" | "in_force" | "conflict" }
  | NoOwnVersion;

type RefusedFindings = Extract<PutResult, { result: "refused" }>["findings"];

/**
 * The version is in force when this resolves. Where the policy lives in the store, its texts become the
 * store's; elsewhere the version is pinned until the source has other texts than now.
 */
export function rollBack(desk: PolicyDesk, wish: RollbackWish): Promise<RollbackOutcome> {
  return desk.control.atNewest((turn) => goBack(desk, turn, wish));
}

/** The same, within a turn. */
export async function goBack(
  desk: PolicyDesk,
  turn: PolicyTurn,
  wish: RollbackWish,
): Promise<RollbackOutcome> {
  const { control, environment } = desk;
  const current = control.snapshot().version;
  const act = { actor: wish.actor, via: wish.via ?? "rollback", note: wish.note } as const;
  if (stagingOf(desk, turn) && (wish.version ?? current) === current) {
    const dropped = await turn.dropStaging(act);
    if (dropped?.result === "activated") return { ...dropped, ...pinnedIn(desk) };
    if (dropped) return { result: "conflict" };
  }
  // What the store has is not valid here: the version before it is the one that stayed in force.
  const isBehind = turn.head !== null && !isInForce(desk, turn.head);
  const version = wish.version ?? (isBehind ? current : await previousVersion(desk, current));
  if (version === null) return { result: "no_earlier" };
  if (version === current && !isBehind) return { result: "in_force" };
  const found = await versionTexts(desk, version);
  if (!("sources" in found)) return found;
  const put = desk.heads
    ? await turn.replace(documentsWith(turn.head?.documents ?? {}, found.sources, environment), act)
    : await turn.pin(found.sources, act);
  if (put.result === "conflict") return put;
  if (put.result === "refused") return { ...put, version };
  return { ...put, ...pinnedIn(desk) };
}

function pinnedIn({ control }: PolicyDesk) {
  const { pinned } = control.status();
  return { pinned: pinned != null, ...(pinned?.kept === false && { kept: false as const }) };
}

function isInForce({ control, environment }: PolicyDesk, { documents }: PolicyHead): boolean {
  return holdsTexts(documents, environment, control.inForce()?.sources ?? []);
}
