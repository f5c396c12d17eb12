/**
 * Ids of calls as they are taken: by Mistral's models, their own API, their templates and servers that follow either,
 * nine letters or digits; by OpenAI no more than 40 characters. Owns the rules, who insists on which, and a caller's own
 * messages; servers that imitate OpenAI take any id.
 */
import { isRecord } from "../../core/json.ts";
import type { ModelRequest } from "../../core/request.ts";
import { type CallIds, FittingIds, hasLongId, hasMisfit, type IdRule, shortIds } from "../fitting-ids.ts";
import { modelBehind } from "../model-version.ts";
import type { JsonObject, LowerTarget } from "../wire.ts";

const MISTRAL = /(?:mi|mini|magi|code|dev)stral|(?:mix|pix|vox)tral/i;
const NINE: IdRule = {
  fits: /^[A-Za-z0-9]{9}$/,
  clean: (id) => id,
  make: (count) => `call${String(count).padStart(5, "0")}`,
};
/**
 * "Invalid 'messages[10].tool_calls[0].id': string too long. Expected a string with maximum length 40": its API, which
 * the reference does not say. vLLM's own ids have 46.
 */
const MAX_LENGTH = 40;

/** How the ids of `request` are to be changed for the target; null: it takes them as they are. */
export function idsFor({ messages }: ModelRequest, target: LowerTarget): CallIds | null {
  if (MISTRAL.test(modelBehind(target))) return hasMisfit(messages, NINE) ? new FittingIds(NINE) : null;
  return target.imitates !== true && hasLongId(messages, MAX_LENGTH) ? shortIds(MAX_LENGTH) : null;
}

/** Messages of this wire with ids that fit. */
export function withFittingIds(messages: readonly unknown[], ids: CallIds): readonly unknown[] {
  const fit = (call: unknown): unknown =>
    isRecord(call) ? { ...call, id: ids.call(String(call.id)) } : call;
  return messages.map((message) => {
    if (!isRecord(message)) return message;
    const { tool_calls: calls, tool_call_id: answered }: JsonObject = message;
    if (Array.isArray(calls)) return { ...message, tool_calls: calls.map(fit) };
    return typeof answered === "string" ? { ...message, tool_call_id: ids.result(answered) } : message;
  });
}
