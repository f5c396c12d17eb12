/** What the fleet must be ready for: the version in force, and one that is taking over beside it. */
import type { ConfigSnapshot } from "../core/snapshot.ts";

export interface Serving {
  /** Null: none takes over. */
  taking(newer: ConfigSnapshot | null): void;
  inForce(snapshot: ConfigSnapshot): void;
  /** Told from now on, and at once. */
  follow(listener: (covering: ConfigSnapshot) => void): void;
}

export function createServing(): Serving {
  let older: ConfigSnapshot | null = null;
  let newer: ConfigSnapshot | null = null;
  const listeners: ((covering: ConfigSnapshot) => void)[] = [];
  const tell = (): void => {
    if (older === null) return;
    const covering = newer === null ? older : coverOf(older, newer);
    for (const listener of listeners) listener(covering);
  };
  return {
    taking(snapshot) {
      if (newer === snapshot) return;
      newer = snapshot;
      tell();
    },
    inForce(snapshot) {
      older = snapshot;
      tell();
    },
    follow(listener) {
      listeners.push(listener);
      if (older !== null) listener(newer === null ? older : coverOf(older, newer));
    },
  };
}

/** Everything that either has: nothing that a request of one of them needs is forgotten. Settings are the older's. */
function coverOf(older: ConfigSnapshot, newer: ConfigSnapshot): ConfigSnapshot {
  // Two use cases of one name are two here.
  const added = [...newer.useCases].map(([id, useCase]) => [`${newer.version}/${id}`, useCase] as const);
  return {
    ...older,
    deployments: new Map([...older.deployments, ...newer.deployments]),
    useCases: new Map([...older.useCases, ...added]),
    probes: new Map([...older.probes, ...newer.probes]),
  };
}
