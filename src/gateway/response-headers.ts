/** The headers of every response. Owns their names and that no value can break out of its line. */
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

/** Sets of headers that are remembered: answers of one use case by one deployment differ in a few alone. */
const MAX_ALIKE = 1_000;
const alike = new Map<string, Headers>();

/**
 * A response with what is told of every request. Names come from the policy, whose schema admits no control character;
 * ids from our own alphabet.
 */
export function labelledResponse(
  exchange: Exchange,
  served: Served | null,
  contentType: string,
  status: number,
  body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | string,
): Response {
  const useCase = exchange.plan?.useCase ?? null;
  const response = new Response(body, { status, headers: headersAlike(useCase, served, contentType) });
  const { headers } = response;
  headers.set("x-request-id", exchange.requestId);
  const own = REQUEST_ID_HEADERS[exchange.wire.id];
  if (own !== undefined) headers.set(own, exchange.requestId);
  // A caller that is not known leaves no record to point to.
  if (exchange.caller) headers.set("x-pointsman-decision", exchange.decisionId);
  if (served && served.cost !== null) headers.set("x-pointsman-cost-usd", formatUsd(served.cost));
  if (exchange.plan?.arm) headers.set("x-pointsman-arm", exchange.plan.arm.label);
  if (exchange.warnings.length > 0) headers.set("x-pointsman-warnings", listed(exchange.warnings));
  if (exchange.cacheUse !== null) headers.set("x-pointsman-cache", exchange.cacheUse);
  if (exchange.overflow !== null) headers.set("x-pointsman-overflow", exchange.overflow.how);
  return response;
}

/** Whatever would end a name of the list, or could not stand in a header. */
const NOT_IN_A_NAME = /[^!-+\--~]/gu;

/** Names of fields may be the caller's own, with any character: `a%0Ab`. */
function listed(names: readonly string[]): string {
  return names.map((name) => name.toWellFormed().replace(NOT_IN_A_NAME, encodeURIComponent)).join(", ");
}

/** No name is empty or has a line break. */
function keyOf({ rung, attempts, model, provider, region, degraded, simulated }: Served): string {
  return `${rung ?? ""}\n${attempts}\n${model ?? ""}\n${provider ?? ""}\n${region ?? ""}\n${degraded ?? ""}\n${simulated}`;
}

/** Those that answers share. Checked once: each header of a plain object would be, for every response. */
function headersAlike(useCase: string | null, served: Served | null, contentType: string): Headers {
  const key = `${contentType}\n${useCase ?? ""}\n${served ? keyOf(served) : ""}`;
  const known = alike.get(key);
  if (known !== undefined) return known;
  const headers = new Headers({ "content-type": contentType });
  if (useCase !== null) headers.set("x-pointsman-use-case", useCase);
  if (served) {
    if (served.rung !== null) headers.set("x-pointsman-rung", served.rung);
    headers.set("x-pointsman-attempts", String(served.attempts));
    if (served.model !== null) headers.set("x-pointsman-model", served.model);
    if (served.provider !== null) headers.set("x-pointsman-provider", served.provider);
    if (served.region !== null) headers.set("x-pointsman-region", served.region);
    if (served.degraded !== null) headers.set("x-pointsman-degraded", served.degraded);
    if (served.simulated) headers.set("x-pointsman-simulated", "true");
  }
  if (alike.size >= MAX_ALIKE) alike.clear();
  alike.set(key, headers);
  return headers;
}
