/** Bad requests and the refusal each must get, as a table. */
import { gzipSync } from "node:zlib";
import { chatBody, type RawRequest } from "./by-hand.ts";
import { KEYS } from "./policies.ts";

export interface BadRequest {
  readonly name: string;
  readonly request: RawRequest;
  readonly status: number;
  readonly code: string;
  /** Not looked at where absent. */
  readonly param?: string;
}

const GOOD = chatBody();

function refused(status: number, code: string, name: string, request: RawRequest): BadRequest {
  return { name, request, status, code };
}

/** A good request but for its key. */
function badKey(name: string, authorization: string | null, code = "invalid_api_key"): BadRequest {
  return refused(401, code, name, { headers: { authorization }, body: GOOD });
}

/** A good request but for one header. */
function badHeader(name: string, value: string): BadRequest {
  const request = { headers: { [name]: value }, body: GOOD };
  return { ...refused(400, "invalid_header", `${name}: ${value}`, request), param: name };
}

function badBody(name: string, body: string | Uint8Array, code: string, encoding?: string): BadRequest {
  const headers = encoding === undefined ? {} : { headers: { "content-encoding": encoding } };
  return refused(400, code, name, { body, ...headers });
}

/** A good body but for `fields`, of which `param` is at fault. */
function badField(
  name: string,
  fields: Record<string, unknown>,
  param: string,
  code = "invalid_value",
): BadRequest {
  return { ...refused(400, code, name, { body: chatBody(fields) }), param };
}

function nested(depth: number): string {
  return `{"model":"support-chat","messages":${'[{"a":'.repeat(depth / 2)}1${"}]".repeat(depth / 2)}}`;
}

