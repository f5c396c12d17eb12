/**
 * A container's wire as it is read through SageMaker, which says in its own words what failed. Owns those words and
 * the unwrapping of the container's; what the container's words mean is for its own wire to say.
 * https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointWithResponseStream.html
 */
import type { Fault } from "../core/faults.ts";
import { isRecord } from "../core/json.ts";
import { awsErrorName, readBedrockError, readBedrockException } from "./bedrock-errors.ts";
import type { Frame } from "./frame.ts";
import { providerFault } from "./provider-fault.ts";
import type { JsonObject, Wire } from "./wire.ts";

type ReadError = Wire<unknown, unknown>["readError"];

/** Of the container: SageMaker waited for it in vain, or for the rest of its stream. */
const TIMEOUT_CODES = /time_?out|TimeExceeded/i;
const TIMEOUT_TEXT = /\btimed out\b/i;
/** What is there, and cannot take the call: a component that was scaled to zero, or is being put up. */
const CAPACITY_TEXT = /\bcapacity\b|auto ?scaling|\bnot (?:currently )?in ?service\b/i;
/** What of an endpoint is called is written in the policy, so that none of this is about the caller's request. */
const MISCONFIGURED_TEXT =
  /\b(?:endpoint|variant|model|component|container)\b[^"]{0,200}\b(?:not found|does not exist)\b|(?:cannot|could not) find (?:the )?(?:endpoint|variant|inference component)|inference component name|target (?:model|variant|container)|endpointName|model data/i;

/** `container`, but for its errors and what ends its streams. */
export function behindSagemaker<ReadState, RenderState>(
  container: Wire<ReadState, RenderState>,
): Wire<ReadState, RenderState> {
  return {
    ...container,
    step: (state, frame) =>
      frame.exception
        ? [state, [{ type: "fault", fault: readException(frame) }]]
        : container.step(state, frame),
    readError: (status, headers, body, now) => readError(container.readError, status, headers, body, now),
  };
}

function readError(
  container: ReadError,
  status: number,
  headers: Headers,
  body: unknown,
  now: number,
): Fault {
  if (isRecord(body) && typeof body.OriginalStatusCode === "number") {
    return readModelError(container, body, body.OriginalStatusCode, status, headers, now);
  }
  const isHosts = headers.has("x-amzn-errortype") || (isRecord(body) && typeof body.__type === "string");
  if (!isHosts) return container(status, headers, body, now);
  const read = readBedrockError(status, headers, body, now);
  if (awsErrorName(headers, body) !== "ValidationError") return read;
  const said = read.cause?.detail ?? "";
  if (CAPACITY_TEXT.test(said)) return withCause(providerFault("provider_overloaded", {}), read);
  return MISCONFIGURED_TEXT.test(said)
    ? withCause(providerFault("provider_model_not_found", {}), read)
    : read;
}

/** 424 `ModelError`: what the container answered is inside; 0 as its status where it did not. */
function readModelError(
  container: ReadError,
  { ErrorCode, Message, OriginalMessage }: JsonObject,
  original: number,
  status: number,
  headers: Headers,
  now: number,
): Fault {
  const message = text(OriginalMessage) || text(Message);
  const requestId = headers.get("x-amzn-requestid") ?? undefined;
  const answered = original >= 400 && original <= 599;
  if (TIMEOUT_CODES.test(text(ErrorCode)) || (!answered && TIMEOUT_TEXT.test(message))) {
    return providerFault("provider_timeout", { status, code: text(ErrorCode), message, requestId });
  }
  if (!answered) return providerFault("provider_error", { status, code: "ModelError", message, requestId });
  const read = container(original, headers, parsed(message), now);
  return {
    ...read,
    cause: { code: "ModelError", ...read.cause, ...(requestId && { providerRequestId: requestId }) },
  };
}

/** The last frame of a stream that failed: the host's word for it, and its sentence. */
function readException(frame: Frame): Fault {
  const read = readBedrockException(frame);
  const body = parsed(frame.data);
  const isLate = isRecord(body) && TIMEOUT_CODES.test(text(body.ErrorCode));
  return isLate ? withCause(providerFault("provider_timeout", {}), read) : read;
}

function withCause(fault: Fault, { cause }: Fault): Fault {
  return cause === undefined ? fault : { ...fault, cause };
}

function parsed(said: string): unknown {
  try {
    return JSON.parse(said);
  } catch {
    return said;
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
