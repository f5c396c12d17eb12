/** The official OpenAI SDK for Python, unmodified, against a running gateway. */
import { beforeAll, expect, test } from "bun:test";
import { endToEnd } from "./end-to-end.ts";
import { eventually, KEY, listDecisions, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, KEYS, testPolicy } from "./policies.ts";
import { expectPython, pythonMissing, runPython } from "./python-environment.ts";

endToEnd();

interface SeenError {
  readonly class: string | null;
  readonly message: string;
  readonly retry_after: string | null;
}

interface Seen {
  readonly plain: {
    readonly headers: Record<string, string>;
    readonly request_id: string;
    readonly content: string;
  };
  readonly stream: { readonly content: string; readonly helper: string };
  readonly tools: { readonly answer: string };
  readonly schema: unknown;
  readonly models: readonly string[];
  readonly errors: Readonly<
    Record<"unauthenticated" | "unknown_model" | "bad_request" | "rate_limited", SeenError>
  >;
  readonly exhausted: SeenError;
  readonly broken_stream: unknown;
}

let gateway: RunningGateway;
let seen: Seen;

beforeAll(async () => {
  if (pythonMissing) return;
  gateway = await startGateway({ policy: testPolicy(), scenario: INSTANT });
  seen = await runPython<Seen>("openai_sdk.py", {
    POINTSMAN_URL: gateway.url,
    SIMULATOR_URL: gateway.simulatorUrl ?? "",
    POINTSMAN_KEY: KEY,
    POINTSMAN_LIMITED_KEY: KEYS.limited,
  });
});

expectPython();

const check = test.skipIf(pythonMissing);

check("a plain answer, with the raw headers of its decision", () => {
  expect(seen.plain).toMatchObject({
    content: expect.stringContaining("Where is my parcel?"),
    finish: "stop",
    total: 0,
  });
  expect(seen.plain.headers).toMatchObject({
    "x-request-id": seen.plain.request_id,
    "x-pointsman-use-case": "support-chat",
    "x-pointsman-rung": "primary",
    "x-pointsman-model": "atlas",
    "x-pointsman-region": "us-east-1",
    "x-pointsman-attempts": "1",
    "x-pointsman-simulated": "true",
  });
});

check("a stream, by hand and by the helper, is the same answer", () => {
  expect(seen.stream).toMatchObject({
    content: seen.plain.content,
    helper: seen.plain.content,
    finishes: ["stop"],
  });
  expect(seen.stream).toMatchObject({ completion_tokens: expect.any(Number) });
});

check("tools: two calls, then an answer from their results", () => {
  expect(seen.tools).toMatchObject({
    finish: "tool_calls",
    calls: [
      ["get_weather", ["city"]],
      ["get_time", ["city"]],
    ],
  });
  for (const result of ["result 0", "result 1"]) expect(seen.tools.answer).toContain(result);
});

check("a pydantic model is parsed", () => {
  expect(seen.schema).toEqual({ is_invoice: true });
});

check("models.list", () => {
  for (const name of ["support-chat", "gpt-4o", "extraction"]) expect(seen.models).toContain(name);
});

check("errors have the right class, code and request id", () => {
  const {
    unauthenticated,
    unknown_model: unknownModel,
    bad_request: badRequest,
    rate_limited: rateLimited,
  } = seen.errors;
  const id = expect.stringMatching(/^req_/);
  expect(unauthenticated).toMatchObject({
    class: "AuthenticationError",
    status: 401,
    code: "invalid_api_key",
    request_id: id,
  });
  expect(unknownModel).toMatchObject({
    class: "NotFoundError",
    status: 404,
    code: "model_not_found",
    param: "model",
    request_id: id,
  });
  expect(unknownModel.message).toContain("support-chat");
  expect(badRequest).toMatchObject({
    class: "BadRequestError",
    status: 400,
    code: "invalid_value",
    param: "temperature",
    type: "invalid_request_error",
  });
  expect(rateLimited).toMatchObject({ class: "RateLimitError", status: 429, code: "rate_limited" });
  expect(Number(rateLimited.retry_after)).toBeGreaterThan(0);
});

check("a stream that breaks raises, without a finish reason", () => {
  expect(seen.broken_stream).toEqual({ had_text: true, finishes: [], raised: "APIError" });
});

check("an SDK that retries calls once when the ladder has given up", async () => {
  expect(seen.exhausted).toMatchObject({
    class: "InternalServerError",
    status: 503,
    code: "all_attempts_failed",
    request_id: "python-retries",
  });
  const rows = await eventually(async () => {
    const page = await listDecisions(gateway, "limit=100");
    const found = page.decisions.filter((decision) => decision.requestId === "python-retries");
    return found.length > 0 ? found : null;
  });
  expect(rows).toHaveLength(1);
});
