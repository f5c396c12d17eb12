/** What strangers send: each refused in the OpenAI shape, none reaches a provider, none harms the process. */
import { beforeAll, describe, expect, test } from "bun:test";
import { BAD_REQUESTS } from "./bad-input-cases.ts";
import { chatBody, expectRefusal, expectUnharmed, LIMIT, type RawRequest, rawRequest } from "./by-hand.ts";
import { endToEnd } from "./end-to-end.ts";
import {
  callsUpstream,
  chat,
  decisionOf,
  listDecisions,
  type RunningGateway,
  startGateway,
} from "./harness.ts";
import { INSTANT, testPolicy } from "./policies.ts";

endToEnd();

let gateway: RunningGateway;
const raw = (request: RawRequest) => rawRequest(gateway, request);

beforeAll(async () => {
  gateway = await startGateway({ policy: testPolicy(), scenario: INSTANT });
});

describe("each is a 4xx in the OpenAI shape", () => {
  let before: Readonly<Record<string, number>>;
  beforeAll(async () => {
    await (await chat(gateway, {})).text();
    before = await callsUpstream(gateway);
  });

  test.each(BAD_REQUESTS.map((one) => [one.name, one] as const))(
    "%s",
    async (_, { request, status, code, param }) => {
      const response = await raw(request);
      const named = expectRefusal(response, status, code);
      if (param !== undefined) expect(named).toBe(param);
      if (status === 405) expect(response.headers.allow).toMatch(/^(GET|POST)(, (GET|POST))*$/);
      if (status === 401) expect(response.headers["www-authenticate"]).toStartWith("Bearer");
      expect(response.headers["x-evil"]).toBeUndefined();
    },
  );

  test("and none of them reached a provider; the next good request is answered", () =>
    expectUnharmed(gateway, before));

  test("a refusal of a known caller is on record, without an attempt", async () => {
    const response = await chat(gateway, { temperature: -1 });
    expect(response.status).toBe(400);
    const decision = await decisionOf(gateway, response);
    expect(decision).toMatchObject({ outcome: "failed", status: 400, attempts: [], cost: 0 });
    expect(decision.fault).toEqual({ kind: "invalid", code: "invalid_value" });
    const page = await listDecisions(gateway, "outcome=failed&limit=500");
    const known = BAD_REQUESTS.filter(({ status }) => status !== 401 && status !== 405);
    expect(page.decisions.length).toBeGreaterThan(known.length / 2);
    for (const { attempts } of page.decisions) expect(attempts).toEqual([]);
  });

  test("the 404 of a model lists what the key may use", async () => {
    const response = await raw({ body: chatBody({ model: "suport-chat" }) });
    expect(response.body).toContain("support-chat");
    expect(response.body).toContain("bare-chat");
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
    const response = await raw({ headers: { "x-request-id": id }, body: chatBody() });
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
    const response = await raw({ body: chatBody({ temperature: "secret-value-7781" }) });
    expect(response.status).toBe(400);
    expect(response.body).not.toContain("secret-value-7781");
  });
});

