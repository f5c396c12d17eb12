/**
 * Which wires exist: the only list of them. Owns their loading, each with the first that asks for it, since a
 * gateway speaks two or three of them and the schemas of all would double the time that it takes to start.
 */
import type { WireId } from "../core/request.ts";
import type { Wire } from "../wires/wire.ts";

/** A wire whose states are opaque to whoever drives it. */
export type AnyWire = Wire<unknown, unknown>;

const LOADERS: Readonly<Record<WireId, () => Promise<unknown>>> = {
  "openai-chat": async () => (await import("../wires/openai-chat.ts")).openaiChat,
  "openai-responses": async () => (await import("../wires/openai-responses.ts")).openaiResponses,
  "openai-embeddings": async () => (await import("../wires/openai-embeddings.ts")).openaiEmbeddings,
  "anthropic-messages": async () => (await import("../wires/anthropic-messages.ts")).anthropicMessages,
  "bedrock-converse": async () => (await import("../wires/bedrock-converse.ts")).bedrockConverse,
  "bedrock-invoke": async () => (await import("../wires/bedrock-invoke.ts")).bedrockInvoke,
  gemini: async () => (await import("../wires/gemini.ts")).gemini,
  "gemini-embeddings": async () => (await import("../wires/gemini-embeddings.ts")).geminiEmbeddings,
  native: async () => (await import("../wires/native.ts")).native,
};

const loaded = new Map<WireId, AnyWire>();

/** At once where it was loaded before, which is always but the first time. */
export function loadWire(id: WireId): AnyWire | Promise<AnyWire> {
  return loaded.get(id) ?? load(id);
}

/** For the simulator, which speaks all of them. */
export async function loadEveryWire(): Promise<void> {
  await Promise.all((Object.keys(LOADERS) as WireId[]).map(load));
}

/** Null where nobody has asked for it yet, so that nothing can have come in on it. */
export function wireInUse(id: WireId): AnyWire | null {
  return loaded.get(id) ?? null;
}

/** A wire that was loaded before. Throws where it was not, which is a defect of the caller. */
export function loadedWire(id: WireId): AnyWire {
  const wire = wireInUse(id);
  if (!wire) throw new Error(`The wire ${id} was not loaded.`);
  return wire;
}

async function load(id: WireId): Promise<AnyWire> {
  const wire = (await LOADERS[id]()) as AnyWire;
  loaded.set(id, wire);
  return wire;
}
