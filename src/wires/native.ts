/**
 * The native API, both directions: the capability contract itself as JSON, and the internal events as a stream
 * (docs/native-api.md). Spoken by callers who want all of it, and by one gateway to another. The parts live
 * beside this file, in the folder of the same name.
 */

import { sse } from "./framing.ts";
import { readNativeError, renderNativeFault } from "./native/faults.ts";
import { lowerNative } from "./native/lower.ts";
import { parseNativeRequest } from "./native/parse-request.ts";
import { flushNative, READ_START, type ReadState, readNativeAnswer, stepNative } from "./native/read.ts";
import { type RenderState, renderNativeEvent, renderNativeStart } from "./native/render.ts";
import { renderNativeAnswer } from "./native/render-answer.ts";
import type { Wire } from "./wire.ts";

export const native: Wire<ReadState, RenderState> = {
  id: "native",
  framing: sse,

  passedHeaders: [],
  parseRequest: parseNativeRequest,
  // There is nothing beyond the contract to be said.
  beyondContract: () => [],
  renderStart: renderNativeStart,
  renderEvent: renderNativeEvent,
  renderAnswer: renderNativeAnswer,
  renderFault: renderNativeFault,

  path: () => "/invoke",
  lower: lowerNative,
  readStart: () => READ_START,
  step: stepNative,
  flush: flushNative,
  readAnswer: readNativeAnswer,
  readError: readNativeError,
};
