/**
 * What is lost when a request crosses from its caller's wire to another one. Owns the comparison: whatever the
 * contract cannot carry is named, as a warning or under `strict` as a fault; nothing disappears in silence.
 */
import { type Fault, fault } from "../core/faults.ts";
import type { ContentPart, ModelRequest, WireId } from "../core/request.ts";
import type { Warning } from "../wires/wire.ts";
import { type AnyWire, wireInUse } from "./wire-registry.ts";

const NOTHING: readonly Warning[] = [];
/** More names than this, and longer ones, help nobody: they are the caller's own, and stand in a header. */
const MAX_NAMES = 16;
const MAX_NAME = 128;

/** Warnings for `request` on `wire`, or the fault of content that only its own provider could understand. */
export function crossingLosses(request: ModelRequest, wire: AnyWire): readonly Warning[] | Fault {
  const origin = request.origin.wire;
  if (origin === wire.id) return NOTHING;
  if (dialectOf(origin) === dialectOf(wire.id)) return fileFault(request) ?? NOTHING;
  const uploaded = fileFault(request);
  if (uploaded) return uploaded;
  const warnings: Warning[] = namesBeyondContract(request).map((control) => {
    const message = `\`${control}\` belongs to the API of ${origin}; the chosen model is reached through ${wire.id}, which has nothing like it.`;
    return { control, message };
  });
  for (const [index, message] of request.messages.entries()) {
    for (const part of message.content) {
      if (part.type !== "opaque" || part.wire === wire.id) continue;
      const type = typeof part.value.type === "string" ? part.value.type : Object.keys(part.value)[0];
      warnings.push({
        control: `messages[${index}].content`,
        message: `Content of the type \`${(type ?? "unknown").slice(0, 64)}\` exists on ${part.wire} only and was left out.`,
      });
    }
  }
  const first = warnings[0];
  if (request.strict && first !== undefined) {
    return fault("invalid", "unsupported_control", first.message, { param: first.control });
  }
  return warnings.slice(0, MAX_NAMES);
}

/** Controls that only the wire of `request`'s caller has words for, by name. */
export function namesBeyondContract(request: ModelRequest): readonly string[] {
  // The gateway's own requests (probes, doctor) name a wire that nobody may have come in on.
  const names = wireInUse(request.origin.wire)?.beyondContract(request) ?? [];
  return names.slice(0, MAX_NAMES).map((name) => name.slice(0, MAX_NAME));
}

/** Wires whose bodies are the same but for where they are sent. */
function dialectOf(wire: WireId): string {
  return wire === "bedrock-invoke" ? "anthropic-messages" : wire;
}

function fileFault({ messages }: ModelRequest): Fault | null {
  const index = messages.findIndex(({ content }) => content.some(isFile));
  if (index === -1) return null;
  return fault(
    "invalid",
    "unsupported_content",
    "A file uploaded to one provider cannot be read by the chosen model. Send the file itself.",
    { param: `messages[${index}].content` },
  );
}

function isFile(part: ContentPart): boolean {
  return (part.type === "image" || part.type === "document") && part.source.kind === "file";
}
