/** What the official OpenAI SDK raises, and how often it calls when it should not call again. */
import { beforeAll, expect, test } from "bun:test";
import OpenAI, {
  APIError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from "openai";
import { endToEnd } from "./end-to-end.ts";
import {
  clearFaults,
  decisionOf,
  inject,
  KEY,
  listDecisions,
  type RunningGateway,
  startGateway,
} from "./harness.ts";
import { INSTANT, KEYS, testPolicy } from "./policies.ts";

endToEnd();

type Params = OpenAI.ChatCompletionCreateParamsNonStreaming;

let gateway: RunningGateway;
let client: OpenAI;

beforeAll(async () => {
  gateway = await startGateway({ policy: testPolicy(), scenario: INSTANT });
  client = clientWith(KEY);
});

function clientWith(apiKey: string, options: ConstructorParameters<typeof OpenAI>[0] = {}): OpenAI {
  return new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0, ...options });
}

function ask(text: string, more: Partial<Params> = {}): Params {
  return { model: "support-chat", messages: [{ role: "user", content: text }], ...more };
}

/** What a call rejects with; fails when it resolves. */
async function errorOf(call: Promise<unknown>): Promise<APIError> {
  try {
    await call;
  } catch (thrown) {
    if (thrown instanceof APIError) return thrown;
    throw thrown;
  }
  throw new Error("The call succeeded.");
}

test("an unknown key is an AuthenticationError with a request id", async () => {
  const error = await errorOf(clientWith("pm_nobody").chat.completions.create(ask("Hi")));
  expect(error).toBeInstanceOf(AuthenticationError);
  expect(error).toMatchObject({
    status: 401,
    code: "invalid_api_key",
    requestID: expect.stringMatching(/^req_/),
  });
});

test("an unknown model is a NotFoundError that lists what the key may use", async () => {
  const error = await errorOf(client.chat.completions.create(ask("Hi", { model: "suport-chat" })));
  expect(error).toBeInstanceOf(NotFoundError);
  expect(error).toMatchObject({ status: 404, code: "model_not_found", param: "model" });
  for (const name of ["bare-chat", "extraction", 'Did you mean "support-chat"'])
    expect(error.message).toContain(name);
  const scoped = await errorOf(clientWith(KEYS.scoped).chat.completions.create(ask("Hi")));
  expect(scoped).toBeInstanceOf(NotFoundError);
  expect(scoped.message).toContain("bare-chat");
  expect(scoped.message).not.toContain("extraction");
});

test("a wrong field is a BadRequestError that names it", async () => {
  const error = await errorOf(client.chat.completions.create(ask("Hi", { temperature: 9 })));
  expect(error).toBeInstanceOf(BadRequestError);
  expect(error).toMatchObject({
    status: 400,
    code: "invalid_value",
    param: "temperature",
    type: "invalid_request_error",
  });
  expect(error.requestID).toMatch(/^req_/);
});

test("past its limit a key gets a RateLimitError that says when to return", async () => {
  const limited = clientWith(KEYS.limited);
  await limited.chat.completions.create(ask("One"));
  await limited.chat.completions.create(ask("Two"));
  const error = await errorOf(limited.chat.completions.create(ask("Three")));
  expect(error).toBeInstanceOf(RateLimitError);
  expect(error).toMatchObject({ status: 429, code: "rate_limited", type: "rate_limit_error" });
  const seconds = Number(error.headers?.get("retry-after"));
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(30);
});

test("a key without the role is a PermissionDeniedError", async () => {
  const control = clientWith(KEYS.scoped, { baseURL: gateway.url });
  const error = await errorOf(control.get("/admin/decisions"));
  expect(error).toBeInstanceOf(PermissionDeniedError);
  expect(error).toMatchObject({ status: 403, code: "role_required" });
});

test("an SDK that retries calls once when the ladder has given up", async () => {
  await inject(gateway, { fault: { status: 503 } });
  let calls = 0;
  const eager = clientWith(KEY, {
    maxRetries: 2,
    fetch: (url, init) => {
      calls++;
      return fetch(url, init);
    },
  });
  const requestId = "retries-once";
  const error = await errorOf(
    eager.chat.completions.create(ask("Hi", { model: "bare-chat" }), {
      headers: { "x-request-id": requestId },
    }),
  );
  await clearFaults(gateway);
  expect(error).toMatchObject({
    status: 503,
    code: "all_attempts_failed",
    type: "server_error",
    requestID: requestId,
  });
  expect(calls).toBe(1);
  // Once a later request's record is readable, those of earlier ones are.
  const later = await clientWith(KEY).chat.completions.create(ask("Later")).withResponse();
  await decisionOf(gateway, later.response);
  const page = await listDecisions(gateway, "limit=100");
  expect(page.decisions.filter((decision) => decision.requestId === requestId)).toHaveLength(1);
});
