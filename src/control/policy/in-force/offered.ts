/** What a source says now, and as whose act it is put in force. */
import type { PolicyText } from "../../../policy/reading/load.ts";
import type { PolicyHead } from "../../../store/policy-heads.ts";
import { isOnRecord } from "../history/find-version.ts";
import type { Act } from "../policy-acts.ts";
import { documentTexts } from "../store-documents.ts";
import type { PolicyPorts } from "./policy-control.ts";

export interface Offered {
  readonly sources: readonly PolicyText[];
  readonly act: Act;
}

/** By a source of which nobody knows who has changed it. */
export function offeredAtStart(sources: readonly PolicyText[] | null): Offered | null {
  return sources && { sources, act: { actor: "start", via: "source", note: null } };
}

/**
 * By the store. At a start the act is the start's, unless the gateway that changed the policy died before it was on
 * record; where the history cannot be read, it is taken to be.
 */
export async function offeredByHead(
  { compile, activations }: Pick<PolicyPorts, "compile" | "activations">,
  { documents, actor, note, via }: PolicyHead,
  isStart: boolean,
): Promise<Offered> {
  const sources = documentTexts(documents, compile.environment);
  const act: Act = { actor, via: "source", note, ...(via && { origin: via }) };
  if (!isStart) return { sources, act };
  const known = !via || (await isOnRecord(activations, compile.environment, sources).catch(() => true));
  return { sources, act: known ? { ...act, actor: "start", note: null } : act };
}
