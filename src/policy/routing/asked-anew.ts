/** Routing asked about another request of the same caller. Owns that nothing measured of the first one is taken for it. */
import type { ModelRequest } from "../../core/request.ts";
import type { RouteInput } from "./plan.ts";

/** `tokens`: of all of `request`, which is no list of inputs. */
export function askedAnew(route: RouteInput, request: ModelRequest, tokens: number): RouteInput {
  const { estimates: _itsText, longestInputTokens: _itsSize, ...rest } = route;
  return { ...rest, request, estimatedInputTokens: tokens };
}
