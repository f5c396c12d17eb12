/**
 * Every caller's wire over every provider's wire: what crosses, what does not, and in whose words the caller is
 * told. Owns the crossing, done as gateway and providers do it; prints nothing.
 */
import { CAPABILITIES } from "../../../src/core/contract.ts";
import type { StreamEvent } from "../../../src/core/events.ts";
import type { ModelRequest, Origin, WireId } from "../../../src/core/request.ts";
import { crossingLosses } from "../../../src/providers/crossing.ts";
import { loadEveryWire, loadedWire } from "../../../src/providers/wire-registry.ts";
import type { LowerTarget, RequestHints } from "../../../src/wires/wire.ts";
import type { AnswerFeature, RequestFeature } from "./matrix-features.ts";
import { CONTEXT, readBytes, renderFrames, summarise, toBytes } from "./streams.ts";

export const CHAT_WIRES = [
  "openai-chat",
  "openai-responses",
  "anthropic-messages",
  "bedrock-converse",
  "bedrock-invoke",
  "gemini",
  "native",
] as const satisfies readonly WireId[];
export type ChatWire = (typeof CHAT_WIRES)[number];

/** What became of a feature. `said`: whose words the caller reads about it, where it was not silent. */
export type Crossing =
  | { readonly verdict: "crosses" }
  /** The caller's dialect has no word for it, so that it is never asked. */
  | { readonly verdict: "unsayable" }
  | { readonly verdict: "warned"; readonly said: string }
  | { readonly verdict: "refused"; readonly said: string }
  | { readonly verdict: "lost" };

const HINTS: RequestHints = { contract: {}, strict: false, target: "support-chat", stream: false };

await loadEveryWire();

function targetOf(id: ChatWire): LowerTarget {
  return {
    modelId: id === "bedrock-converse" || id === "bedrock-invoke" ? "anthropic.claude-bench-v1:0" : "model-1",
    capabilities: new Set(CAPABILITIES),
    maxOutputTokens: 32_000,
    unsupported: new Set(),
  };
}

/** The feature in the caller's own dialect, or null where it has no word for it. */
function said(feature: RequestFeature, caller: ChatWire): ModelRequest | null {
  const wire = loadedWire(caller);
  const origin: Origin = {
    wire: caller === "native" ? "openai-chat" : "native",
    body: {},
    rewritten: new Set(),
  };
  const lowered = wire.lower({ ...feature.request, origin }, targetOf(caller));
  if (!lowered.ok) return null;
  const body = JSON.parse(JSON.stringify(lowered.value.body));
  const parsed = wire.parseRequest(body, HINTS);
  return parsed.ok && feature.kept(parsed.value) ? parsed.value : null;
}

export function crossRequest(feature: RequestFeature, caller: ChatWire, provider: ChatWire): Crossing {
  const request = said(feature, caller);
  if (request === null) return { verdict: "unsayable" };
  const wire = loadedWire(provider);
  const losses = crossingLosses(request, wire);
  if ("kind" in losses) return { verdict: "refused", said: losses.message };
  const lowered = wire.lower(request, targetOf(provider));
  if (!lowered.ok) return { verdict: "refused", said: lowered.fault.message };
  const arrived = wire.parseRequest(JSON.parse(JSON.stringify(lowered.value.body)), HINTS);
  if (arrived.ok && feature.kept(arrived.value)) return { verdict: "crosses" };
  const warning = [...losses, ...lowered.value.warnings][0];
  return warning === undefined ? { verdict: "lost" } : { verdict: "warned", said: warning.message };
}

/** Streamed and whole: both must keep it. */
export function crossAnswer(feature: AnswerFeature, caller: ChatWire, provider: ChatWire): boolean {
  return [streamed, whole].every((pass) => {
    const inside = pass(feature.events, provider);
    const outside = pass(inside, caller);
    return feature.kept(summarise(outside), outside);
  });
}

/** Whether the wire by itself, both ways, keeps it: what it cannot say, no crossing can. */
export function canTell(feature: AnswerFeature, id: ChatWire): boolean {
  return [streamed, whole].every((pass) => {
    const events = pass(feature.events, id);
    return feature.kept(summarise(events), events);
  });
}

function streamed(events: readonly StreamEvent[], id: ChatWire): readonly StreamEvent[] {
  const wire = loadedWire(id);
  return readBytes(wire, [toBytes(wire, renderFrames(wire, events))]);
}

function whole(events: readonly StreamEvent[], id: ChatWire): readonly StreamEvent[] {
  const wire = loadedWire(id);
  return wire.readAnswer(JSON.parse(JSON.stringify(wire.renderAnswer(events, CONTEXT))));
}
