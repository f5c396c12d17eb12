/**
 * Refusals as Amazon Bedrock's runtime says them: an exception's name in `x-amzn-errortype`, its message in the
 * body. https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html. Owns names and statuses.
 */
import { type ErrorAnswer, type ErrorDialect, type Refusal, refusal } from "./dialect.ts";

const EXCEPTIONS: Readonly<Record<number, string>> = {
  400: "ValidationException",
  403: "AccessDeniedException",
  404: "ResourceNotFoundException",
  408: "ModelTimeoutException",
  424: "ModelErrorException",
  429: "ThrottlingException",
  500: "InternalServerException",
  503: "ServiceUnavailableException",
  504: "ModelTimeoutException",
};
const EXCEPTION_NAME = /^[A-Z]\w{1,60}Exception$/;
const FAILED = "Simulated: the model failed while it was answering.";
const LIMITED = "Simulated: the number of requests exceeds the limit.";

export const bedrockErrors: ErrorDialect = {
  requestIdHeader: "x-amzn-requestid",
  refuse,
  contextOverflow: () => refuse(refusal(400, "Input is too long for requested model.")),
  contentFilter: () => refuse(refusal(400, "This request has been blocked by our content filters.")),
  streamError: (throttled) => ({
    event: throttled ? "throttlingException" : "modelStreamErrorException",
    data: JSON.stringify({ message: throttled ? LIMITED : FAILED }),
    exception: true,
  }),
  // Neither quotas nor waits are stated here.
  limitHeaders: () => ({}),
};

function refuse({ status: asked, code, message }: Refusal): ErrorAnswer {
  const named = code !== null && EXCEPTION_NAME.test(code) ? code : null;
  // A token that AWS does not take is forbidden, never unauthorised.
  const refused = asked === 401 ? "UnrecognizedClientException" : null;
  const status = asked === 401 ? 403 : asked === 529 ? 503 : asked;
  const usual = EXCEPTIONS[status] ?? (status < 500 ? "ValidationException" : "InternalServerException");
  return {
    status,
    headers: { "x-amzn-errortype": named ?? refused ?? usual },
    body: { message, simulated: true },
  };
}
