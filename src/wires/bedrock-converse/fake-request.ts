/** Requests of other wires, and models they go to, for the tests of this folder. */
import { bareRequest } from "../../core/bare-request.ts";
import { CAPABILITIES, type Capability } from "../../core/contract.ts";
import type { ContentPart, Message, ModelRequest } from "../../core/request.ts";
import { bedrockConverse } from "../bedrock-converse.ts";
import type { LowerTarget, RequestHints } from "../wire.ts";

export const HINTS: RequestHints = { contract: {}, strict: false, target: "support-chat" };
export const HI: Message = { role: "user", content: [{ type: "text", text: "Hi" }] };
export const BODY = { messages: [{ role: "user", content: [{ text: "Hi" }] }] };
export const TOOL = { name: "track_parcel", parameters: { type: "object", properties: {} } };

export const SONNET_4_5 = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
export const OPUS_5 = "anthropic.claude-opus-5";
export const NOVA = "eu.amazon.nova-2-lite-v1:0";

/** What `body` asks for. Throws where it is refused. */
export function parse(body: Readonly<Record<string, unknown>>, hints: RequestHints = HINTS): ModelRequest {
  const result = bedrockConverse.parseRequest(body, hints);
  if (!result.ok) throw new Error(`${result.fault.param}: ${result.fault.message}`);
  return result.value;
}

/** A request from another wire. */
export function foreign(change: Partial<ModelRequest> = {}): ModelRequest {
  return bareRequest({
    target: "support-chat",
    messages: [HI],
    origin: { wire: "openai-chat", body: {}, rewritten: new Set() },
    ...change,
  });
}

/** A model with every capability but those in `without`. */
export function target(
  modelId: string = SONNET_4_5,
  without: readonly Capability[] = [],
  unsupported: readonly string[] = [],
): LowerTarget {
  return {
    modelId,
    maxOutputTokens: 4096,
    capabilities: new Set(CAPABILITIES.filter((capability) => !without.includes(capability))),
    unsupported: new Set(unsupported),
  };
}

/** The body that is sent, and the controls it was warned of. Throws where it cannot be made. */
export function lower(
  request: ModelRequest,
  to: LowerTarget = target(),
): { readonly body: Readonly<Record<string, unknown>>; readonly controls: readonly string[] } {
  const result = bedrockConverse.lower(request, to);
  if (!result.ok) throw new Error(result.fault.message);
  const { body, warnings } = result.value;
  return { body, controls: warnings.map(({ control }) => control) };
}

export function user(...content: readonly ContentPart[]): Message {
  return { role: "user", content };
}

export function text(value: string): ContentPart {
  return { type: "text", text: value };
}

export function call(id: string, args: string): ContentPart {
  return { type: "tool_call", id, name: TOOL.name, arguments: args };
}

export function result(callId: string, ...content: readonly ContentPart[]): ContentPart {
  return { type: "tool_result", callId, content };
}
