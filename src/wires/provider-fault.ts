/**
 * What went wrong at a provider, in the house's classes. Owns the classes, what callers are told about each,
 * and the phrases that providers of several wires share; which status or code means which class is each wire's.
 */
import type { FinishReason } from "../core/events.ts";
import { type Fault, type FaultCause, type FaultKind, fault, LASTING_QUOTA } from "../core/faults.ts";

/** What we say for each class. The provider's own words stay in `cause`. */
const CLASSES = {
  provider_throttled: ["throttled", "The model's provider is limiting requests. Try again later."],
  quota_exhausted: ["throttled", "The quota at the model's provider is used up."],
  provider_overloaded: ["outage", "The model's provider is overloaded or unavailable."],
  provider_error: ["outage", "The model's provider failed."],
  provider_timeout: ["timeout", "The model's provider did not answer in time."],
  provider_credentials_refused: ["provider_auth", "The model's provider refused the gateway's credentials."],
  provider_model_not_found: [
    "provider_not_found",
    "The model's provider does not know the configured model.",
  ],
  context_length_exceeded: [
    "context_overflow",
    "The messages and the requested output exceed the model's context window. Shorten the messages or lower the limit of the answer.",
  ],
  model_output_invalid: [
    "malformed",
    "The model wrote a tool call or JSON that its provider could not read.",
  ],
  content_filter: ["filtered", "The model's provider refused the content under its content policy."],
  provider_rejected_request: [
    "invalid",
    "The model's provider rejected the request as invalid. Check the parameters against what the model supports.",
  ],
} as const satisfies Record<string, readonly [FaultKind, string]>;

export type ProviderFaultClass = keyof typeof CLASSES;

const MAX_DETAIL = 500;
/** Only so much of a provider's text is searched for known phrases. */
const MAX_SEARCHED = 4000;

const OVERFLOW_TEXT = new RegExp(
  [
    "maximum context length",
    "maximum model length",
    "maximum prompt length",
    "context (?:length|size|window)",
    "context the overflows",
    "model token limit",
    "prompt is too long",
    "input is too (?:long|large)",
    "reduce the length of (?:the|your) (?:messages|prompt|input)",
    "must have less than \\d+ tokens",
    "tokens`? \\+ `?max_new_tokens`? must be",
    "input token count[^.]{0,80}exceeds",
    "too many (?:input |prompt )?tokens",
  ].join("|"),
  "i",
);
const FILTER_TEXT = /content management policy|content policy|safety system|usage polic(?:y|ies)/i;
/** Google and xAI say with the status of a malformed request that a key is not good. */
const KEY_TEXT =
  /api key (?:not valid|expired|not found|is invalid)|pass a valid api key|incorrect api key provided/i;
const LASTING_TEXT =
  /per[ _-]?(?:day|month)\b|\bdaily\b|\bmonthly\b|credits? (?:are|is|have) (?:been )?(?:depleted|exhausted)|spending cap/i;
const KEY_LIKE = /\b(?:sk|pk|rk|key|bearer|token)[-_ :=]+(?=[\w*.-]*[\d*])[\w*.-]{8,}/gi;

/** What a provider said, as far as it said it. Empty texts count as absent. */
export interface ProviderWords {
  /** HTTP status; absent for an error inside a stream. */
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  /** The request field it names; told to callers only where the class is about their request. */
  readonly param?: string | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** The fault of a class, with the provider's own words bounded and redacted in its cause. */
export function providerFault(code: ProviderFaultClass, words: ProviderWords): Fault {
  const [kind, message] = CLASSES[code];
  const ours = kind === "invalid" || kind === "context_overflow" || kind === "filtered";
  const cause: FaultCause = {
    ...(words.status !== undefined && { status: words.status }),
    ...(words.code && { code: words.code.slice(0, 100) }),
    ...(words.message && { detail: bounded(words.message) }),
    ...(words.requestId && { providerRequestId: words.requestId.slice(0, 200) }),
  };
  const made = fault(kind, code, message, {
    ...(ours && words.param !== undefined && { param: words.param }),
    ...(words.retryAfterMs !== undefined && { retryAfterMs: words.retryAfterMs }),
    cause,
  });
  return code === LASTING_QUOTA ? { ...made, lasting: true } : made;
}

/** Whether a provider's text says that the request exceeds the model's context. */
export function saysOverflow(text: string): boolean {
  return OVERFLOW_TEXT.test(text.slice(0, MAX_SEARCHED));
}

/** Whether a provider's text says that its content policy refused the request. */
export function saysFiltered(text: string): boolean {
  return FILTER_TEXT.test(text.slice(0, MAX_SEARCHED));
}

/** Whether a provider's text says that the key is not good. */
export function saysKeyRefused(text: string): boolean {
  return KEY_TEXT.test(text.slice(0, MAX_SEARCHED));
}

/** Whether a provider's text says of a quota that no waiting of minutes gives it back. */
export function saysLasting(text: string): boolean {
  return LASTING_TEXT.test(text.slice(0, MAX_SEARCHED));
}

/** Whether a fault of this class may say how long to wait. */
export function waits(code: ProviderFaultClass, status: number): boolean {
  return status === 429 || status >= 500 || CLASSES[code][0] === "throttled";
}

/** A stream that ended before its terminal frame. */
export function streamCut(): Fault {
  return fault("outage", "stream_cut", "The model's provider broke off before the answer was complete.");
}

/** A frame or body that is not what the wire promises. */
export function badChunk(): Fault {
  return fault(
    "malformed",
    "bad_chunk",
    "The model's provider sent a part of the answer that cannot be read.",
  );
}

export function badAnswer(): Fault {
  return fault("malformed", "bad_answer", "The model's provider sent an answer that cannot be read.");
}

/** The provider says itself that the model wrote a call, or anything else, that nobody can read. */
export function malformedCall(): Fault {
  return fault("malformed", "malformed_tool_call", "The model wrote a tool call that cannot be read.");
}

export function malformedOutput(): Fault {
  return fault("malformed", "malformed_output", "The model wrote an answer that cannot be read.");
}

/** An answer that holds nothing. `reason`: how the model ended it, where it said so. */
export function emptyAnswer(reason: FinishReason | null = null): Fault {
  const empty = fault("malformed", "empty_answer", "The model's provider sent an answer without content.");
  return reason?.unified === "stop" ? { ...empty, ended: true } : empty;
}

/** Cut to size, and without what looks like a key: providers quote the one they refused. */
function bounded(text: string): string {
  return text
    .slice(0, MAX_DETAIL * 2)
    .replace(KEY_LIKE, "[redacted]")
    .slice(0, MAX_DETAIL);
}
