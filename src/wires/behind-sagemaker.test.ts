import { describe, expect, test } from "bun:test";
import { behindSagemaker } from "./behind-sagemaker.ts";
import { openaiChat } from "./openai-chat.ts";
import { openaiEmbeddings } from "./openai-embeddings.ts";

const chat = behindSagemaker(openaiChat);
const HEADERS = { "x-amzn-requestid": "7f2c" };

function read(status: number, name: string, body: unknown, headers: Record<string, string> = {}) {
  const stated = name === "" ? {} : { "x-amzn-errortype": name };
  return chat.readError(status, new Headers({ ...HEADERS, ...stated, ...headers }), body, 0);
}

/** What the container answered, as SageMaker passes it on. */
function model(OriginalStatusCode: number, OriginalMessage: string, more: Record<string, unknown> = {}) {
  const Message = `Received an error (${OriginalStatusCode}) from primary with message "${OriginalMessage}".`;
  return read(424, "ModelError", {
    Message,
    OriginalMessage,
    OriginalStatusCode,
    LogStreamArn: "x",
    ...more,
  });
}

const VLLM_OVERFLOW = JSON.stringify({
  object: "error",
  message: "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens",
  type: "BadRequestError",
  code: 400,
});
const TIMED_OUT = "Your invocation timed out while waiting for a response from container primary.";

describe("what the container said is read as its own wire reads it", () => {
  test.each<[number, string, string]>([
    [500, "CUDA out of memory", "provider_error"],
    [503, "overloaded", "provider_overloaded"],
    [507, "insufficient memory", "provider_error"],
    [429, "Model is overloaded", "provider_throttled"],
    [400, VLLM_OVERFLOW, "context_length_exceeded"],
    [400, VLLM_OVERFLOW.slice(0, -20), "context_length_exceeded"],
    [400, '{"error":{"message":"temperature must be positive"}}', "provider_rejected_request"],
    [
      404,
      '{"object":"error","message":"The model `x` does not exist.","code":404}',
      "provider_model_not_found",
    ],
  ])("%i %s is %s", (status, said, code) => {
    expect(model(status, said)).toMatchObject({ code, cause: { status, providerRequestId: "7f2c" } });
  });

  test("with the words and the field that it gave", () => {
    const said = '{"error":{"message":"too small","code":"bad_value","param":"max_tokens"}}';
    expect(model(400, said)).toMatchObject({
      param: "max_tokens",
      cause: { code: "bad_value", detail: "too small" },
    });
    expect(model(500, "CUDA out of memory").cause).toMatchObject({
      code: "ModelError",
      detail: "CUDA out of memory",
    });
  });

  test("a container that did not answer in time, or not at all", () => {
    expect(model(0, TIMED_OUT)).toMatchObject({ kind: "timeout", cause: { status: 424 } });
    const named = model(500, "x", { ErrorCode: "MODEL_INVOCATION_TIMEOUT" });
    expect(named).toMatchObject({ kind: "timeout", cause: { code: "MODEL_INVOCATION_TIMEOUT" } });
    expect(model(0, "The container closed the connection")).toMatchObject({
      kind: "outage",
      cause: { status: 424, code: "ModelError", detail: "The container closed the connection" },
    });
    for (const body of [{}, "<html>", null, { OriginalStatusCode: "500", Message: 7 }]) {
      expect(read(424, "ModelError", body).code).toBe("provider_error");
    }
  });

  test("it is known by its fields where a proxy took the header", () => {
    const body = { OriginalStatusCode: 503, OriginalMessage: "overloaded" };
    expect(read(424, "", body).code).toBe("provider_overloaded");
  });
});

