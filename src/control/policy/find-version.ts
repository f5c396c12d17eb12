/** A version of the policy as it was put in force, out of the history. Owns how one is named. */
import type { PolicySource } from "../../policy/load.ts";
import type { Activation, ActivationStore } from "../../store/ports.ts";
import type { PolicyDesk } from "./policy-desk.ts";

export interface KeptVersion {
  readonly activation: Activation;
  readonly sources: readonly PolicySource[];
}

export type FoundVersion =
  | ({ readonly result: "found" } & KeptVersion)
  /** Never in force here, as far as the history goes. */
  | { readonly result: "unknown" }
  /** It was in force, but its texts are not kept any more. */
  | { readonly result: "forgotten"; readonly activation: Activation };

/** `version` as `name@digits`, as the history shows it. */
export async function findVersion(
  { activations }: Pick<PolicyDesk, "activations">,
  version: string,
): Promise<FoundVersion> {
  const activation = await activations.findVersion(version);
  if (!activation) return { result: "unknown" };
  const sources = await sourcesOf(activations, activation);
  return sources ? { result: "found", activation, sources } : { result: "forgotten", activation };
}

async function sourcesOf(
  activations: ActivationStore,
  { texts }: Activation,
): Promise<readonly PolicySource[] | null> {
  if (!texts || texts.length === 0) return null;
  const found: PolicySource[] = [];
  for (const { file, digest } of texts) {
    const text = await activations.text(digest);
    if (text === null) return null;
    found.push({ file, text });
  }
  return found;
}

/** Activations looked through for the version before. */
const PAGE = 100;
const MAX_PAGES = 20;

/**
 * What was in force before `current` came, rollbacks left out: after a rollback from C to B it is A, not C.
 * Null where the history does not say.
 */
export async function previousVersion(
  { activations }: Pick<PolicyDesk, "activations">,
  current: string,
): Promise<string | null> {
  let arrived = false;
  let before: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await activations.list(PAGE, before);
    for (const { result, version } of page) {
      if (arrived && result !== "refused" && version !== null && version !== current) return version;
      if (result === "activated" && version === current) arrived = true;
    }
    before = page.at(-1)?.id;
    if (page.length < PAGE) return null;
  }
  return null;
}
