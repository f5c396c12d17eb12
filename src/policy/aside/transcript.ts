/** A conversation as plain text, for a model that is to tell of it. Owns who is called what, and how much goes in. */
import type { ContentPart, Message } from "../../core/request.ts";
import { textTokens } from "../estimates/estimate-tokens.ts";

const SPEAKERS: Readonly<Record<Message["role"], string>> = {
  system: "Instructions",
  user: "User",
  assistant: "Assistant",
  tool: "Tool",
};
const LEFT_OUT = "[earlier part left out]";

/** The last messages that fit into about `maxTokens`; of a message that does not, its end. */
export function transcriptOf(messages: readonly Message[], maxTokens: number): string {
  const kept: string[] = [];
  let left = maxTokens;
  for (const message of messages.toReversed()) {
    const text = `${SPEAKERS[message.role]}: ${message.content.map(wordsOf).filter(Boolean).join("\n")}`;
    const tokens = textTokens(text);
    if (tokens > left) {
      // What is left of it is worth less than the words that say so.
      if (left > 50) kept.push(text.slice(-Math.floor(text.length * (left / tokens))));
      kept.push(LEFT_OUT);
      break;
    }
    kept.push(text);
    left -= tokens;
  }
  return kept.toReversed().join("\n\n");
}

function wordsOf(part: ContentPart): string {
  switch (part.type) {
    case "text":
    case "refusal":
      return part.text;
    case "tool_call":
      return `[calls ${part.name} with ${part.arguments}]`;
    case "tool_result":
      return part.content.map(wordsOf).join("\n");
    case "image":
      return "[an image]";
    case "document":
      return part.source.kind === "text" ? part.source.text : `[a document: ${part.name ?? "unnamed"}]`;
    default:
      return "";
  }
}
