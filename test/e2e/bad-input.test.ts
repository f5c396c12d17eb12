/** What strangers send: each refused in the OpenAI shape, none reaches a provider, none harms the process. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { seededRandom } from "../../src/core/clock.ts";
import { admin, callsUpstream, chat, decisionOf, KEY, pointsman, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, KEYS, testPolicy } from "./policies.ts";
import { open, type RawResponse, receive, sendRaw } from "./raw-http.ts";

const PATH = "/v1/chat/completions";
const MESSAGES = [{ role: "user", content: "Hi" }];
const MEBIBYTE = 1024 * 1024;
const LIMIT = 20 * MEBIBYTE;

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({ policy: testPolicy(), scenario: INSTANT });
});
afterAll(() => gateway.stop());

interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  /** Null leaves a default header out. */
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly body?: string | Uint8Array;
}

/** One request by hand; `content-length` is computed unless stated. */
async function raw({ method = "POST", path = PATH, headers = {}, body = "" }: RawRequest): Promise<RawResponse> {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const all: Record<string, string | null> = {
    host: "localhost",
    authorization: `Bearer ${KEY}`,
    "content-type": "application/json",
    "content-length": String(bytes.byteLength),
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  const head = `${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
  const response = await sendRaw(gateway.url, [head, bytes]);
  if (response === null) throw new Error("The connection closed without a response.");
  return response;
}

function json(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ model: "support-chat", messages: MESSAGES, ...fields });
}

/** `{error:{message,type,param,code}, request_id}` with the request id in the header too. */
function expectRefusal(response: RawResponse, status: number, code: string): void {
  expect(response.status).toBe(status);
  expect(response.headers["content-type"]).toStartWith("application/json");
  const body = JSON.parse(response.body) as { error: Record<string, unknown>; request_id: string };
  expect(Object.keys(body.error).sort()).toEqual(["code", "message", "param", "type"]);
  expect(body.error.code).toBe(code);
  expect(String(body.error.message).length).toBeGreaterThan(10);
  expect(typeof body.error.type).toBe("string");
  expect(body.request_id.length).toBeGreaterThan(0);
  expect(response.headers["x-request-id"]).toBe(body.request_id);
}

/** A good request is answered, and nothing else has reached a provider since `before`. */
async function expectUnharmed(before: Readonly<Record<string, number>>): Promise<void> {
  expect(await callsUpstream(gateway)).toEqual(before);
  const response = await chat(gateway, {});
  expect(response.status).toBe(200);
  await response.text();
}

interface Case extends RawRequest {
  readonly name: string;
  readonly status: number;
  readonly code: string;
  readonly param?: string;
}

const nested = (depth: number) => `{"model":"support-chat","messages":${'[{"a":'.repeat(depth / 2)}1${"}]".repeat(depth / 2)}}`;
const invalid = (name: string, fields: Record<string, unknown>, param: string, code = "invalid_value"): Case => ({
  name,
  body: json(fields),
  status: 400,
  code,
  param,
});

const CASES: readonly Case[] = [
  // The envelope.
  { name: "no key", headers: { authorization: null }, body: json({}), status: 401, code: "missing_api_key" },
  { name: "an unknown key", headers: { authorization: "Bearer pm_nope" }, body: json({}), status: 401, code: "invalid_api_key" },
  { name: "a key of 3,000 characters", headers: { authorization: `Bearer ${"k".repeat(3000)}` }, body: json({}), status: 401, code: "invalid_api_key" },
  { name: "another scheme", headers: { authorization: "Basic dXNlcjpwYXNz" }, body: json({}), status: 401, code: "missing_api_key" },
  { name: "a header of 20 KB", headers: { "x-long": "x".repeat(20_000) }, body: json({}), status: 400, code: "header_too_long" },
  { name: "an unknown path", path: "/v1/chat/completion", body: json({}), status: 404, code: "unknown_path" },
  { name: "a path with an encoded traversal", path: "/v1/..%2f..%2fetc/passwd", method: "GET", status: 404, code: "unknown_path" },
  { name: "GET where POST is wanted", method: "GET", status: 405, code: "method_not_allowed" },
  { name: "PUT", method: "PUT", body: json({}), status: 405, code: "method_not_allowed" },
  { name: "DELETE", method: "DELETE", status: 405, code: "method_not_allowed" },
  { name: "POST where GET is wanted", path: "/v1/models", body: "{}", status: 405, code: "method_not_allowed" },

  // The contract's headers.
  { name: "an unknown x-pointsman header", headers: { "x-pointsman-tasktype": "chat" }, body: json({}), status: 400, code: "invalid_header", param: "x-pointsman-tasktype" },
  { name: "an unknown task type", headers: { "x-pointsman-task-type": "poetry" }, body: json({}), status: 400, code: "invalid_header" },
  { name: "an unknown latency tier", headers: { "x-pointsman-latency-tier": "now" }, body: json({}), status: 400, code: "invalid_header" },
  { name: "an unknown safety level", headers: { "x-pointsman-safety-level": "none" }, body: json({}), status: 400, code: "invalid_header" },
  { name: "a negative context window", headers: { "x-pointsman-context-window": "-1" }, body: json({}), status: 400, code: "invalid_header" },
  { name: "a context window in exponents", headers: { "x-pointsman-context-window": "1e9" }, body: json({}), status: 400, code: "invalid_header" },
  { name: "strict: maybe", headers: { "x-pointsman-strict": "maybe" }, body: json({}), status: 400, code: "invalid_header" },
  invalid("unknown contract metadata", { metadata: { pointsman_task: "chat" } }, "metadata", "unknown_field"),
  invalid("wrong contract metadata", { metadata: { pointsman_task_type: "poetry" } }, "metadata.pointsman_task_type"),

  // Bytes and JSON.
  { name: "an empty body", body: "", status: 400, code: "invalid_json" },
  { name: "half a body", body: '{"model":"support-chat","mess', status: 400, code: "invalid_json" },
  { name: "invalid UTF-8", body: Buffer.concat([Buffer.from('{"model":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]), status: 400, code: "invalid_utf8" },
  { name: "a JSON array", body: "[]", status: 400, code: "invalid_type" },
  { name: "null", body: "null", status: 400, code: "invalid_type" },
  { name: "a JSON string", body: '"hello"', status: 400, code: "invalid_type" },
  { name: "200 levels", body: nested(200), status: 400, code: "json_too_deep" },
  { name: "100,000 levels", body: nested(100_000), status: 400, code: "json_too_deep" },
  { name: "__proto__", body: `{"model":"support-chat","messages":[],"__proto__":{"stream":true}}`, status: 400, code: "forbidden_key" },
  { name: "__proto__ in a tool's schema", body: `{"model":"support-chat","messages":[],"tools":[{"a":{"__proto__":1}}]}`, status: 400, code: "forbidden_key" },
  { name: "1e999", body: `{"model":"support-chat","messages":[],"temperature":1e999}`, status: 400, code: "invalid_number" },
  { name: "-1e999 deep inside", body: `{"model":"support-chat","messages":[],"x":[{"y":-1e999}]}`, status: 400, code: "invalid_number" },
  { name: "NaN", body: `{"model":"support-chat","temperature":NaN}`, status: 400, code: "invalid_json" },
  { name: "not gzip, though it says so", headers: { "content-encoding": "gzip" }, body: json({}), status: 400, code: "bad_gzip" },
  { name: "half a gzip", headers: { "content-encoding": "gzip" }, body: gzipSync(json({})).subarray(0, 30), status: 400, code: "bad_gzip" },
  { name: "an unknown encoding", headers: { "content-encoding": "br" }, body: json({}), status: 400, code: "unsupported_encoding" },

  // Fields.
  invalid("no model", { model: undefined }, "model", "missing_field"),
  invalid("an empty model", { model: "" }, "model"),
  invalid("a model of 1,000 characters", { model: "m".repeat(1000) }, "model"),
  invalid("a model that would break a header", { model: "a\r\nx-evil: 1" }, "model"),
  invalid("a model with a null byte", { model: "support\u0000chat" }, "model"),
  invalid("a number for a model", { model: 5 }, "model", "invalid_type"),
  invalid("no messages", { messages: undefined }, "messages", "missing_field"),
  invalid("an empty list of messages", { messages: [] }, "messages"),
  invalid("messages that are text", { messages: "Hi" }, "messages", "invalid_type"),
  invalid("an unknown role", { messages: [{ role: "robot", content: "Hi" }] }, "messages[0].role", "unsupported_value"),
  invalid("a number for content", { messages: [{ role: "user", content: 5 }] }, "messages[0].content", "invalid_type"),
  invalid("a negative max_tokens", { max_tokens: -1 }, "max_tokens"),
  invalid("max_tokens of nothing", { max_completion_tokens: 0 }, "max_completion_tokens"),
  invalid("half a token", { max_tokens: 1.5 }, "max_tokens", "invalid_type"),
  invalid("a negative temperature", { temperature: -0.1 }, "temperature"),
  invalid("a hot temperature", { temperature: 2.1 }, "temperature"),
  invalid("a temperature in words", { temperature: "hot" }, "temperature", "invalid_type"),
  invalid("top_p above 1", { top_p: 1.1 }, "top_p"),
  invalid("no choices", { n: 0 }, "n"),
  invalid("too many choices", { n: 1000 }, "n"),
  invalid("five stops", { stop: ["a", "b", "c", "d", "e"] }, "stop"),
  invalid("a seed beyond integers", { seed: 1e300 }, "seed"),
  invalid("stream: yes", { stream: "yes" }, "stream", "invalid_type"),
  invalid("stream options without a stream", { stream_options: { include_usage: true } }, "stream_options"),
  invalid("an unknown response format", { response_format: { type: "xml" } }, "response_format.type", "unsupported_value"),
  invalid("a tool choice without tools", { tool_choice: "required" }, "tool_choice"),
  invalid("functions of old", { functions: [{ name: "f" }] }, "functions", "unsupported_parameter"),
  { name: "an unknown model", body: json({ model: "gpt-99" }), status: 404, code: "model_not_found", param: "model" },
  { name: "another's use case", headers: { authorization: `Bearer ${KEYS.scoped}` }, body: json({}), status: 404, code: "model_not_found", param: "model" },
];

describe("each is a 4xx in the OpenAI shape", () => {
  let before: Readonly<Record<string, number>>;
  beforeAll(async () => {
    await (await chat(gateway, {})).text();
    before = await callsUpstream(gateway);
  });

  test.each(CASES.map((one) => [one.name, one] as const))("%s", async (_, { status, code, param, ...request }) => {
    const response = await raw(request);
    expectRefusal(response, status, code);
    const { error } = JSON.parse(response.body) as { error: { param: string | null } };
    if (param !== undefined) expect(error.param).toBe(param);
    if (status === 405) expect(response.headers.allow).toMatch(/^(GET|POST)(, (GET|POST))*$/);
    if (status === 401) expect(response.headers["www-authenticate"]).toStartWith("Bearer");
    expect(response.headers["x-evil"]).toBeUndefined();
  });

  test("and none of them reached a provider; the next good request is answered", () => expectUnharmed(before));

  test("a refusal of a known caller is on record, without an attempt", async () => {
    const response = await chat(gateway, { temperature: -1 });
    expect(response.status).toBe(400);
    const decision = await decisionOf(gateway, response);
    expect(decision).toMatchObject({ outcome: "failed", status: 400, attempts: [], cost: 0 });
    expect(decision.fault).toEqual({ kind: "invalid", code: "invalid_value" });
  });

  test("the 404 of a model lists what the key may use", async () => {
    const response = await raw({ body: json({ model: "suport-chat" }) });
    expect(response.body).toContain("support-chat");
    expect(response.body).toContain("bare-chat");
  });
});

describe("bodies that are too large", () => {
  let before: Readonly<Record<string, number>>;
  beforeAll(async () => {
    before = await callsUpstream(gateway);
  });

  test("by Content-Length: refused before the body is sent", async () => {
    const response = await raw({ headers: { "content-length": String(LIMIT + 1) }, body: '{"model":' });
    expectRefusal(response, 413, "body_too_large");
  });

  test.each(["41", "100000", "99999999"])("by a Content-Length of %s MiB", async (mebibytes) => {
    const length = String(Number(mebibytes) * MEBIBYTE);
    const response = await raw({ headers: { "content-length": length }, body: '{"model":' });
    expectRefusal(response, 413, "body_too_large");
  });

  test("sent in full with its true length", async () => {
    const response = await raw({ body: Buffer.alloc(LIMIT + 1, " ") });
    expectRefusal(response, 413, "body_too_large");
  });

  test("in chunks, without a length", async () => {
    const piece = Buffer.alloc(MEBIBYTE, " ");
    const chunk = Buffer.concat([Buffer.from(`${MEBIBYTE.toString(16)}\r\n`), piece, Buffer.from("\r\n")]);
    const head = `POST ${PATH} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${KEY}\r\ntransfer-encoding: chunked\r\n\r\n`;
    const response = await sendRaw(gateway.url, [head, ...Array<Buffer>(22).fill(chunk), "0\r\n\r\n"]);
    expectRefusal(response ?? { status: 0, headers: {}, body: "{}" }, 413, "body_too_large");
  });

  test("a gzip bomb is refused at the limit", async () => {
    const bomb = gzipSync(Buffer.alloc(200 * MEBIBYTE, 0x20));
    expect(bomb.byteLength).toBeLessThan(MEBIBYTE);
    const memory = await residentBytes();
    const response = await raw({ headers: { "content-encoding": "gzip" }, body: bomb });
    expectRefusal(response, 413, "body_too_large");
    expect((await residentBytes()) - memory).toBeLessThan(100 * MEBIBYTE);
  });

  test("just under the limit it is read and understood", async () => {
    const padding = " ".repeat(LIMIT - 100);
    const response = await raw({ body: `{"model":"gpt-99","messages":[{"role":"user","content":"Hi"}]}${padding}` });
    expectRefusal(response, 404, "model_not_found");
  });

  test("nothing of it reached a provider", () => expectUnharmed(before));
});

async function residentBytes(): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\d+)/m.exec(text)?.[1]);
}

describe("what is good passes", () => {
  test("a gzip body", async () => {
    const response = await raw({ headers: { "content-encoding": "gzip" }, body: gzipSync(json({})) });
    expect(response.status).toBe(200);
  });

  test("a chunked body", async () => {
    const body = json({});
    const head = `POST ${PATH} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${KEY}\r\ntransfer-encoding: chunked\r\n\r\n`;
    const chunks = [...body].map((character) => `1\r\n${character}\r\n`);
    const response = await sendRaw(gateway.url, [head, ...chunks, "0\r\n\r\n"]);
    expect(response?.status).toBe(200);
  });

  test("a key in x-api-key", async () => {
    const response = await raw({ headers: { authorization: null, "x-api-key": KEY }, body: json({}) });
    expect(response.status).toBe(200);
  });

  test("a query string on the path", async () => {
    expect((await raw({ path: `${PATH}?api-version=2024-10-21`, body: json({}) })).status).toBe(200);
  });

  test("unknown fields and lone surrogates", async () => {
    const body = `{"model":"support-chat","x_unknown":{"deep":[1,2]},"messages":[{"role":"user","content":"\\ud800 half"}]}`;
    expect((await raw({ body })).status).toBe(200);
  });
});

describe("values that end up in headers", () => {
  test("a caller's plain request id is kept, in the header and in the record", async () => {
    const response = await chat(gateway, {}, { headers: { "x-request-id": "trace:abc-1.2_3" } });
    expect(response.headers.get("x-request-id")).toBe("trace:abc-1.2_3");
    expect((await decisionOf(gateway, response)).requestId).toBe("trace:abc-1.2_3");
  });

  test.each([
    ["spaces", "a b"],
    ["a semicolon", "a;b"],
    ["quotes", '"><script>'],
    ["bytes above ASCII", "caf\u00e9"],
    ["200 characters", "r".repeat(200)],
    ["an escape", "\u001b[31mred"],
  ])("an odd request id with %s is replaced", async (_, id) => {
    const response = await raw({ headers: { "x-request-id": id }, body: json({}) });
    // Control characters may be refused by the HTTP parser itself.
    expect([200, 400]).toContain(response.status);
    if (response.status === 200) expect(response.headers["x-request-id"]).toMatch(/^req_[0-9a-z]{19}$/);
    expect(response.body).not.toContain(id);
  });

  test("a bad traceparent is replaced by a good one", async () => {
    const response = await chat(gateway, {}, { headers: { traceparent: "00-zz-zz-01" } });
    expect((await decisionOf(gateway, response)).traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  test("an error never repeats what was sent as a value", async () => {
    const response = await raw({ body: json({ temperature: "secret-value-7781" }) });
    expect(response.status).toBe(400);
    expect(response.body).not.toContain("secret-value-7781");
  });
});

describe("what is hardly HTTP", () => {
  const fragments: [string, string][] = [
    ["no HTTP at all", "HELO example.com\r\n\r\n"],
    ["binary", "\u0000\u0001\u0002\u0003\r\n\r\n"],
    ["no version", "GET /healthz\r\n\r\n"],
    ["a header without a colon", "GET /healthz HTTP/1.1\r\nhost localhost\r\n\r\n"],
    ["a negative length", `POST ${PATH} HTTP/1.1\r\nhost: a\r\ncontent-length: -5\r\n\r\n`],
    ["two lengths", `POST ${PATH} HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello`],
    ["a bad chunk size", `POST ${PATH} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n`],
    ["a header of 200 KB", `GET /healthz HTTP/1.1\r\nhost: a\r\nx-long: ${"x".repeat(200_000)}\r\n\r\n`],
  ];
  test.each(fragments)("%s: refused or closed, and life goes on", async (_, text) => {
    const socket = await open(gateway.url);
    const response = receive(socket);
    socket.write(text);
    socket.end();
    const found = await response;
    if (found !== null) {
      // 505: the version of HTTP is not supported.
      expect(found.status === 505 || (found.status >= 400 && found.status < 500)).toBe(true);
    }
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  });

  test("half a body and then silence from a caller who left", async () => {
    const before = await callsUpstream(gateway);
    const socket = await open(gateway.url);
    socket.on("error", () => {});
    socket.write(`POST ${PATH} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${KEY}\r\ncontent-length: 1000\r\n\r\n{"model":`);
    await Bun.sleep(50);
    socket.destroy();
    await expectUnharmed(before);
  });
});

describe("the control interface", () => {
  test.each([
    ["/admin/decisions?limit=0", 400],
    ["/admin/decisions?limit=many", 400],
    ["/admin/decisions?limit=501", 400],
    ["/admin/decisions?before=a&after=b", 400],
    ["/admin/decisions?outcome=happy", 400],
    ["/admin/decisions/dec_nothing", 404],
    ["/admin/nothing", 404],
  ])("%s is %p", async (path, status) => {
    const response = await raw({ method: "GET", path });
    expect(response.status).toBe(status);
    expect(JSON.parse(response.body)).toMatchObject({ error: { code: expect.any(String), message: expect.any(String) } });
  });

  test.each(["/admin/decisions", "/admin/policy", "/admin/health", "/admin/policy/history"])("%s needs a key", async (path) => {
    expectRefusal(await raw({ method: "GET", path, headers: { authorization: null } }), 401, "missing_api_key");
  });

  test.each([
    ["no JSON", "{", "invalid_json"],
    ["no request", "{}", "invalid_value"],
    ["an unknown role", '{"request":{},"caller":{"role":"king"}}', "invalid_value"],
    ["an unknown field of the caller", '{"request":{},"caller":{"shoe":1}}', "invalid_value"],
    ["a request that no model would get", '{"request":{"model":"support-chat","messages":[]}}', "invalid_value"],
    ["__proto__", '{"request":{"__proto__":{"model":"support-chat"}}}', "forbidden_key"],
    ["100,000 levels", `{"request":{"messages":${"[".repeat(1e5)}${"]".repeat(1e5)}}}`, "json_too_deep"],
  ])("explain with %s is a 400", async (_, body, code) => {
    expectRefusal(await raw({ path: "/admin/explain", body }), 400, code);
  });

  test("a body that is too large for inference is too large here", async () => {
    const response = await raw({ path: "/admin/explain", body: Buffer.alloc(LIMIT + 1, " ") });
    expectRefusal(response, 413, "body_too_large");
  });
});

describe("mutated bodies", () => {
  const SEED = 20_261_120;
  const base = {
    model: "support-chat",
    messages: [
      { role: "system", content: "Be kind." },
      { role: "user", content: [{ type: "text", text: "Hi" }, { type: "image_url", image_url: { url: "https://example.com/a.png" } }] },
      { role: "assistant", content: null, tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" } }] },
      { role: "tool", tool_call_id: "c1", content: "ok" },
    ],
    tools: [{ type: "function", function: { name: "f", description: "d", parameters: { type: "object", properties: {} } } }],
    tool_choice: "auto",
    temperature: 1,
    top_p: 1,
    n: 1,
    max_tokens: 8,
    stop: ["x"],
    seed: 1,
    stream: false,
    logprobs: true,
    top_logprobs: 2,
    response_format: { type: "text" },
    metadata: { team: "a" },
    user: "u",
  };
  const odd: readonly unknown[] = [
    null, true, -1, 0, 1.5, 2 ** 53, -(2 ** 31), "", "\u0000", "💥", "a".repeat(5000), [], {}, [[]], [null], { type: "text" },
    { constructor: 1 }, { toString: "x" }, [{}], { length: -1 }, "constructor", "__proto__", "hasOwnProperty",
  ];

  test("300 of them are answered or refused, never a 5xx, never a silence", async () => {
    const random = seededRandom(SEED);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const mutate = (value: unknown, depth: number): unknown => {
      if (random() < 0.15 || depth === 0 || typeof value !== "object" || value === null) return pick(odd);
      if (Array.isArray(value)) {
        const at = Math.floor(random() * (value.length + 1));
        return random() < 0.3 ? [...value, pick(odd)] : value.map((one, i) => (i === at ? mutate(one, depth - 1) : one));
      }
      const entries = Object.entries(value);
      const [key = "extra"] = pick(entries) ?? [];
      if (random() < 0.15) return Object.fromEntries(entries.filter(([name]) => name !== key));
      if (random() < 0.15) return { ...value, [pick(["extra", "constructor", "toString", "pointsman_x"])]: pick(odd) };
      return Object.fromEntries(entries.map(([name, one]) => [name, name === key ? mutate(one, depth - 1) : one]));
    };
    const spoil = (text: string): string => {
      const at = Math.floor(random() * text.length);
      return random() < 0.5 ? text.slice(0, at) + text.slice(at + 1) : text.slice(0, at) + pick(["\u0000", "{", '"', "\\", "9e99", "]"]) + text.slice(at);
    };
    const statuses = new Map<number, number>();
    const bad: string[] = [];
    for (let i = 0; i < 300; i++) {
      let value: unknown = base;
      for (let times = 1 + Math.floor(random() * 3); times > 0; times--) value = mutate(value, 4);
      const text = JSON.stringify(value) ?? "null";
      const body = random() < 0.2 ? spoil(text) : text;
      const response = await fetch(`${gateway.url}${PATH}`, {
        method: "POST",
        headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
        body,
        signal: AbortSignal.timeout(10_000),
      });
      const answer = await response.text();
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      if (response.status >= 500 || (response.status >= 400 && !answer.includes('"code"'))) {
        bad.push(`${response.status} for ${body.slice(0, 300)}: ${answer.slice(0, 200)}`);
      }
    }
    expect(bad).toEqual([]);
    // The mutations are neither all harmless nor all fatal.
    expect(statuses.get(200) ?? 0).toBeGreaterThan(10);
    expect(statuses.get(400) ?? 0).toBeGreaterThan(100);
  }, 60_000);
});

test("all of this left no internal error in the log, and nothing in memory but the gateway", async () => {
  expect(gateway.errors()).not.toContain("internal_error");
  expect(await admin(gateway, "/admin/policy")).toMatchObject({ refused: null });
  const health = await pointsman(["health", "--url", gateway.url, "--api-key", KEY, "--json"]);
  expect(health).toMatchObject({ code: 0, stderr: "" });
});
