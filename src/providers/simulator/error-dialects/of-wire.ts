/** Which dialect the errors of a call are in. The only list of them. */
import type { WireId } from "../../../core/request.ts";
import type { CallRoute } from "../routes.ts";
import { anthropicErrors } from "./anthropic.ts";
import { bedrockErrors } from "./bedrock.ts";
import type { ErrorDialect } from "./dialect.ts";
import { geminiErrors } from "./gemini.ts";
import { nativeErrors } from "./native.ts";
import { openaiErrors, responsesErrors } from "./openai.ts";
import { behindSagemaker } from "./sagemaker.ts";

const DIALECTS: Readonly<Record<WireId, ErrorDialect>> = {
  "openai-chat": openaiErrors,
  "openai-responses": responsesErrors,
  "openai-embeddings": openaiErrors,
  "anthropic-messages": anthropicErrors,
  "bedrock-converse": bedrockErrors,
  "bedrock-invoke": bedrockErrors,
  gemini: geminiErrors,
  "gemini-embeddings": geminiErrors,
  native: nativeErrors,
};

export function errorsOf(call: Pick<CallRoute, "wire" | "behindSagemaker">): ErrorDialect {
  const dialect = DIALECTS[call.wire];
  return call.behindSagemaker ? behindSagemaker(dialect) : dialect;
}
