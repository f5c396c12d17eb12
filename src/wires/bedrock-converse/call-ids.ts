/** Ids of calls as Bedrock takes them: short, of these characters, and no two the same. Owns the rule, and a caller's blocks. */
import { isRecord } from "../../core/json.ts";
import { FittingIds, type IdRule, withBlocks } from "../fitting-ids.ts";

export const CALL_IDS: IdRule = {
  fits: /^[A-Za-z0-9_-]{1,64}$/,
  clean: (id) => id,
  make: (count) => `call_pointsman_${count}`,
};

/** A caller's own messages with ids that fit. */
export function withFittingIds(messages: unknown): unknown {
  const ids = new FittingIds(CALL_IDS);
  return withBlocks(messages, (block) => {
    const { toolUse, toolResult } = block;
    if (isRecord(toolUse)) {
      return { ...block, toolUse: { ...toolUse, toolUseId: ids.call(String(toolUse.toolUseId)) } };
    }
    if (!isRecord(toolResult)) return block;
    return { ...block, toolResult: { ...toolResult, toolUseId: ids.result(String(toolResult.toolUseId)) } };
  });
}