describe("what SageMaker itself said", () => {
  test.each<[number, string, string, string]>([
    [400, "ThrottlingException", "Rate exceeded", "provider_throttled"],
    [400, "AccessDeniedException", "User: x is not authorized", "provider_credentials_refused"],
    [403, "ExpiredTokenException", "The token is expired", "provider_credentials_refused"],
    [429, "ModelNotReadyException", "Model not ready", "provider_overloaded"],
    [503, "ServiceUnavailable", "Try again", "provider_overloaded"],
    [500, "InternalFailure", "No.", "provider_error"],
    [530, "InternalDependencyException", "No.", "provider_error"],
    [400, "ValidationError", "Endpoint llama of account 123 not found.", "provider_model_not_found"],
    [
      400,
      "ValidationError",
      "Inference Component Name header is required for endpoints to which you plan to deploy inference components.",
      "provider_model_not_found",
    ],
    [400, "ValidationError", "Variant blue not found for Endpoint llama", "provider_model_not_found"],
    [400, "ValidationError", "Inference Component llama-8b does not exist.", "provider_model_not_found"],
    [
      400,
      "ValidationError",
      "Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress (if configured) or try to increase the capacity by invoking UpdateInferenceComponentRuntimeConfig API.",
      "provider_overloaded",
    ],
    [
      400,
      "ValidationError",
      "1 validation error detected: Value 'a b' at 'endpointName' failed to satisfy constraint",
      "provider_model_not_found",
    ],
    [400, "ValidationError", "Request body is larger than 6291456 bytes", "provider_rejected_request"],
  ])("%i %s: %s", (status, name, Message, code) => {
    const found = read(status, `${name}:http://internal.amazon.com/`, { Message });
    expect(found).toMatchObject({ code, cause: { status, code: name, providerRequestId: "7f2c" } });
    expect(read(status, "", { __type: `com.amazonaws#${name}`, Message }).code).toBe(code);
  });

  test("how long to wait, from either of them", () => {
    const wait = { "retry-after": "3" };
    expect(read(400, "ThrottlingException", {}, wait).retryAfterMs).toBe(3000);
    const body = { OriginalStatusCode: 429, OriginalMessage: "slow down" };
    expect(read(424, "ModelError", body, wait).retryAfterMs).toBe(3000);
  });

  test("what is not in its words is the container's, or a proxy's", () => {
    const error = { message: "No credit", code: "insufficient_quota" };
    expect(read(429, "", { error }).code).toBe("quota_exhausted");
    expect(read(502, "", "<html>").code).toBe("provider_error");
  });
});

describe("what ends a stream", () => {
  const step = (event: string, data: string) => {
    const [, events] = chat.step(chat.readStart(), { event, data, exception: true });
    return events.at(-1);
  };

  test.each([
    ["InternalStreamFailure", '{"Message":"failed"}', "provider_error"],
    ["ModelStreamError", '{"Message":"died","ErrorCode":"StreamBroken"}', "provider_error"],
    ["ModelStreamError", '{"Message":"slow","ErrorCode":"ModelInvocationTimeExceeded"}', "provider_timeout"],
    ["ModelStreamError", "not JSON at all", "provider_error"],
    ["ThrottlingException", '{"message":"Rate exceeded"}', "provider_throttled"],
    ["ServiceUnavailable", "{}", "provider_overloaded"],
  ])("%s %s", (event, data, code) => {
    expect(step(event, data)).toMatchObject({ type: "fault", fault: { code } });
  });

  test("with the host's words", () => {
    expect(step("ModelStreamError", '{"Message":"died","ErrorCode":"StreamBroken"}')).toMatchObject({
      fault: { cause: { code: "ModelStreamError", detail: "died" } },
    });
  });

  test("whatever is no exception is the container's", () => {
    const data = JSON.stringify({ choices: [{ index: 0, delta: { content: "Hi" } }] });
    expect(chat.step(chat.readStart(), { data })).toEqual(openaiChat.step(openaiChat.readStart(), { data }));
  });
});

test("a wire for vectors is wrapped as well", () => {
  const headers = new Headers({ "x-amzn-errortype": "ThrottlingException" });
  expect(behindSagemaker(openaiEmbeddings).readError(400, headers, {}, 0).kind).toBe("throttled");
});
