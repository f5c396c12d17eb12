/** The headers of every response (A5). Owns their names and that no value can break out of its line. */
import { formatUsd, type NanoDollars } from "../core/money.ts";
import type { DegradedLabel, RungLabel } from "../core/plan.ts";
import type { WireId } from "../core/request.ts";
import type { Exchange } from "./exchange.ts";

/** Where official clients of a wire look for the request's id, beside `x-request-id`. */
const REQUEST_ID_HEADERS: Readonly<Partial<Record<WireId, string>>> = {
  "anthropic-messages": "request-id",
  "bedrock-converse": "x-amzn-requestid",
  "bedrock-invoke": "x-amzn-requestid",
};

/** What served, as far as it is known when the headers leave. */
export interface Served {
  /** Null for an answer that was kept and is given again. */
  readonly rung: RungLabel | null;
  readonly attempts: number;
  readonly model: string | null;
  readonly provider: string | null;
  readonly region: string | null;
  /** Null while a stream's cost is still open, or for a model without a price. */
  readonly cost: NanoDollars | null;
  readonly degraded: DegradedLabel | null;
  readonly simulated: boolean;
}

/** Names come from the policy, whose schema admits no control character; ids from our own alphabet. */
export function responseHeaders(exchange: Exchange, served: Served | null): Record<string, string> {
  const headers: Record<string, string> = {
    "x-request-id": exchange.requestId,
  };
  const own = REQUEST_ID_HEADERS[exchange.wire.id];
  if (own !== undefined) headers[own] = exchange.requestId;
  // A caller that is not known leaves no record to point to.
  if (exchange.caller) headers["x-pointsman-decision"] = exchange.decisionId;
  if (exchange.plan) headers["x-pointsman-use-case"] = exchange.plan.useCase;
  if (exchange.plan?.arm) headers["x-pointsman-arm"] = exchange.plan.arm.label;
  if (exchange.warnings.length > 0) headers["x-pointsman-warnings"] = exchange.warnings.join(", ");
  if (exchange.cacheUse !== null) headers["x-pointsman-cache"] = exchange.cacheUse;
  if (exchange.overflow !== null) headers["x-pointsman-overflow"] = exchange.overflow.how;
  if (!served) return headers;
  if (served.rung !== null) headers["x-pointsman-rung"] = served.rung;
  headers["x-pointsman-attempts"] = String(served.attempts);
  if (served.model !== null) headers["x-pointsman-model"] = served.model;
  if (served.provider !== null) headers["x-pointsman-provider"] = served.provider;
  if (served.region !== null) headers["x-pointsman-region"] = served.region;
  if (served.cost !== null) headers["x-pointsman-cost-usd"] = formatUsd(served.cost);
  if (served.degraded !== null) headers["x-pointsman-degraded"] = served.degraded;
  if (served.simulated) headers["x-pointsman-simulated"] = "true";
  return headers;
}
