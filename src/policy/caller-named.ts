/**
 * Who a key is to a policy, where nobody presents it: questions, tests and records name it. Owns what the policy says of
 * a key and what was said beside it, and which of the two counts.
 */
import type { Caller, Role } from "../core/caller.ts";
import type { NamedKey } from "../core/keys.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";

export interface NamedCaller {
  readonly key?: string | undefined;
  readonly tenant?: string | undefined;
  readonly tier?: string | undefined;
  readonly role?: Role | undefined;
}

/** One index a snapshot, made on first use: a policy may have many keys, and many tests that name them. */
const indexes = new WeakMap<ConfigSnapshot, ReadonlyMap<string, NamedKey>>();

/** The key of this id, also where its value is not set here. */
export function keyNamed(id: string, snapshot: ConfigSnapshot): NamedKey | undefined {
  let byId = indexes.get(snapshot);
  if (byId === undefined) {
    const all: readonly NamedKey[] = [...(snapshot.absentKeys ?? []), ...snapshot.keys];
    byId = new Map(all.map((key) => [key.id, key]));
    indexes.set(snapshot, byId);
  }
  return byId.get(id);
}

/**
 * What is stated counts, then what the policy says of the key, then `otherwise`. A key that is not named, or that the
 * policy does not have, may ask for every use case.
 */
export function callerNamed(
  stated: NamedCaller,
  snapshot: ConfigSnapshot,
  otherwise: Omit<Caller, "useCases">,
): Caller {
  const key = stated.key === undefined ? undefined : keyNamed(stated.key, snapshot);
  return {
    keyId: stated.key ?? otherwise.keyId,
    tenant: stated.tenant ?? key?.tenant ?? otherwise.tenant,
    tier: stated.tier ?? key?.tier ?? otherwise.tier,
    role: stated.role ?? key?.role ?? otherwise.role,
    useCases: key?.useCases ?? null,
  };
}

/** Somebody of whom nothing is said, for `callerNamed`. */
export function nobody(keyId: string): Omit<Caller, "useCases"> {
  return { keyId, tenant: "default", tier: "standard", role: "caller" };
}
