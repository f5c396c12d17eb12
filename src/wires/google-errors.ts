/**
 * What Google's services say of an error beside their sentence, in whichever dialect they were asked. Owns the details,
 * and which of them are about the key or the account.
 * https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto
 */
import { isRecord } from "../core/json.ts";
import { saysKeyRefused } from "./provider-fault.ts";

const MAX_DETAILS = 50;
const KEY_REASONS = /API_KEY_|ACCESS_TOKEN_|SERVICE_DISABLED|BILLING_DISABLED|CREDENTIALS_MISSING/;
/** Preconditions of the account, which no other request would meet either. */
const ACCOUNT_TEXT = /billing|user location|free tier is not available/i;
const LASTING_QUOTA = /per_?day|per_?month/i;
const FIELD_PATH = /^[A-Za-z_][\w.[\]-]{0,99}$/;

export interface GoogleDetails {
  /** `reason` of an ErrorInfo; empty where there is none. */
  readonly reason: string;
  readonly param: string | undefined;
  readonly requestId: string | undefined;
  /** Whether a quota is used up that no waiting of minutes gives back, whatever delay stands beside it. */
  readonly lasting: boolean;
}

const NOTHING: GoogleDetails = { reason: "", param: undefined, requestId: undefined, lasting: false };

/** `details` of an error; nothing where they are none of Google's. */
export function readDetails(details: unknown): GoogleDetails {
  if (!Array.isArray(details)) return NOTHING;
  const found: { -readonly [Key in keyof GoogleDetails]: GoogleDetails[Key] } = { ...NOTHING };
  for (const detail of details.slice(0, MAX_DETAILS)) {
    if (!isRecord(detail)) continue;
    if (found.reason === "") found.reason = text(detail.reason);
    found.requestId ??= text(detail.requestId) || undefined;
    found.param ??= fieldOf(detail.fieldViolations);
    if (Array.isArray(detail.violations)) found.lasting ||= detail.violations.some(isLasting);
  }
  return found;
}

/** Whether a request that is told to be wrong is so by its key or account. `word`: the error's `status`. */
export function refusesKeyOrAccount(word: string, reason: string, message: string): boolean {
  if (KEY_REASONS.test(reason) || saysKeyRefused(message)) return true;
  return word === "FAILED_PRECONDITION" && ACCOUNT_TEXT.test(message);
}

function isLasting(violation: unknown): boolean {
  return isRecord(violation) && LASTING_QUOTA.test(text(violation.quotaId));
}

function fieldOf(violations: unknown): string | undefined {
  const first: unknown = Array.isArray(violations) ? violations[0] : undefined;
  const field = isRecord(first) ? text(first.field) : "";
  return FIELD_PATH.test(field) ? field : undefined;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
