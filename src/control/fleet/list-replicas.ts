/** `policy replicas`: which gateways there are, and whether they serve one version. Owns what converged means. */
import type { FleetBoard } from "../../store/fleet-board.ts";
import { type ReplicaCard, readCard } from "./replica-card.ts";

export interface ReplicaList {
  /**
   * `shared`: all that are there. `alone`: this one, which shares nothing. `unreachable`: this one, and others only as
   * far as they are seen, since the board cannot be used now, or could not be a moment ago.
   */
  readonly knows: "shared" | "alone" | "unreachable";
  /** All of them serve one version, to the same share; null: those that are seen do, and others may be unseen. */
  readonly converged: boolean | null;
  readonly versions: readonly string[];
  readonly replicas: readonly (ReplicaCard & { readonly self: boolean })[];
}

/**
 * `self`: this gateway's card as of now. `sees`: its own card is up; where it cannot be, those of others may be down as
 * well.
 */
export async function listReplicas(
  board: FleetBoard | null,
  self: ReplicaCard,
  sees: boolean,
): Promise<ReplicaList> {
  const own = { ...self, self: true };
  if (board === null)
    return { knows: "alone", converged: null, versions: versionsOf([own]), replicas: [own] };
  let found: ReadonlyMap<string, string>;
  try {
    found = await board.cards();
  } catch {
    return { knows: "unreachable", converged: null, versions: versionsOf([own]), replicas: [own] };
  }
  const others = [...found]
    .filter(([id]) => id !== self.id)
    .flatMap(([, text]) => readCard(text) ?? [])
    .map((card) => ({ ...card, self: false }));
  const replicas = [own, ...others].toSorted((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
  const states = new Set(
    replicas.map(({ digest, staging }) => `${digest} ${staging?.version} ${staging?.share}`),
  );
  const differ = states.size > 1;
  return {
    knows: sees ? "shared" : "unreachable",
    // That two differ is certain, whoever else is there.
    converged: differ ? false : sees ? true : null,
    versions: versionsOf(replicas),
    replicas,
  };
}

function versionsOf(replicas: readonly ReplicaCard[]): readonly string[] {
  return [...new Set(replicas.flatMap(({ version }) => version ?? []))];
}
