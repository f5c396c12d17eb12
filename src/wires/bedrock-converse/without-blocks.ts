/**
 * A caller's own conversation for a model that refuses some of its blocks. Owns which ones may be left out, and that roles
 * take turns all the same where a whole turn is.
 */
import { isRecord } from "../../core/json.ts";
import { withoutBlankTexts } from "../blank-texts.ts";
import { isClaudeSeal } from "../claude-seal.ts";
import { type Losses, lose, loseReasoning } from "../losses.ts";
import type { JsonObject, LowerTarget } from "../wire.ts";
import { fromBlob } from "./blob.ts";
import { isClaudeFor } from "./families.ts";

type Refuses = (block: unknown) => boolean;

/**
 * Takes cache points out of `body` where the model has no cache, thinking that it would refuse (any where it does not
 * think, and of Claude what it did not sign, as after a turn of another provider's model), and blank texts of the model's
 * turns. The answer needs none of them; the cache is worth a warning, and so is what another provider signed. The
 * caller's objects are not changed.
 */
export function withoutBlocks(body: Record<string, unknown>, target: LowerTarget, losses: Losses): void {
  const { messages } = body;
  withoutRefused(body, target, losses);
  body.messages = withoutBlankTexts(body.messages);
  if (lengthOf(body.messages) < lengthOf(messages)) body.messages = joined(body.messages);
}

function withoutRefused(body: Record<string, unknown>, target: LowerTarget, losses: Losses): void {
  const { capabilities } = target;
  const thinks = capabilities.has("reasoning");
  const claude = isClaudeFor(body.additionalModelRequestFields, target);
  const caches = capabilities.has("prompt_caching");
  const refuses: Refuses = (block) => {
    if (!isRecord(block)) return false;
    if (isRecord(block.cachePoint) && !caches) {
      lose(losses, "cachePoint");
      return true;
    }
    if (!isRecord(block.reasoningContent)) return false;
    return !thinks || (claude && isForeign(block.reasoningContent, losses));
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

function lengthOf(messages: unknown): number {
  return Array.isArray(messages) ? messages.length : 0;
}

/** Neighbours of one role, which the API refuses, as one turn. */
function joined(messages: unknown): unknown {
  if (!Array.isArray(messages)) return messages;
  const turns: JsonObject[] = [];
  for (const turn of messages as readonly JsonObject[]) {
    const last = turns.at(-1);
    const isSame = last !== undefined && last.role === turn.role;
    if (isSame && Array.isArray(last.content) && Array.isArray(turn.content)) {
      turns[turns.length - 1] = { ...last, content: [...last.content, ...turn.content] };
    } else turns.push(turn);
  }
  return turns;
}

function without(blocks: readonly unknown[], refuses: Refuses): readonly unknown[] {
  return blocks.filter((block) => !refuses(block));
}

function isForeign({ reasoningText, redactedContent }: JsonObject, losses: Losses): boolean {
  const signature = isRecord(reasoningText) ? (reasoningText.signature ?? "") : undefined;
  const seal = typeof redactedContent === "string" ? fromBlob(redactedContent) : signature;
  if (seal === undefined || isClaudeSeal(seal)) return false;
  loseReasoning(losses, seal !== "");
  return true;
}
