/**
 * A policy written into the store through the gateway. Owns the order: whoever writes has seen what it
 * replaces, the text is good, it is stored, it is in force.
 */
import type { Finding } from "../../policy/finding.ts";
import { BASE_DOCUMENT, type PolicyHead } from "../../store/policy-heads.ts";
import type { PolicyTurn, WrittenAct } from "./in-force/policy-control.ts";
import { asGiven, type PutResult, type StagingStatus } from "./policy-acts.ts";
import type { PolicyDesk } from "./policy-desk.ts";
import { stagingOf } from "./staging/staging.ts";
import { documentFile, documentTexts, holdsTexts } from "./store-documents.ts";

export interface PushWish {
  readonly text: string;
  /** How the writer calls it; null: as the store does. */
  readonly file?: string | null;
  /** The text is this environment's overlay; null: the base. */
  readonly environment: string | null;
  readonly note: string | null;
  /** The version that the writer has seen; null: whatever is there is replaced, and the last writer wins. */
  readonly ifVersion: string | null;
  /** Ends an activation by steps that is under way; otherwise there is a conflict with it. */
  readonly supersede?: boolean;
  /** Says what would come of it, and changes nothing. */
  readonly dryRun: boolean;
  readonly actor: string;
}

export type PushOutcome =
  | PutResult
  | {
      readonly result: "valid";
      readonly version: string;
      readonly previousVersion: string | null;
      readonly findings: readonly Finding[];
      readonly changes: readonly string[];
    }
  /** It is not `ifVersion`, but `version`; null: none that is valid here. */
  | { readonly result: "conflict"; readonly version: string | null }
  /** Other gateways have written again and again, each time before this one. */
  | { readonly result: "overtaken" }
  /** A version is taking over by steps. */
  | { readonly result: "running"; readonly staging: StagingStatus }
  /** The policy lives at `address`. */
  | { readonly result: "elsewhere"; readonly address: string }
  | { readonly result: "other_environment"; readonly environment: string | null };

export async function pushPolicy(desk: PolicyDesk, wish: PushWish): Promise<PushOutcome> {
  const { heads, environment, control } = desk;
  if (!heads) return { result: "elsewhere", address: desk.sourceStatus()?.address ?? "" };
  if (wish.environment !== null && wish.environment !== environment) {
    return { result: "other_environment", environment };
  }
  return control.atNewest((turn) => pushOnto(desk, turn, wish));
}

async function pushOnto(desk: PolicyDesk, turn: PolicyTurn, wish: PushWish): Promise<PushOutcome> {
  const { control, environment } = desk;
  const { actor, note, ifVersion } = wish;
  const { head } = turn;
  const staging = stagingOf(desk, turn);
  if (staging && !wish.supersede && !wish.dryRun) return { result: "running", staging };
  const present = head ? await versionOf(desk, head) : null;
  if (ifVersion !== null && ifVersion !== present) return { result: "conflict", version: present };
  const name = wish.environment ?? BASE_DOCUMENT;
  const documents = { ...head?.documents, [name]: wish.text };
  const file = documentFile(name);
  const act: WrittenAct = { actor, via: "push", note, text: { file, given: wish.file ?? file } };
  if (wish.dryRun) {
    const checked = await control.check(documentTexts(documents, environment));
    const findings = asGiven(act, checked.findings);
    return checked.result === "refused"
      ? { ...checked, findings }
      : { ...checked, findings, previousVersion: present };
  }
  const put = await turn.replace(documents, act);
  return put.result === "conflict"
    ? { result: "overtaken" }
    : { ...put, findings: asGiven(act, put.findings) };
}

/** Another gateway may have written what is not valid here, and so is not in force. */
async function versionOf({ control, environment }: PolicyDesk, head: PolicyHead): Promise<string | null> {
  const { documents } = head;
  if (holdsTexts(documents, environment, control.inForce()?.sources ?? [])) return control.snapshot().version;
  const checked = await control.check(documentTexts(documents, environment));
  return checked.result === "valid" ? checked.version : null;
}
