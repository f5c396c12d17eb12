/**
 * Which of two policy versions a request reads, while one takes over from the other by steps. Owns that it reads one
 * of them and nothing of the other: who the caller is, too, is said by the version that serves it.
 */
import type { Caller } from "../core/caller.ts";
import { ok, type Result } from "../core/faults.ts";
import type { ModelRequest } from "../core/request.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";
import { inShare } from "../policy/rollouts/choose.ts";
import { stickyKey } from "../policy/rollouts/sticky-key.ts";
import { type Identity, identify } from "./authenticate.ts";
import { signatureFault } from "./aws-signature.ts";
import type { Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";

/** The key as one of the two versions knows it; the older one first. */
export function identifyAtAll({ headers, snapshot, split }: Exchange): Result<Identity> {
  const identity = identify(headers, snapshot);
  if (identity.ok || split === null) return identity;
  const known = identify(headers, split.newer);
  return known.ok ? known : identity;
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
    inShare(split.seed, key, split.share, gateway.random) || (!http.trusted && !knows(exchange, older));
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

function knows({ headers }: Exchange, snapshot: ConfigSnapshot): boolean {
  return identify(headers, snapshot).ok;
}
