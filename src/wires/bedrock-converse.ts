/**
 * Amazon Bedrock's Converse and ConverseStream, and CountTokens of the same conversations, both directions:
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html. The model, and whether to
 * stream, stand in the path. The parts live beside this file, in the folder of the same name.
 */
import { awsEventStream } from "./aws-event-stream.ts";
import { converseBeyondContract } from "./bedrock-converse/beyond-contract.ts";
import { WIRE_ID } from "./bedrock-converse/fields.ts";
import { lowerConverse } from "./bedrock-converse/lower.ts";
import { parseConverseRequest } from "./bedrock-converse/parse-request.ts";
import { flushConverse, stepConverse } from "./bedrock-converse/read.ts";
import { readConverseAnswer } from "./bedrock-converse/read-answer.ts";
import { READ_START, type ReadState } from "./bedrock-converse/read-state.ts";
import { type RenderState, renderConverseEvent, renderConverseStart } from "./bedrock-converse/render.ts";
import { renderConverseAnswer } from "./bedrock-converse/render-answer.ts";
import { modelPath } from "./bedrock-converse/target.ts";
import { readBedrockError, renderBedrockFault } from "./bedrock-errors.ts";
import type { Wire } from "./wire.ts";

export const bedrockConverse: Wire<ReadState, RenderState> = {
  id: WIRE_ID,
  framing: awsEventStream,
  alwaysCounts: true,

  passedHeaders: [],
  parseRequest: parseConverseRequest,
  beyondContract: converseBeyondContract,
  renderStart: renderConverseStart,
  renderEvent: renderConverseEvent,
  renderAnswer: renderConverseAnswer,
  renderFault: renderBedrockFault,

  path({ operation, stream }, { modelId }) {
    if (operation === "count_tokens") return modelPath(modelId, "count-tokens");
    return modelPath(modelId, stream ? "converse-stream" : "converse");
  },
  lower: lowerConverse,
  readStart: () => READ_START,
  step: stepConverse,
  flush: flushConverse,
  readAnswer: readConverseAnswer,
  readError: readBedrockError,
};
