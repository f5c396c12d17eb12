/** Refusals as Google's APIs say them: google.rpc.Status in JSON. Owns status words, codes and details. */
import { type ErrorAnswer, type ErrorDialect, type Refusal, refusal, type Wait } from "./dialect.ts";

const STATUSES: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "ABORTED",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  500: "INTERNAL",
  501: "UNIMPLEMENTED",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};
const WORDS: ReadonlySet<string> = new Set(Object.values(STATUSES));
const OVERFLOW = "The input token count (1210000) exceeds the maximum number of tokens allowed (1048576).";

export const geminiErrors: ErrorDialect = {
  requestIdHeader: "x-request-id",
  refuse,
  contextOverflow: () => refuse(refusal(400, OVERFLOW)),
  // Refused with an answer: no candidate, and the reason in its place.
  contentFilter: () => ({
    status: 200,
    headers: {},
    body: {
      promptFeedback: { blockReason: "SAFETY" },
      usageMetadata: { promptTokenCount: 1, totalTokenCount: 1 },
      simulated: true,
    },
  }),
  streamError(throttled) {
    const { body } = throttled
      ? refuse(refusal(429, "Simulated: the quota was reached while the model was answering."))
      : refuse(refusal(503, "Simulated: the model failed while it was answering."));
    return { data: JSON.stringify(body) };
  },
  // Neither limits nor what is left of them are stated here.
  limitHeaders: () => ({}),
};

function refuse({ status: asked, code, message, wait }: Refusal): ErrorAnswer {
  const status = asked === 529 ? 503 : asked;
  const word =
    code !== null && WORDS.has(code)
      ? code
      : (STATUSES[status] ?? (status < 500 ? "FAILED_PRECONDITION" : "INTERNAL"));
  const details = wait === null ? {} : { details: [retryInfo(wait)] };
  return {
    status,
    headers: {},
    body: { error: { code: status, message, status: word, ...details }, simulated: true },
  };
}

/** Durations are written in seconds with up to nine decimals and an `s`. */
function retryInfo(wait: Wait) {
  return { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${wait.seconds}s` };
}
