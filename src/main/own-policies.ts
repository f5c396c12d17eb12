/**
 * What this gateway keeps of its policy for itself, in a folder that others with the same policy and data directory use,
 * too: its pin, and a version that takes over by steps. Owns that they are told of each other.
 */
import { keptPin, keptStaging, type Pin } from "../control/policy/kept-policies.ts";
import { type Neighbours, type OwnFile, ownFile } from "../control/policy/own-file.ts";
import type { KeptStaging } from "../control/policy/staging/staging-place.ts";
import { describeThrown, type Log } from "./log.ts";

export interface OwnPolicies {
  readonly pin: OwnFile<Pin>;
  readonly staging: OwnFile<KeptStaging>;
  leave(): void;
}

/** `directory` null: nothing is kept. `id`: of this gateway. */
export async function openKeptPolicies(directory: string | null, id: string, log: Log): Promise<OwnPolicies> {
  const { leave, ...us } = await joined(directory, id, log);
  return { pin: ownFile(keptPin, directory, us), staging: ownFile(keptStaging, directory, us), leave };
}

async function joined(
  directory: string | null,
  id: string,
  log: Log,
): Promise<Neighbours & { leave(): void }> {
  const alone = { id, runs: () => false, leave: () => {} };
  if (directory === null) return alone;
  try {
    const { announce } = await import("../store/sqlite/presence.ts");
    const presence = announce(directory, id);
    const others = presence.others();
    if (others.length > 0) log("warn", "kept_folder_shared", { directory, others });
    return presence;
  } catch (thrown) {
    // What cannot be written is told with the first that has to be.
    log("warn", "kept_folder_not_joined", describeThrown(thrown));
    return alone;
  }
}
