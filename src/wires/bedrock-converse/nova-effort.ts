/**
 * What Nova refuses beside its highest effort: "Temperature, topP and topK cannot be used with maxReasoningEffort set to
 * high" (Amazon Nova 2 User Guide, extended thinking), and a limit of tokens neither. Owns which of them gives way.
 */
import { isRecord } from "../../core/json.ts";
import type { ModelRequest } from "../../core/request.ts";
import { type Losses, lose, nameOf } from "../losses.ts";
import type { JsonObject } from "../wire.ts";

type Body = Record<string, unknown>;

/**
 * `config` is the body's `inferenceConfig`. A limit is a bound on what is spent, so the effort gives way to it; without
 * one, the sampling controls give way to the effort.
 */
export function reconcileNova(config: Body, body: Body, { origin }: ModelRequest, losses: Losses): void {
  const fields = isRecord(body.additionalModelRequestFields) ? body.additionalModelRequestFields : {};
  const { reasoningConfig: thinking, inferenceConfig: own } = fields;
  if (!isRecord(thinking) || thinking.type !== "enabled" || thinking.maxReasoningEffort !== "high") return;
  const { wire } = origin;
  if (config.maxTokens !== undefined) {
    const reasoningConfig = { ...thinking, maxReasoningEffort: "medium" };
    body.additionalModelRequestFields = { ...fields, reasoningConfig };
    const why = "was sent as medium: with its highest effort the chosen model takes no limit of tokens.";
    lose(losses, nameOf("reasoning", wire), why);
    return;
  }
  const why = "was not sent: the chosen model takes no such control with its highest effort.";
  for (const name of ["temperature", "topP"] as const) {
    if (config[name] !== undefined) lose(losses, nameOf(name, wire), why);
    delete config[name];
  }
  if (!isRecord(own) || own.topK === undefined) return;
  lose(losses, nameOf("topK", wire), why);
  body.additionalModelRequestFields = withoutTopK(fields, own);
}

function withoutTopK({ inferenceConfig: _all, ...fields }: JsonObject, own: JsonObject): JsonObject {
  const { topK: _topK, ...rest } = own;
  return Object.keys(rest).length > 0 ? { ...fields, inferenceConfig: rest } : fields;
}