const HALF_UTF8 = Buffer.concat([Buffer.from('{"model":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);

const ENVELOPE: readonly BadRequest[] = [
  badKey("no key", null, "missing_api_key"),
  badKey("an unknown key", "Bearer pm_nope"),
  badKey("a key of 3,000 characters", `Bearer ${"k".repeat(3000)}`),
  badKey("another scheme", "Basic dXNlcjpwYXNz", "missing_api_key"),
  refused(400, "header_too_long", "a header of 20 KB", {
    headers: { "x-long": "x".repeat(20_000) },
    body: GOOD,
  }),
  refused(404, "unknown_path", "an unknown path", { path: "/v1/chat/completion", body: GOOD }),
  refused(404, "unknown_path", "an encoded traversal", { path: "/v1/..%2f..%2fetc/passwd", method: "GET" }),
  refused(405, "method_not_allowed", "GET where POST is wanted", { method: "GET" }),
  refused(405, "method_not_allowed", "PUT", { method: "PUT", body: GOOD }),
  refused(405, "method_not_allowed", "DELETE", { method: "DELETE" }),
  refused(405, "method_not_allowed", "POST where GET is wanted", { path: "/v1/models", body: "{}" }),
];

const CONTRACT: readonly BadRequest[] = [
  badHeader("x-pointsman-tasktype", "chat"),
  badHeader("x-pointsman-task-type", "poetry"),
  badHeader("x-pointsman-latency-tier", "now"),
  badHeader("x-pointsman-safety-level", "none"),
  badHeader("x-pointsman-context-window", "-1"),
  badHeader("x-pointsman-context-window", "1e9"),
  badHeader("x-pointsman-strict", "maybe"),
  badField(
    "unknown contract metadata",
    { metadata: { pointsman_task: "chat" } },
    "metadata",
    "unknown_field",
  ),
  badField(
    "a wrong task type",
    { metadata: { pointsman_task_type: "poetry" } },
    "metadata.pointsman_task_type",
  ),
];

const BYTES: readonly BadRequest[] = [
  badBody("an empty body", "", "invalid_json"),
  badBody("half a body", '{"model":"support-chat","mess', "invalid_json"),
  badBody("invalid UTF-8", HALF_UTF8, "invalid_utf8"),
  badBody("a JSON array", "[]", "invalid_type"),
  badBody("null", "null", "invalid_type"),
  badBody("a JSON string", '"hello"', "invalid_type"),
  badBody("200 levels", nested(200), "json_too_deep"),
  badBody("100,000 levels", nested(100_000), "json_too_deep"),
  badBody("__proto__", '{"model":"support-chat","messages":[],"__proto__":{"stream":true}}', "forbidden_key"),
  badBody(
    "__proto__ deep inside",
    '{"model":"support-chat","tools":[{"a":{"__proto__":1}}]}',
    "forbidden_key",
  ),
  badBody("1e999", '{"model":"support-chat","messages":[],"temperature":1e999}', "invalid_number"),
  badBody("-1e999 deep inside", '{"model":"support-chat","x":[{"y":-1e999}]}', "invalid_number"),
  badBody("NaN", '{"model":"support-chat","temperature":NaN}', "invalid_json"),
  badBody("no gzip, though it says so", GOOD, "bad_gzip", "gzip"),
  badBody("half a gzip", gzipSync(GOOD).subarray(0, 30), "bad_gzip", "gzip"),
  badBody("an unknown encoding", GOOD, "unsupported_encoding", "br"),
];

const FIELDS: readonly BadRequest[] = [
  badField("no model", { model: undefined }, "model", "missing_field"),
  badField("an empty model", { model: "" }, "model"),
  badField("a model of 1,000 characters", { model: "m".repeat(1000) }, "model"),
  badField("a model that would break a header", { model: "a\r\nx-evil: 1" }, "model"),
  badField("a model with a null byte", { model: "support\u0000chat" }, "model"),
  badField("a number for a model", { model: 5 }, "model", "invalid_type"),
  badField("no messages", { messages: undefined }, "messages", "missing_field"),
  badField("an empty list of messages", { messages: [] }, "messages"),
  badField("messages that are text", { messages: "Hi" }, "messages", "invalid_type"),
  badField("an unknown role", { messages: [{ role: "robot" }] }, "messages[0].role", "unsupported_value"),
  badField(
    "a number for content",
    { messages: [{ role: "user", content: 5 }] },
    "messages[0].content",
    "invalid_type",
  ),
  badField("a negative max_tokens", { max_tokens: -1 }, "max_tokens"),
  badField("no tokens at all", { max_completion_tokens: 0 }, "max_completion_tokens"),
  badField("half a token", { max_tokens: 1.5 }, "max_tokens", "invalid_type"),
  badField("a negative temperature", { temperature: -0.1 }, "temperature"),
  badField("a hot temperature", { temperature: 2.1 }, "temperature"),
  badField("a temperature in words", { temperature: "hot" }, "temperature", "invalid_type"),
  badField("top_p above 1", { top_p: 1.1 }, "top_p"),
  badField("no choices", { n: 0 }, "n"),
  badField("too many choices", { n: 1000 }, "n"),
  badField("five stops", { stop: ["a", "b", "c", "d", "e"] }, "stop"),
  badField("a seed beyond integers", { seed: 1e300 }, "seed"),
  badField("stream: yes", { stream: "yes" }, "stream", "invalid_type"),
  badField("stream options without a stream", { stream_options: { include_usage: true } }, "stream_options"),
  badField(
    "an unknown format",
    { response_format: { type: "xml" } },
    "response_format.type",
    "unsupported_value",
  ),
  badField("a tool choice without tools", { tool_choice: "required" }, "tool_choice"),
  badField("functions of old", { functions: [{ name: "f" }] }, "functions", "unsupported_parameter"),
  {
    ...refused(404, "model_not_found", "an unknown model", { body: chatBody({ model: "gpt-99" }) }),
    param: "model",
  },
  {
    ...refused(404, "model_not_found", "another key's use case", {
      headers: { authorization: `Bearer ${KEYS.scoped}` },
      body: GOOD,
    }),
    param: "model",
  },
];

export const BAD_REQUESTS: readonly BadRequest[] = [...ENVELOPE, ...CONTRACT, ...BYTES, ...FIELDS];
