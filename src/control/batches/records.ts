/** What came of a request as a line of the output or error file. Owns OpenAI's shape of it. */
import { type BatchResult, type BatchUsage, NO_USAGE } from "../../core/batches.ts";
import type { InferAnswer } from "../background/infer.ts";

export interface RecordOf {
  /** The record's own id. */
  readonly id: string;
  readonly line: number;
  readonly customId: string;
}

/** An answer of whatever status: with a 2xx it belongs into the output file. */
export function answeredRecord(of: RecordOf, { status, requestId, body }: InferAnswer): BatchResult {
  const response = { status_code: status, request_id: requestId, body };
  const answered = status >= 200 && status < 300;
  return result(of, answered, { response, error: null }, answered ? usageOf(body) : NO_USAGE);
}

/** A request that got no answer. */
export function failedRecord(of: RecordOf, code: string, message: string): BatchResult {
  return result(of, false, { response: null, error: { code, message } }, NO_USAGE);
}

function result(
  { id, line, customId }: RecordOf,
  answered: boolean,
  outcome: Readonly<Record<string, unknown>>,
  usage: BatchUsage,
): BatchResult {
  const text = JSON.stringify({ id, custom_id: customId, ...outcome });
  return { line, answered, record: new TextEncoder().encode(`${text}\n`), usage };
}

/** Chat Completions and embeddings count prompt and completion, Responses and Messages input and output. */
export function usageOf(body: unknown): BatchUsage {
  const usage = field(body, "usage");
  const input = field(usage, "input_tokens_details") ?? field(usage, "prompt_tokens_details");
  const output = field(usage, "output_tokens_details") ?? field(usage, "completion_tokens_details");
  // Anthropic counts what the cache gave apart from the input, everybody else within it.
  const apart = tokens(usage, "cache_read_input_tokens");
  const written = tokens(usage, "cache_creation_input_tokens");
  return {
    inputTokens: (tokens(usage, "input_tokens") || tokens(usage, "prompt_tokens")) + apart + written,
    cachedTokens: tokens(input, "cached_tokens") + apart,
    outputTokens: tokens(usage, "output_tokens") || tokens(usage, "completion_tokens"),
    reasoningTokens: tokens(output, "reasoning_tokens"),
  };
}

function tokens(of: unknown, name: string): number {
  const count = field(of, name);
  return typeof count === "number" && Number.isSafeInteger(count) && count > 0 ? count : 0;
}

function field(of: unknown, name: string): unknown {
  if (typeof of !== "object" || of === null || !(name in of)) return undefined;
  return (of as Readonly<Record<string, unknown>>)[name];
}
