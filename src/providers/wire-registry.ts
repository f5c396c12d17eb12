/** Which wires exist. The only list of them. */
import type { WireId } from "../core/request.ts";
import { anthropicMessages } from "../wires/anthropic-messages.ts";
import { bedrockConverse } from "../wires/bedrock-converse.ts";
import { bedrockInvoke } from "../wires/bedrock-invoke.ts";
import { gemini } from "../wires/gemini.ts";
import { geminiEmbeddings } from "../wires/gemini-embeddings.ts";
import { native } from "../wires/native.ts";
import { openaiChat } from "../wires/openai-chat.ts";
import { openaiEmbeddings } from "../wires/openai-embeddings.ts";
import { openaiResponses } from "../wires/openai-responses.ts";
import type { Wire } from "../wires/wire.ts";

/** A wire whose states are opaque to whoever drives it. */
export type AnyWire = Wire<unknown, unknown>;

const WIRES = new Map<WireId, AnyWire>(
  [
    openaiChat,
    openaiResponses,
    openaiEmbeddings,
    anthropicMessages,
    bedrockConverse,
    bedrockInvoke,
    gemini,
    geminiEmbeddings,
    native,
  ].map((wire) => [wire.id, wire as AnyWire]),
);

/** The wire a deployment speaks, or null where this build has none of that name. */
export function findWire(id: WireId): AnyWire | null {
  return WIRES.get(id) ?? null;
}
