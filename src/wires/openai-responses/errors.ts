/** A provider's errors of this wire. Owns what differs from the chat wire, whose shapes and statuses it shares. */
import type { Fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import { readChatError, readStreamError } from "../openai-chat/errors.ts";
import { providerFault } from "../provider-fault.ts";
import type { JsonObject } from "../wire.ts";

/** `response.error.code` of what the caller sent: https://platform.openai.com/docs/api-reference/responses/object */
const CALLERS =
  /^(?:invalid_image|invalid_base64_image|image_(?!content_policy)|unsupported_image|empty_image|failed_to_download)/;
const POLICIES = /content_policy|bio_policy|policy_violation|^cyber_policy/;

/** The fault of a response whose status is `failed`, or of one that was cancelled. */
export function readFailure(response: JsonObject): Fault {
  const error = response.error;
  if (!isRecord(error)) return readStreamError({ error: { code: "server_error" } });
  const code = typeof error.code === "string" ? error.code : "";
  const message = typeof error.message === "string" ? error.message : "";
  if (POLICIES.test(code)) return providerFault("content_filter", { code, message });
  if (CALLERS.test(code)) return providerFault("provider_rejected_request", { code, message });
  return readStreamError({ error });
}

/** An answer with a status of 400 and above. `body` is parsed JSON or text, `now` epoch milliseconds. */
export function readResponsesError(status: number, headers: Headers, body: unknown, now: number): Fault {
  const read = readChatError(status, headers, body, now);
  // Of what is not found, an item of the input is the caller's, while a model would be the configuration's.
  if (read.code !== "provider_model_not_found" || !namesInput(body)) return read;
  const rejected = providerFault("provider_rejected_request", { param: "input" });
  return read.cause === undefined ? rejected : { ...rejected, cause: read.cause };
}

function namesInput(body: unknown): boolean {
  return isRecord(body) && isRecord(body.error) && /^input\b/.test(String(body.error.param));
}
