/** Ids of calls as the API takes them: of these characters, and no two the same. Owns the rule, and a caller's blocks. */
import { FittingIds, type IdRule, withBlocks } from "../fitting-ids.ts";

export const CALL_IDS: IdRule = {
  fits: /^[a-zA-Z0-9_-]+$/,
  clean: (id) => id.replace(/[^a-zA-Z0-9_-]/g, "_"),
  make: (count) => `call_pointsman_${count}`,
};

/** A caller's own messages with ids that fit. */
export function withFittingIds(messages: unknown): unknown {
  const ids = new FittingIds(CALL_IDS);
  return withBlocks(messages, (block) => {
    if (block.type === "tool_use") return { ...block, id: ids.call(String(block.id)) };
    if (block.type !== "tool_result") return block;
    return { ...block, tool_use_id: ids.result(String(block.tool_use_id)) };
  });
}
