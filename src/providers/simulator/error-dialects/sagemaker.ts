/**
 * Refusals as they come out of a SageMaker endpoint: what the container behind it says travels inside the host's
 * `ModelError`; what keeps a call from the container is an exception of the host's own. Owns who says what.
 * https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
 */
import type { ErrorAnswer, ErrorDialect, Refusal } from "./dialect.ts";

/** The host's own, by what a scenario asks for: the status that it has there, and its name. */
const EXCEPTIONS: Readonly<Record<number, readonly [status: number, name: string]>> = {
  401: [403, "UnrecognizedClientException"],
  403: [403, "AccessDeniedException"],
  // AWS throttles with a 400: https://docs.aws.amazon.com/sagemaker/latest/APIReference/CommonErrors.html
  429: [400, "ThrottlingException"],
  503: [503, "ServiceUnavailable"],
  529: [429, "ModelNotReadyException"],
};
const FAILED = "Simulated: the container closed the connection while it was answering.";

const made = new WeakMap<ErrorDialect, ErrorDialect>();

/** `container`: the dialect of what runs behind the endpoint. */
export function behindSagemaker(container: ErrorDialect): ErrorDialect {
  const known = made.get(container);
  if (known) return known;
  const dialect: ErrorDialect = {
    requestIdHeader: "x-amzn-requestid",
    refuse: (asked, now) => hostsOwn(asked) ?? modelError(container.refuse(asked, now)),
    contextOverflow: (now) => modelError(container.contextOverflow(now)),
    contentFilter: (now) => modelError(container.contentFilter(now)),
    // Throttled midway, the container says so in its own stream; where it dies, the host ends the stream.
    streamError: (throttled) =>
      throttled
        ? container.streamError(throttled)
        : {
            event: "ModelStreamError",
            data: JSON.stringify({ Message: FAILED, ErrorCode: "StreamBroken" }),
            exception: true,
          },
    // No header of the container's gets through, and the host states no limits.
    limitHeaders: () => ({}),
  };
  made.set(container, dialect);
  return dialect;
}

function hostsOwn({ status: asked, message }: Refusal): ErrorAnswer | null {
  const own = EXCEPTIONS[asked];
  if (own === undefined) return null;
  const [status, name] = own;
  return { status, headers: { "x-amzn-errortype": name }, body: { Message: message, simulated: true } };
}

function modelError({ status, body }: ErrorAnswer): ErrorAnswer {
  const OriginalMessage = JSON.stringify(body);
  const Message = `Received client or server error (${status}) from primary with message "${OriginalMessage}".`;
  return {
    status: 424,
    headers: { "x-amzn-errortype": "ModelError" },
    body: {
      Message,
      OriginalMessage,
      OriginalStatusCode: status,
      LogStreamArn: "simulated",
      simulated: true,
    },
  };
}
