/**
 * What both of OpenAI's chat dialects have, with one meaning: files and images by URL, and fields that the contract does
 * not model. Owns the list of these, and how they get from a caller of one to a provider of the other.
 */
import { type Fault, fault } from "../core/faults.ts";
import type { MediaSource, Origin, WireId } from "../core/request.ts";
import type { JsonObject } from "./wire.ts";

const DIALECTS: ReadonlySet<WireId> = new Set(["openai-chat", "openai-responses"]);
const SHARED: ReadonlySet<string> = new Set(["service_tier", "prompt_cache_key", "prompt_cache_retention"]);
/** Tiers that are what everybody gets who names none. */
const USUAL_TIERS: ReadonlySet<unknown> = new Set([undefined, null, "auto", "default"]);

/** Whether the field `name` of a caller of `from` reaches a provider of `to` that is OpenAI's own, or like it. */
export function isShared(name: string, from: WireId, to: WireId): boolean {
  return SHARED.has(name) && DIALECTS.has(from) && DIALECTS.has(to);
}

/**
 * Lays over `body`, of a provider of `to`, the shared fields that a caller of the other dialect sent, but for what asks
 * for nothing. A server that `imitates` OpenAI's may refuse a field that it does not know: it gets none.
 */
export function carryShared(
  body: Record<string, unknown>,
  { wire, body: sent }: Origin,
  to: WireId,
  imitates: boolean,
): void {
  if (imitates || wire === to || !DIALECTS.has(wire)) return;
  for (const name of SHARED) {
    const value = sent[name];
    if (value !== undefined && value !== null) body[name] = value;
  }
  if (!asksForTier(body)) delete body.service_tier;
}

/** Whether a tier that was asked for does not reach a provider of `to`. */
export function losesTier({ wire, body }: Origin, to: WireId, imitates: boolean): boolean {
  return imitates && wire !== to && DIALECTS.has(wire) && asksForTier(body);
}

/** Whether a caller of either dialect asks for another tier than the usual one. */
export function asksForTier({ service_tier: tier }: JsonObject): boolean {
  return !USUAL_TIERS.has(tier);
}

/** Of a URL that is none, or not `wanted`. */
export function badSource(param: string, wanted: string): Fault {
  const example = "for example data:image/png;base64,… with the right media type";
  return fault("invalid", "invalid_value", `\`${param}\` must be ${wanted}, ${example}.`, { param });
}

/** A file or an image by its URL: where it lies, or all of it. Null: neither. */
export function readSource(url: string): MediaSource | null {
  if (!url.startsWith("data:")) return /^https?:\/\/[^/]/i.test(url) ? { kind: "url", url } : null;
  const comma = url.indexOf(",");
  const head = comma > 5 && comma < 256 ? url.slice(5, comma) : "";
  if (!head.endsWith(";base64") || comma === url.length - 1) return null;
  const mediaType = head.slice(0, head.indexOf(";"));
  if (!/^[\w.+-]+\/[\w.+-]+$/.test(mediaType)) return null;
  return { kind: "base64", mediaType, data: url.slice(comma + 1) };
}
