/** Which wires exist. The only list of them. */
import type { WireId } from "../core/request.ts";
import { openaiChat } from "../wires/openai-chat.ts";
import type { Wire } from "../wires/wire.ts";

/** A wire whose states are opaque to whoever drives it. */
export type AnyWire = Wire<unknown, unknown>;

const WIRES = new Map<WireId, AnyWire>([[openaiChat.id, openaiChat as AnyWire]]);

/** The wire a deployment speaks, or null where this build has none of that name. */
export function findWire(id: WireId): AnyWire | null {
  return WIRES.get(id) ?? null;
}
