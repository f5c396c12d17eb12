/**
 * Ids of calls as Mistral's models take them, by their own API, their templates and servers that follow either: nine
 * letters or digits. Owns the rule, who insists on it, and a caller's own messages; every other server takes any id.
 */
import { isRecord } from "../../core/json.ts";
import type { ModelRequest } from "../../core/request.ts";
import { FittingIds, hasMisfit, type IdRule } from "../fitting-ids.ts";
import { modelBehind } from "../model-version.ts";
import type { JsonObject, LowerTarget } from "../wire.ts";

const MISTRAL = /(?:mi|mini|magi|code|dev)stral|(?:mix|pix|vox)tral/i;
const NINE: IdRule = {
  fits: /^[A-Za-z0-9]{9}$/,
  clean: (id) => id,
  make: (count) => `call${String(count).padStart(5, "0")}`,
};

/** Whether `request` has calls whose ids the target would refuse. */
export function misfits({ messages }: ModelRequest, target: LowerTarget): boolean {
  return MISTRAL.test(modelBehind(target)) && hasMisfit(messages, NINE);
}

/** Messages of this wire with ids that fit. */
export function withFittingIds(messages: readonly unknown[]): readonly unknown[] {
  const ids = new FittingIds(NINE);
  const fit = (call: unknown): unknown =>
    isRecord(call) ? { ...call, id: ids.call(String(call.id)) } : call;
  return messages.map((message) => {
    if (!isRecord(message)) return message;
    const { tool_calls: calls, tool_call_id: answered }: JsonObject = message;
    if (Array.isArray(calls)) return { ...message, tool_calls: calls.map(fit) };
    return typeof answered === "string" ? { ...message, tool_call_id: ids.result(answered) } : message;
  });
}
