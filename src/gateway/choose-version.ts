/**
 * Which of two policy versions a request reads, while one takes over from the other by steps. Owns that it reads one
 * of them and nothing of the other: who the caller is, too, is said by the version that serves it.
 */
import type { Caller } from "../core/caller.ts";
import { ok, type Result } from "../core/faults.ts";
import type { ModelRequest } from "../core/request.ts";
import type { ConfigSnapshot, SplitSnapshots } from "../core/snapshot.ts";
import { inShare } from "../policy/rollouts/choose.ts";
import { stickyKey } from "../policy/rollouts/sticky-key.ts";
import { authenticate, type Identity, identify, type PresentedKey } from "./authenticate.ts";
import { signatureFault } from "./aws-signature.ts";
import type { Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";

/** The policy in force, and the one that takes over from it. */
export interface Versions {
  snapshot(): ConfigSnapshot;
  split?(): SplitSnapshots | null;
}

export type KeyOwner = Pick<Caller, "keyId" | "tenant">;

/** The key as one of the two versions knows it; the older one first. */
export function identifyAtAll({ headers, snapshot, split }: Exchange): Result<Identity> {
  const identity = identify(headers, snapshot);
  if (identity.ok || split === null) return identity;
  const known = identify(headers, split.newer);
  return known.ok ? known : identity;
}

/** As `identifyAtAll`, of what is not inference, where a signature is no key. */
export function authenticateAtAll(headers: PresentedKey, { snapshot, split }: Versions): Result<Caller> {
  const caller = authenticate(headers, snapshot());
  const newer = caller.ok ? undefined : split?.()?.newer;
  if (newer === undefined) return caller;
  const known = authenticate(headers, newer);
  return known.ok ? known : caller;
}

/** The policy that holds for a caller known by id, as a job's is: the newer one where it alone has the key. */
export function policyFor({ snapshot, split }: Versions, caller: KeyOwner | undefined): ConfigSnapshot {
  const inForce = snapshot();
  const newer = caller && split?.()?.newer;
  if (!newer || lists(inForce, caller) || !lists(newer, caller)) return inForce;
  return newer;
}

/**
 * Settles the version, and who the caller is in it. The same user of the same key comes to the same version for as
 * long as its share does not fall. A key that the older version does not know is served by the newer one.
 */
export function settleVersion(
  gateway: Gateway,
  exchange: Exchange,
  request: ModelRequest,
  caller: Caller,
  http: { readonly request: Request; readonly body: Uint8Array; readonly trusted: boolean },
): Result<Caller> {
  const { split } = exchange;
  if (split === null) return ok(caller);
  const key = stickyKey("caller_and_user", caller, request.user);
  const { older, newer } = split;
  const isNew =
    inShare(split.seed, key, split.share, gateway.random) ||
    (http.trusted ? !lists(older, caller) && lists(newer, caller) : !knows(exchange, older));
  if (!isNew) return ok(caller);
  exchange.snapshot = newer;
  if (http.trusted) return ok(caller);
  const identity = identify(exchange.headers, newer);
  if (!identity.ok) return identity;
  const { proof } = identity.value;
  const forged =
    proof && signatureFault(http.request, http.body, proof.stated, proof.secret, gateway.clock.wall());
  return forged ? { ok: false, fault: forged } : ok(identity.value.caller);
}

function lists({ keys }: ConfigSnapshot, { keyId, tenant }: KeyOwner): boolean {
  return keys.some((key) => key.id === keyId && key.tenant === tenant);
}

function knows({ headers }: Exchange, snapshot: ConfigSnapshot): boolean {
  return identify(headers, snapshot).ok;
}
