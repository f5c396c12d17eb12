import { describe, expect, test } from "bun:test";
import { FAULTS, type FaultKind, fault } from "../core/faults.ts";
import {
  exceptionFrame,
  readBedrockError,
  readBedrockException,
  renderBedrockFault,
} from "./bedrock-errors.ts";

const read = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  readBedrockError(status, new Headers(headers), body, 0);

describe("names", () => {
  test.each([
    ["ThrottlingException"],
    ["ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/"],
    ["com.amazon.coral.service#ThrottlingException"],
    ["com.amazon.coral.service#ThrottlingException:http://internal.amazon.com/"],
    ["throttlingException,"],
  ])("%s is found in the header, or in the body", (name) => {
    const expected = { code: "provider_throttled", cause: { code: "ThrottlingException" } };
    expect(read(400, { message: "x" }, { "x-amzn-errortype": name })).toMatchObject(expected);
    expect(read(400, { __type: name })).toMatchObject(expected);
    expect(read(400, { code: name })).toMatchObject(expected);
  });

  test("a name outranks the status, the status a silence", () => {
    expect(read(400, {}, { "x-amzn-errortype": "ServiceUnavailableException" }).kind).toBe("outage");
    expect(read(503, null).code).toBe("provider_overloaded");
    expect(read(502, "<html>").code).toBe("provider_error");
    expect(read(418, [1]).code).toBe("provider_rejected_request");
    expect(read(400, { __type: "constructor" }).code).toBe("provider_rejected_request");
  });

  test("a clock that is off is told in the cause", () => {
    const message = "Signature expired: 20231115T000000Z is now earlier than 20231115T000500Z";
    const skewed = read(403, { message }, { "x-amzn-errortype": "InvalidSignatureException" });
    expect(skewed).toMatchObject({
      kind: "provider_auth",
      cause: { code: "InvalidSignatureException: clock skew", detail: message },
    });
    const expired = read(403, { message: "x" }, { "x-amzn-errortype": "RequestTimeTooSkewed" });
    expect(expired.cause?.code).toBe("RequestTimeTooSkewed: clock skew");
    const wrong = read(403, { message: "x" }, { "x-amzn-errortype": "InvalidSignatureException" });
    expect(wrong.cause?.code).toBe("InvalidSignatureException");
  });

  test("an account that may not call at all is told in the name of a wrong request", () => {
    const name = { "x-amzn-errortype": "ValidationException" };
    for (const message of [
      "Operation not allowed",
      "Access to Bedrock models is not allowed for this account.",
    ]) {
      expect(read(400, { message }, name).code).toBe("provider_credentials_refused");
    }
    expect(read(400, { message: "The operation is wrong." }, name).code).toBe("provider_rejected_request");
  });

  test("the request's id is kept, and the provider's text is bounded", () => {
    const { cause } = read(500, { message: "x".repeat(9000) }, { "x-amzn-requestid": "7f2c" });
    expect(cause).toMatchObject({ status: 500, providerRequestId: "7f2c" });
    expect(cause?.detail).toHaveLength(500);
  });

  test("how long to wait is told where waiting helps", () => {
    const wait = { "retry-after": "3" };
    const named = (name: string) => ({ ...wait, "x-amzn-errortype": name });
    expect(read(429, {}, named("ThrottlingException")).retryAfterMs).toBe(3000);
    expect(read(503, {}, named("ServiceUnavailableException")).retryAfterMs).toBe(3000);
    expect(read(400, {}, named("ValidationException")).retryAfterMs).toBeUndefined();
  });
});

describe("exceptions inside a stream", () => {
  test.each<[FaultKind, string, FaultKind]>([
    ["throttled", "throttlingException", "throttled"],
    ["rate_limited", "throttlingException", "throttled"],
    ["outage", "serviceUnavailableException", "outage"],
    ["exhausted", "serviceUnavailableException", "outage"],
    ["internal", "internalServerException", "outage"],
    ["provider_auth", "internalServerException", "outage"],
    ["invalid", "validationException", "invalid"],
    ["filtered", "validationException", "invalid"],
    ["malformed", "modelStreamErrorException", "outage"],
    ["timeout", "modelStreamErrorException", "outage"],
    ["forbidden", "modelStreamErrorException", "outage"],
  ])("%s goes out as %s", (kind, event, back) => {
    const frame = exceptionFrame(fault(kind, "a_code", "What to do.", { cause: { detail: "secret" } }));
    expect(frame).toEqual({ event, data: '{"message":"What to do."}', exception: true });
    expect(readBedrockException(frame).kind).toBe(back);
  });

  test("InvokeModel knows a word for time", () => {
    const slow = fault("timeout", "idle_timeout", "It went silent.");
    expect(exceptionFrame(slow, true).event).toBe("modelTimeoutException");
    expect(readBedrockException(exceptionFrame(slow, true)).kind).toBe("timeout");
  });

  test("what the model itself said is what counts", () => {
    const data = JSON.stringify({
      message: "The model stream failed.",
      originalMessage: "prompt is too long: 210034 tokens > 200000 maximum",
      originalStatusCode: 400,
    });
    const found = readBedrockException({ event: "modelStreamErrorException", data, exception: true });
    expect(found.kind).toBe("context_overflow");
  });

  test("text that is no JSON, and a name that nobody knows, mean that the provider failed", () => {
    for (const frame of [
      { event: "somethingException", data: "{" },
      { event: "InternalFailure", data: '{"message":"x"}' },
      { data: "" },
    ]) {
      expect(readBedrockException({ ...frame, exception: true })).toMatchObject({
        kind: "outage",
        code: "provider_error",
      });
    }
  });
});

describe("renderBedrockFault", () => {
  test.each(Object.keys(FAULTS) as FaultKind[])("%s has a name, a status, and only our words", (kind) => {
    const made = fault(kind, "a_code", "What to do.", { retryAfterMs: 1200, cause: { detail: "secret" } });
    const { status, headers, body } = renderBedrockFault(made);
    expect(status).toBe(FAULTS[kind].status);
    expect(headers["x-amzn-errortype"]).toEndWith("Exception");
    expect(headers).toMatchObject({ "retry-after": "2", "retry-after-ms": "1200" });
    expect(body).toEqual({ message: "What to do." });
  });
});
