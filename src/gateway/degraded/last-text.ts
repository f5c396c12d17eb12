/** What the user said last. Owns how much of it is looked at by those who answer without a model. */
import type { ModelRequest } from "../../core/request.ts";

const MAX_CHARS = 4000;

/** The text of the user's last message, its middle left out where it is very long; empty where there is none. */
export function lastUserText({ messages }: ModelRequest): string {
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i];
    if (message?.role !== "user") continue;
    const texts = message.content.flatMap((part) => (part.type === "text" ? [part.text] : []));
    if (texts.length > 0) return shortened(texts.join("\n"));
  }
  return "";
}

function shortened(text: string): string {
  if (text.length <= MAX_CHARS) return text;
  return `${text.slice(0, MAX_CHARS / 2)}\n${text.slice(-MAX_CHARS / 2)}`;
}
