/** CountTokens of an InvokeModel body. Owns the unpacking: the body is JSON in base64, of another wire. */
import { failed, ok, type Result } from "../../core/faults.ts";
import { parseJson } from "../../core/json.ts";
import type { ModelRequest } from "../../core/request.ts";
import { decodeBase64 } from "../base64.ts";
import { parseInvokeRequest } from "../bedrock-invoke/parse-request.ts";
import type { JsonObject, RequestHints } from "../wire.ts";
import { WIRE_ID } from "./fields.ts";

/** As deep as request bodies may be. */
const MAX_DEPTH = 64;
const PARAM = "input.invokeModel.body";

/** `invokeModel` is that member of `body.input`. */
export function parseInvokeCount(
  invokeModel: JsonObject,
  body: JsonObject,
  hints: RequestHints,
): Result<ModelRequest> {
  const bytes = typeof invokeModel.body === "string" ? decodeBase64(invokeModel.body) : null;
  if (bytes === null) {
    const message = `\`${PARAM}\` must be the body of an InvokeModel request, as base64.`;
    return failed("invalid", "invalid_value", message, { param: PARAM });
  }
  const json = parseJson(bytes, MAX_DEPTH);
  if (!json.ok) return { ok: false, fault: { ...json.fault, param: PARAM } };
  const { operation: _operation, ...rest } = hints;
  const parsed = parseInvokeRequest(json.value, { ...rest, stream: false });
  if (!parsed.ok) return parsed;
  if (parsed.value.operation !== "chat") {
    const message = "Tokens of an embedding request cannot be counted. Send a conversation.";
    return failed("invalid", "unsupported_value", message, { param: PARAM });
  }
  const { rewritten } = parsed.value.origin;
  return ok({ ...parsed.value, operation: "count_tokens", origin: { wire: WIRE_ID, body, rewritten } });
}
