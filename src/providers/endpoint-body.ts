/** What an endpoint wants changed in a wire's body. Owns the differences between hosts of the same dialect. */
import type { Deployment } from "../core/deployment.ts";
import type { Operation } from "../core/request.ts";
import type { JsonObject } from "../wires/wire.ts";

/** https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai */
const VERTEX_ANTHROPIC_VERSION = "vertex-2023-10-16";

export function endpointBody({ endpoint }: Deployment, operation: Operation, body: JsonObject): JsonObject {
  if (endpoint.type !== "vertex" || endpoint.publisher !== "anthropic") return body;
  // The path of a count names no model, all others do.
  const { model, ...rest } = body;
  const named = operation === "count_tokens" ? { model, ...rest } : rest;
  return { ...named, anthropic_version: VERTEX_ANTHROPIC_VERSION };
}
