/** The copy of a request that a shadow is sent. Owns what must not be done twice. */
import type { RequestChange } from "../../core/plan.ts";
import type { ModelRequest, WireId } from "../../core/request.ts";
import { changedRequest } from "../../providers/change-request.ts";

/**
 * In the contract's words alone. What only the caller's own provider knows stays behind: tools that it would run
 * itself, and answers that it would keep. `wire`: of the deployment that is asked.
 */
export function shadowRequest(
  request: ModelRequest,
  change: RequestChange | null,
  wire: WireId,
): ModelRequest {
  // A wire sends on the body of its own callers, so the copy comes from another one.
  const from = wire === "native" ? "openai-chat" : "native";
  const copy: ModelRequest = { ...request, origin: { wire: from, body: {}, rewritten: new Set() } };
  return changedRequest(copy, change);
}
