/**
 * A degraded answer whose status says that it is none, as the error that official clients can read. Owns which class
 * of error a status is; the words are the mode's.
 */
import { FAULTS, type Fault, type FaultKind } from "../../core/faults.ts";
import type { DegradedAnswer } from "./degraded-answer.ts";

const DEGRADED_CODE = "degraded";

/** From this status on clients look for an error in the body. */
const FIRST_ERROR = 400;

const KINDS: Readonly<Record<number, FaultKind>> = {
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  413: "too_large",
  429: "throttled",
  500: "internal",
  502: "malformed",
  504: "timeout",
};

/**
 * Null for an answer whose status is a success. `comeBackMs`: when it is worth trying again, for a status after which
 * clients do, where the mode itself does not say.
 */
export function degradedFault(answer: DegradedAnswer, comeBackMs: number): Fault | null {
  const { status, events, retryAfterSeconds } = answer;
  if (status < FIRST_ERROR) return null;
  const kind = KINDS[status] ?? (status >= 500 ? "exhausted" : "invalid");
  const message = events
    .map((event) => (event.type === "text" && event.choice === 0 ? event.text : ""))
    .join("");
  const isPassing = status === 429 || status >= 500;
  return {
    kind,
    code: DEGRADED_CODE,
    message,
    ...(status !== FAULTS[kind].status && { status }),
    ...(retryAfterSeconds !== null
      ? { retryAfterMs: retryAfterSeconds * 1000 }
      : isPassing && { retryAfterMs: comeBackMs }),
  };
}
