/** Which request a question is about. Owns telling the dialects apart, and what a bare prompt stands for. */
import type { Result } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type { ModelRequest } from "../../core/request.ts";
import type { ConfigSnapshot, UseCase } from "../../core/snapshot.ts";
import { makesVectorsAlone } from "../../policy/routing/constraints.ts";
import { loadWire } from "../../providers/wire-registry.ts";

/**
 * A body of Chat Completions, or of Embeddings where it has `input` in place of `messages`. A `prompt` in place of
 * either is whatever its use case is for: what a user says, or a text to embed.
 */
export async function readQuestion(body: unknown, snapshot: ConfigSnapshot): Promise<Result<ModelRequest>> {
  const asked = isRecord(body) ? ofPrompt(body, snapshot) : body;
  const embeds = isRecord(asked) && "input" in asked && !("messages" in asked);
  const wire = await loadWire(embeds ? "openai-embeddings" : "openai-chat");
  return wire.parseRequest(asked, { contract: {}, strict: false });
}

function ofPrompt(body: Readonly<Record<string, unknown>>, { useCases }: ConfigSnapshot): unknown {
  if (!("prompt" in body) || "messages" in body || "input" in body) return body;
  const { prompt, ...rest } = body;
  const useCase = typeof rest.model === "string" ? useCases.get(rest.model) : undefined;
  return useCase && isForVectors(useCase)
    ? { ...rest, input: prompt }
    : { ...rest, messages: [{ role: "user", content: prompt }] };
}

/** By what it says, or by models that can do nothing else. */
function isForVectors({ taskType, ladder }: UseCase): boolean {
  return (
    taskType === "embedding" ||
    (ladder.length > 0 &&
      ladder.every(({ deployments }) => deployments.every(({ model }) => makesVectorsAlone(model))))
  );
}
