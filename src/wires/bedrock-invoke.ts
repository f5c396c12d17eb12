/**
 * Amazon Bedrock's InvokeModel and InvokeModelWithResponseStream, both directions: a frame around each model
 * family's own bodies. Read here are Anthropic's Messages, and the embeddings of Titan and Cohere.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
 */
import { awsEventStream } from "./aws-event-stream.ts";
import { modelPath } from "./bedrock-converse/target.ts";
import { readBedrockError, renderBedrockFault } from "./bedrock-errors.ts";
import { invokeBeyondContract } from "./bedrock-invoke/beyond-contract.ts";
import { PASSED_HEADERS, WIRE_ID } from "./bedrock-invoke/fields.ts";
import { lowerInvoke } from "./bedrock-invoke/lower.ts";
import { parseInvokeRequest } from "./bedrock-invoke/parse-request.ts";
import {
  flushInvoke,
  READ_START,
  type ReadState,
  readInvokeAnswer,
  stepInvoke,
} from "./bedrock-invoke/read.ts";
import {
  type RenderState,
  renderInvokeAnswer,
  renderInvokeEvent,
  renderInvokeStart,
} from "./bedrock-invoke/render.ts";
import type { Wire } from "./wire.ts";

export const bedrockInvoke: Wire<ReadState, RenderState> = {
  id: WIRE_ID,
  framing: awsEventStream,
  alwaysCounts: true,

  passedHeaders: PASSED_HEADERS,
  parseRequest: parseInvokeRequest,
  beyondContract: invokeBeyondContract,
  renderStart: renderInvokeStart,
  renderEvent: renderInvokeEvent,
  renderAnswer: renderInvokeAnswer,
  renderFault: renderBedrockFault,

  path({ operation, stream }, { modelId }) {
    if (operation === "count_tokens") return modelPath(modelId, "count-tokens");
    return modelPath(modelId, stream ? "invoke-with-response-stream" : "invoke");
  },
  lower: lowerInvoke,
  readStart: () => READ_START,
  step: stepInvoke,
  flush: flushInvoke,
  readAnswer: readInvokeAnswer,
  readError: readBedrockError,
};
