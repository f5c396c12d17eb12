/** A caller's own conversation for a model that refuses some of its blocks. Owns which ones may be left out. */

import { isRecord } from "../../core/json.ts";
import { type Losses, lose } from "../losses.ts";
import type { LowerTarget } from "../wire.ts";
import { familyOf } from "./families.ts";

type Refuses = (block: unknown) => boolean;

/**
 * Takes cache points out of `body` where the model has no cache, and thinking that it would refuse: any where it
 * does not think, and of Claude what nobody signed. The answer needs neither; only the cache is worth a warning.
 * The caller's objects are not changed.
 */
export function withoutBlocks(body: Record<string, unknown>, target: LowerTarget, losses: Losses): void {
  const { capabilities } = target;
  const thinks = capabilities.has("reasoning");
  const claude = familyOf(target) === "claude";
  const caches = capabilities.has("prompt_caching");
  const refuses: Refuses = (block) => {
    if (!isRecord(block)) return false;
    if (isRecord(block.cachePoint) && !caches) {
      lose(losses, "cachePoint");
      return true;
    }
    return isRecord(block.reasoningContent) && (!thinks || (claude && isUnsigned(block.reasoningContent)));
  };
  if (caches && thinks && !claude) return;
  if (Array.isArray(body.system)) body.system = without(body.system, refuses);
  if (isRecord(body.toolConfig) && Array.isArray(body.toolConfig.tools)) {
    body.toolConfig = { ...body.toolConfig, tools: without(body.toolConfig.tools, refuses) };
  }
  if (!Array.isArray(body.messages)) return;
  body.messages = body.messages.flatMap((message) => {
    if (!isRecord(message) || !Array.isArray(message.content)) return [message];
    const content = without(message.content, refuses);
    return content.length === 0 ? [] : [{ ...message, content }];
  });
}

function without(blocks: readonly unknown[], refuses: Refuses): readonly unknown[] {
  return blocks.filter((block) => !refuses(block));
}

function isUnsigned({ reasoningText }: Readonly<Record<string, unknown>>): boolean {
  return isRecord(reasoningText) && !reasoningText.signature;
}
