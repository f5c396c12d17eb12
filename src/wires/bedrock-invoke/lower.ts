/** A request for InvokeModel. Owns which family's body is made, and what Bedrock's form of Messages lacks. */
import { type Fault, failed, fault, ok, type Result } from "../../core/faults.ts";
import type { ContentPart, ModelRequest } from "../../core/request.ts";
import { anthropicMessages } from "../anthropic-messages.ts";
import { encodeBase64 } from "../base64.ts";
import { asMessagesRequest, toInvokeBody } from "../bedrock-claude-body.ts";
import { withoutContract } from "../contract-metadata.ts";
import { type Losses, lose } from "../losses.ts";
import type { Lowered, LowerTarget } from "../wire.ts";
import { lowerEmbedding } from "./embedding-lower.ts";
import { METADATA_HEADER, WIRE_ID } from "./fields.ts";

/** Fields of the Messages API that Bedrock refuses. The first two say nothing that a model would have to honour. */
const NOT_NEEDED = ["service_tier", "diagnostics"];
const NOT_THERE = ["container", "mcp_servers", "inference_geo"];

/**
 * The body to send, of the family of the model that is asked: Titan's or Cohere's for embeddings, Anthropic's for
 * everything else. Counting wraps it for CountTokens, which wants a limit of tokens as every body does.
 */
export function lowerInvoke(request: ModelRequest, target: LowerTarget): Result<Lowered> {
  const headers = passedHeaders(request);
  if (request.operation === "embed") return withHeaders(lowerEmbedding(request, target), headers);
  const remote = findRemote(request);
  if (remote !== null) return { ok: false, fault: remote };
  const lowered = anthropicMessages.lower(asMessagesRequest(request), target);
  if (!lowered.ok) return lowered;
  const body = toInvokeBody(lowered.value.body, lowered.value.headers);
  const losses: Losses = { warnings: [...lowered.value.warnings], fault: null };
  for (const field of NOT_NEEDED) delete body[field];
  for (const field of NOT_THERE) {
    if (body[field] === undefined) continue;
    if (body[field] !== null) lose(losses, field, "does not exist on Amazon Bedrock and was not sent.");
    delete body[field];
  }
  const { warnings } = losses;
  const first = warnings[0];
  if (request.strict && first !== undefined) {
    return failed("invalid", "unsupported_control", first.message, { param: first.control });
  }
  if (request.operation !== "count_tokens") return withHeaders(ok({ body, warnings }), headers);
  const counted = encodeBase64(JSON.stringify({ ...body, max_tokens: 1 }));
  return ok({ body: { input: { invokeModel: { body: counted } } }, warnings });
}

function withHeaders(lowered: Result<Lowered>, headers: Record<string, string> | null): Result<Lowered> {
  return lowered.ok && headers !== null ? ok({ ...lowered.value, headers }) : lowered;
}

/** The caller's own, without the contract in its metadata; null where there are none. */
function passedHeaders({ origin }: ModelRequest): Record<string, string> | null {
  if (origin.wire !== WIRE_ID || origin.headers === undefined) return null;
  const headers: Record<string, string> = { ...origin.headers };
  const metadata = headers[METADATA_HEADER];
  if (metadata === undefined) return headers;
  const kept = withoutContract(JSON.parse(metadata));
  if (kept === undefined) delete headers[METADATA_HEADER];
  else headers[METADATA_HEADER] = inAscii(JSON.stringify(kept));
  return headers;
}

/** JSON as it can stand in a header: any other letter as its escape, as the caller must have written it. */
function inAscii(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Claude on Bedrock fetches nothing: content by URL would be refused there, with fewer words. */
function findRemote({ messages }: ModelRequest): Fault | null {
  for (const [index, { content }] of messages.entries()) {
    if (!content.some(isRemote)) continue;
    const message =
      "The chosen model is reached through Amazon Bedrock, which fetches nothing from the web. Send the content itself as base64.";
    return fault("invalid", "unsupported_content", message, { param: `messages[${index}].content` });
  }
  return null;
}

function isRemote(part: ContentPart): boolean {
  if (part.type === "tool_result") return part.content.some(isRemote);
  if (part.type !== "image" && part.type !== "document") return false;
  return part.source.kind === "url" || part.source.kind === "file";
}
