/** How a request of the background, of a batch or a job, enters the one path that every request takes. */
import type { Infer } from "../control/background/infer.ts";
import type { Caller } from "../core/caller.ts";
import type { Clock } from "../core/clock.ts";
import type { Decision } from "../core/decision.ts";
import { parseRetryAfter } from "../core/retry-after.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";
import type { KeyOwner } from "../gateway/choose-version.ts";
import type { TrustedCaller } from "../gateway/handle-inference.ts";

export interface InferenceDoor {
  /** Answers a request as if `caller` had sent it with a key, and tells its record. */
  handle(request: Request, caller: TrustedCaller, tell: (decision: Decision) => void): Promise<Response>;
  /** The policy that holds for a caller: the one in force, or the newer one where that alone has the key. */
  snapshot(caller: KeyOwner): ConfigSnapshot;
  readonly clock: Clock;
}

/** A request of the background as an HTTP request through the data plane, in the latency tier `batch`. */
export function inferThrough({ handle, snapshot, clock }: InferenceDoor): Infer {
  return async (endpoint, body, stated, signal, headers = {}) => {
    const caller = currentCaller(snapshot(stated), stated);
    if (!caller) return KEY_GONE;
    const request = new Request(`http://background.internal${endpoint}`, {
      method: "POST",
      headers: { ...usualTier(endpoint), ...headers, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal,
    });
    const decisions: Decision[] = [];
    const trusted = stated.acceptDegraded === false ? { ...caller, standIns: false } : caller;
    const response = await handle(request, trusted, (decision) => decisions.push(decision));
    const decisionId = response.headers.get("x-pointsman-decision");
    return {
      status: response.status,
      requestId: response.headers.get("x-request-id") ?? "",
      body: await response.json(),
      retryAfterMs: parseRetryAfter(response.headers.get("retry-after"), clock.wall()),
      decision: decisions.find(({ id }) => id === decisionId) ?? null,
    };
  };
}

/** The native dialect states the tier in its body, which a header would overrule. */
function usualTier(endpoint: string): Readonly<Record<string, string>> {
  return endpoint === "/v1/invoke" ? {} : { "x-pointsman-latency-tier": "batch" };
}

/** As the policy says now, a day later: a key that was taken away, or given to another tenant, has no say. */
function currentCaller(snapshot: ConfigSnapshot, { keyId, tenant }: KeyOwner): Caller | null {
  const key = snapshot.keys.find((known) => known.id === keyId && known.tenant === tenant);
  if (!key) return null;
  const { tier, role, useCases } = key;
  return { keyId, tenant, tier, role, useCases };
}

const KEY_GONE = {
  status: 401,
  requestId: "",
  body: {
    error: {
      message: "The key that made this request is not in the policy any more.",
      type: "unauthenticated",
      code: "invalid_api_key",
      param: null,
    },
  },
};
