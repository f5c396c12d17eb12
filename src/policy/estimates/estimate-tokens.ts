/**
 * How many tokens a request brings. A cheap estimate for everybody; the exact count only where the estimate
 * is near a limit, since byte-pair encoding costs a hundred times more.
 */
import type { ContentPart, EmbeddingInput, ModelRequest } from "../../core/request.ts";

/** Per message: role and separators (OpenAI cookbook, "How to count tokens with tiktoken": 3 to 4). */
const MESSAGE_OVERHEAD = 4;
/** An image at low detail, and one of 1024 × 1024 at high detail, as OpenAI's vision guide prices them. */
const LOW_DETAIL_IMAGE = 85;
const HIGH_DETAIL_IMAGE = 765;
/** A document's base64 characters for one token: 4/3 of the bytes, a quarter of which are text. */
const DOCUMENT_CHARS_PER_TOKEN = 16;

/** Tokens of `request`'s input, within about a fifth of the true count for prose in any script. */
export function estimateTokens(request: ModelRequest): number {
  let tokens = 0;
  for (const message of request.messages) {
    tokens += MESSAGE_OVERHEAD;
    for (const part of message.content) tokens += partTokens(part);
  }
  for (const input of request.embedding?.inputs ?? []) tokens += inputTokens(input);
  for (const tool of request.tools) {
    tokens +=
      textTokens(tool.name) +
      textTokens(tool.description ?? "") +
      textTokens(JSON.stringify(tool.parameters));
  }
  if (request.responseFormat.type === "json_schema") {
    tokens += textTokens(JSON.stringify(request.responseFormat.schema));
  }
  return Math.ceil(tokens);
}

/** One of the inputs that vectors are wanted of; tokens are counted already. */
export function inputTokens(input: EmbeddingInput["inputs"][number]): number {
  return typeof input === "string" ? textTokens(input) : input.length;
}

/**
 * A quarter token a character, plus 0.4 for every byte that UTF-8 needs beyond one a character: Latin text
 * comes to ~4 characters a token, Chinese to ~1.
 */
export function textTokens(text: string): number {
  const extraBytes = Buffer.byteLength(text) - text.length;
  return text.length / 4 + extraBytes * 0.4;
}

function partTokens(part: ContentPart): number {
  switch (part.type) {
    case "text":
    case "refusal":
    case "reasoning":
      return textTokens(part.text);
    case "tool_call":
      return textTokens(part.name) + textTokens(part.arguments);
    case "tool_result":
      return part.content.reduce((sum, inner) => sum + partTokens(inner), 0);
    case "image":
      return part.detail === "low" ? LOW_DETAIL_IMAGE : HIGH_DETAIL_IMAGE;
    case "opaque":
      return textTokens(JSON.stringify(part.value));
    case "document":
      if (part.source.kind === "text") return textTokens(part.source.text);
      return part.source.kind === "base64" ? part.source.data.length / DOCUMENT_CHARS_PER_TOKEN : 1000;
  }
}
