/** One line of an input file as a request, or what is wrong with it. Owns the format of a line. */
import type { BatchEndpoint, BatchIssue } from "../../core/batches.ts";
import { isRecord, parseJson } from "../../core/json.ts";
import { MAX_LINE_BYTES, MAX_LINE_DEPTH } from "./batch-ports.ts";

export interface LineRequest {
  readonly customId: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export type LineCheck =
  | { readonly ok: true; readonly request: LineRequest }
  | { readonly ok: false; readonly issue: Omit<BatchIssue, "line"> };

const MAX_CUSTOM_ID_CHARS = 512;

/** `bytes` is null for a line that is too long. Whether the custom_id is unique is not one line's to know. */
export function checkLine(bytes: Uint8Array | null, endpoint: BatchEndpoint): LineCheck {
  if (bytes === null) {
    const mebibytes = MAX_LINE_BYTES / (1024 * 1024);
    return issue("line_too_long", `The line is longer than ${mebibytes} MiB.`, null);
  }
  const parsed = parseJson(bytes, MAX_LINE_DEPTH);
  if (!parsed.ok || !isRecord(parsed.value)) {
    return issue("invalid_json_line", "This line is not a JSON object.", null);
  }
  const { custom_id: customId, method, url, body } = parsed.value;
  if (customId === undefined) return missing("custom_id");
  if (typeof customId !== "string" || customId === "" || customId.length > MAX_CUSTOM_ID_CHARS) {
    return issue(
      "invalid_custom_id",
      `custom_id must be a text of 1 to ${MAX_CUSTOM_ID_CHARS} characters.`,
      "custom_id",
    );
  }
  if (method === undefined) return missing("method");
  if (method !== "POST") return issue("invalid_method", "method must be POST.", "method");
  if (url === undefined) return missing("url");
  if (url !== endpoint) return issue("url_mismatch", "url must be the endpoint of the batch.", "url");
  if (body === undefined) return missing("body");
  if (!isRecord(body)) return issue("invalid_body", "body must be a JSON object.", "body");
  if (body.stream === true) {
    return issue("stream_not_supported", "A request of a batch cannot be streamed.", "body.stream");
  }
  return { ok: true, request: { customId, body } };
}

function missing(param: string): LineCheck {
  return issue("missing_required_parameter", `The line has no ${param}.`, param);
}

function issue(code: string, message: string, param: string | null): LineCheck {
  return { ok: false, issue: { code, message, param } };
}
