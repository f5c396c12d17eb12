/** The headers of every response (A5). Owns their names and that no value can break out of its line. */
import { formatUsd, type NanoDollars } from "../core/money.ts";
import type { DegradedLabel, RungLabel } from "../core/plan.ts";
import type { Exchange } from "./exchange.ts";

/** What served, as far as it is known when the headers leave. */
export interface Served {
  readonly rung: RungLabel;
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
  // A caller that is not known leaves no record to point to.
  if (exchange.caller) headers["x-pointsman-decision"] = exchange.decisionId;
  if (exchange.plan) headers["x-pointsman-use-case"] = exchange.plan.useCase;
  if (exchange.warnings.length > 0) headers["x-pointsman-warnings"] = exchange.warnings.join(", ");
  if (!served) return headers;
  headers["x-pointsman-rung"] = served.rung;
  headers["x-pointsman-attempts"] = String(served.attempts);
  if (served.model !== null) headers["x-pointsman-model"] = served.model;
  if (served.provider !== null) headers["x-pointsman-provider"] = served.provider;
  if (served.region !== null) headers["x-pointsman-region"] = served.region;
  if (served.cost !== null) headers["x-pointsman-cost-usd"] = formatUsd(served.cost);
  if (served.degraded !== null) headers["x-pointsman-degraded"] = served.degraded;
  if (served.simulated) headers["x-pointsman-simulated"] = "true";
  return headers;
}