describe("in the words of the caller's client", () => {
  test("a wrong method on an inference path is an error of that API", async () => {
    const messages = await raw({ method: "GET", path: "/v1/messages" });
    expect([messages.status, messages.headers.allow]).toEqual([405, "POST"]);
    expect(JSON.parse(messages.body)).toMatchObject({
      type: "error",
      error: { type: "invalid_request_error", code: "method_not_allowed" },
    });
    const converse = await raw({ method: "GET", path: "/model/support-chat/converse" });
    expect(converse.status).toBe(405);
    expect(converse.headers["x-amzn-errortype"]).toBeDefined();
  });

  test.each([
    [401, "authentication_error", "/v1/models", { authorization: null }],
    [401, "authentication_error", "/v1/files", { authorization: "Bearer bad" }],
    [404, "not_found_error", "/v1/models/nothing", {}],
    [404, "not_found_error", "/v1/batches/batch_x", {}],
    [400, "invalid_request_error", "/v1/files?limit=0", {}],
  ])("%d %s for %s", async (status, type, path, headers) => {
    const response = await raw({ method: "GET", path, headers });
    expect(response.status).toBe(status);
    expect(JSON.parse(response.body)).toMatchObject({ error: { type } });
    if (!path.startsWith("/v1/models")) return;
    const version = { ...headers, "anthropic-version": "2023-06-01" };
    const anthropic = await raw({ method: "GET", path, headers: version });
    expect(JSON.parse(anthropic.body)).toMatchObject({ type: "error", error: { type } });
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
    expect(JSON.parse(response.body)).toMatchObject({
      error: { code: expect.any(String), message: expect.any(String) },
    });
  });

  test.each([
    ["/admin/decisions", "before", "dec"],
    ["/admin/decisions", "after", "dec"],
    ["/admin/policy/history", "before", "act"],
    ["/admin/tickets", "before", "tkt"],
    ["/v1/batches", "after", "batch"],
    ["/v1/files", "after", "file"],
    ["/v1/jobs", "after", "job"],
  ])("%s takes no %s that is no cursor", async (path, name, prefix) => {
    const get = (cursor: string) => raw({ method: "GET", path: `${path}?${name}=${cursor}` });
    const good = `${prefix}_1m80yt3scrrjq2v9t0a`;
    for (const bad of [
      "x",
      "",

      good.slice(0, -1),
      good.toUpperCase(),
      `xx_${good.slice(-19)}`,
    ]) {
      const response = await get(bad);
      expect(expectRefusal(response, 400, "invalid_value")).toBe(name);
      expect(response.body).toContain(`${prefix}_`);
    }
    expect((await get(good)).status).toBe(200);
  });

  test("a follower of decisions may begin before every id, a reader backwards may not", async () => {
    const get = (query: string) => raw({ method: "GET", path: `/admin/decisions?${query}` });
    expect((await get("after=dec_&limit=1")).status).toBe(200);
    expectRefusal(await get("before=dec_"), 400, "invalid_value");
  });

  test.each(["/admin/decisions", "/admin/policy", "/admin/health", "/admin/policy/history"])(
    "%s needs a key",
    async (path) => {
      expectRefusal(
        await raw({ method: "GET", path, headers: { authorization: null } }),
        401,
        "missing_api_key",
      );
    },
  );

  test.each([
    ["no JSON", "{", "invalid_json"],
    ["no request", "{}", "invalid_value"],
    ["an unknown role", '{"request":{},"caller":{"role":"king"}}', "invalid_value"],
    ["an unknown field of the caller", '{"request":{},"caller":{"shoe":1}}', "invalid_value"],
    [
      "a request that no model would get",
      '{"request":{"model":"support-chat","messages":[]}}',
      "invalid_value",
    ],
    ["__proto__", '{"request":{"__proto__":{"model":"support-chat"}}}', "forbidden_key"],
    ["100,000 levels", `{"request":{"messages":${"[".repeat(1e5)}${"]".repeat(1e5)}}}`, "json_too_deep"],
  ])("explain with %s is a 400", async (_, body, code) => {
    expectRefusal(await raw({ path: "/admin/explain", body }), 400, code);
  });

  test("a field that does not exist is named", async () => {
    const response = await raw({ path: "/admin/explain", body: '{"request":{},"caller":{"shoe":1}}' });
    const { error } = JSON.parse(response?.body ?? "");
    expect(error).toMatchObject({
      param: "caller.shoe",
      message: 'There is no field "caller.shoe" here. Leave it out.',
    });
  });

  test("a body that is too large for inference is too large here", async () => {
    const response = await raw({ path: "/admin/explain", body: Buffer.alloc(LIMIT + 1, " ") });
    expectRefusal(response, 413, "body_too_large");
  });
});

test("all of this left no internal error in the log", () => {
  expect(gateway.errors()).not.toContain("internal_error");
});
