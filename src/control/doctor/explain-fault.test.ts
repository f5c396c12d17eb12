import { describe, expect, test } from "bun:test";
import { type FaultKind, fault } from "../../core/faults.ts";
import { anthropicMessages } from "../../wires/anthropic-messages.ts";
import { bedrockConverse } from "../../wires/bedrock-converse.ts";
import { behindSagemaker } from "../../wires/behind-sagemaker.ts";
import { openaiChat } from "../../wires/openai-chat.ts";
import { explainFault } from "./explain-fault.ts";
import { deploymentOf, providerSaid, SECRET } from "./fake-patient.ts";

const PLACE = "the environment variable KEY";

/** What Bedrock says, read as its wire reads it. */
function bedrock(id: string, status: number, name: string, message: string) {
  const headers = new Headers({ "x-amzn-errortype": `${name}:http://internal.amazon.com/` });
  return explainFault(bedrockConverse.readError(status, headers, { message }, 0), deploymentOf(id), PLACE);
}

/** What a server of OpenAI's API says. */
function openai(id: string, status: number, error: Readonly<Record<string, unknown>>) {
  return explainFault(openaiChat.readError(status, new Headers(), { error }, 0), deploymentOf(id), PLACE);
}

const USER = "User: arn:aws:sts::123456789012:assumed-role/app/i-1 is not authorized to perform: ";

describe("what AWS refuses", () => {
  test.each([
    [
      "bedrock",
      403,
      "AccessDeniedException",
      `${USER}bedrock:InvokeModel on resource: arn:aws:bedrock:eu-central-1::foundation-model/x because no identity-based policy allows the bedrock:InvokeModel action`,
      "Nothing allows bedrock:InvokeModel to the identity from",
      "bedrock:InvokeModelWithResponseStream on anthropic.claude-x-v1:0 in eu-central-1.",
    ],
    [
      "profile",
      403,
      "AccessDeniedException",
      `${USER}bedrock:InvokeModel on resource: arn:aws:bedrock:eu-west-3::foundation-model/x because no identity-based policy allows it`,
      "Nothing allows bedrock:InvokeModel",
      "on the inference profile eu.anthropic.claude-x-v1:0, and on its model in every region it leads to (eu-central-1, ",
    ],
    [
      "bedrock",
      403,
      "AccessDeniedException",
      `${USER}bedrock:InvokeModel on resource: arn:aws:bedrock:eu-north-1::foundation-model/x with an explicit deny in a service control policy`,
      "A policy denies bedrock:InvokeModel",
      "Look for the Deny",
    ],
    [
      "bedrock",
      403,
      "AccessDeniedException",
      "You don't have access to the model with the specified model ID.",
      "The account has no access to the model",
      "Model access, in eu-central-1",
    ],
    [
      "bedrock",
      403,
      "UnrecognizedClientException",
      "The security token included in the request is invalid.",
      "AWS does not accept the keys",
      "Renew",
    ],
    [
      "bedrock",
      403,
      "ExpiredTokenException",
      "The security token included in the request is expired",
      "AWS does not accept",
      "Renew",
    ],
    [
      "bedrock",
      403,
      "InvalidSignatureException",
      "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z (20260101T001500Z - 5 min.)",
      "refused for its time",
      "clock",
    ],
    [
      "bearer",
      403,
      "AccessDeniedException",
      "Authentication failed: Please make sure your API Key is valid.",
      `The key from ${PLACE} was refused`,
      "bedrock:CallWithBearerToken",
    ],
    [
      "bedrock",
      403,
      "AccessDeniedException",
      "Denied.",
      "AWS refused the identity",
      "Allow bedrock:InvokeModel and",
    ],
    [
      "sagemaker",
      403,
      "AccessDeniedException",
      `${USER}sagemaker:InvokeEndpoint on resource: arn:aws:sagemaker:eu-west-1:1:endpoint/llama`,
      "Nothing allows sagemaker:InvokeEndpoint",
      "sagemaker:InvokeEndpointWithResponseStream on the endpoint llama in eu-west-1.",
    ],
  ])("%s: %p %s, %s", (id, status, name, words, message, fix) => {
    const verdict = bedrock(id, status, name, words);
    expect(verdict.status).toBe("failed");
    expect(verdict.message).toContain(message);
    expect(verdict.message).toContain(`(${status} ${name}`);
    expect(verdict.fix).toContain(fix);
    expect(JSON.stringify(verdict)).not.toContain("123456789012");
  });
});

describe("models that Bedrock does not know", () => {
  test.each([
    [
      400,
      "ValidationException",
      "Invocation of model ID anthropic.claude-x-v1:0 with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.",
      "through an inference profile only",
      "such as eu.anthropic.claude-x-v1:0.",
    ],
    [400, "ValidationException", "The provided model identifier is invalid.", "does not know", "region"],
    [
      404,
      "ResourceNotFoundException",
      "Model use case details have not been submitted for this account. Fill out the form.",
      "use case first",
      "form",
    ],
    [
      404,
      "ResourceNotFoundException",
      "This model version has reached the end of its life. Please refer to the documentation.",
      "withdrawn",
      "successor",
    ],
  ])("%p %s: %s", (status, name, words, message, fix) => {
    const verdict = bedrock("bedrock", status, name, words);
    expect(verdict.status).toBe("failed");
    expect(verdict.message).toContain(message);
    expect(verdict.fix).toContain(fix);
  });
});

describe("what other providers refuse", () => {
  test("a key is named by its place, and what they quote of it is not repeated", () => {
    const verdict = openai("gpt", 401, {
      code: SECRET,
      type: "invalid_request_error",
      message: `Incorrect API key provided: ${SECRET}. It ends in 9e.`,
    });
    expect(verdict).toEqual({
      status: "failed",
      message: `The key from ${PLACE} was refused (401).`,
      fix: expect.stringContaining("project"),
    });
    expect(openai("gpt", 401, { code: "invalid_api_key", message: "No." }).message).toContain(
      "(401 invalid_api_key)",
    );
  });

  test("a server that wants a key, where the policy has none", () => {
    const verdict = openai("open", 401, { message: "Unauthorized" });
    expect(verdict.message).toContain("It wants a key, and none is sent");
    expect(verdict.fix).toContain("credential: { env: NAME }");
  });

  test.each([
    ["azure", "Cognitive Services OpenAI User"],
    ["vertex", "roles/aiplatform.user"],
  ])("a token of %s: the role it needs", (id, role) => {
    const refused = providerSaid("provider_auth", { status: 403, code: "PERMISSION_DENIED" });
    expect(explainFault(refused, deploymentOf(id), PLACE)).toMatchObject({
      status: "failed",
      fix: expect.stringContaining(role),
    });
  });

  test.each([
    ["gpt", "list of models"],
    ["open", "http://127.0.0.1:8000/v1/models"],
    ["azure", "name of Azure's deployment"],
    ["sagemaker", "endpoint's name"],
    ["vertex", "location europe-west4"],
    ["gemini", "list of models"],
  ])("a model that %s does not know: what model_id must be", (id, fix) => {
    const unknown = providerSaid("provider_not_found", { status: 404 });
    const verdict = explainFault(unknown, deploymentOf(id), PLACE);
    expect(verdict.status).toBe("failed");
    expect(verdict.message).toContain(`does not know the model ${deploymentOf(id).modelId} (404).`);
    expect(verdict.fix).toContain(fix);
  });
});

test("a proxy on the way that wants credentials is not taken for the provider", () => {
  const verdict = explainFault(openaiChat.readError(407, new Headers(), "", 0), deploymentOf("gpt"), PLACE);
  expect(verdict).toMatchObject({
    status: "failed",
    message: "A proxy on the way wants to know who calls (407).",
  });
  expect(verdict.fix).toContain("HTTPS_PROXY");
});

describe("what SageMaker and its containers say", () => {
  const denied = "User: x is not authorized to perform: sagemaker:InvokeEndpoint";
  test.each<[number, string, Readonly<Record<string, unknown>>, string, string, string]>([
    [
      400,
      "AccessDeniedException",
      { Message: denied },
      "failed",
      "Nothing allows sagemaker:InvokeEndpoint",
      "Allow",
    ],
    [400, "ThrottlingException", { message: "Rate exceeded" }, "warning", "throttled at the moment", "quota"],
    [
      400,
      "ValidationError",
      { Message: "Endpoint llama of account 123456789012 not found." },
      "failed",
      "does not know the model llama (400 ValidationError).",
      "endpoint's name",
    ],
    [
      429,
      "ModelNotReadyException",
      { Message: "Wait" },
      "failed",
      "fails or is overloaded (429",
      "Look again",
    ],
    [
      424,
      "ModelError",
      { OriginalStatusCode: 500, OriginalMessage: "CUDA out of memory" },
      "failed",
      "fails or is overloaded (500 ModelError)",
      "container's log",
    ],
    [
      424,
      "ModelError",
      { OriginalStatusCode: 0, OriginalMessage: "Your invocation timed out" },
      "failed",
      "gave up waiting for the model (424)",
      "it may be starting",
    ],
  ])("%i %s", (status, name, body, verdict, message, fix) => {
    const headers = new Headers({ "x-amzn-errortype": name });
    const fault = behindSagemaker(openaiChat).readError(status, headers, body, 0);
    const found = explainFault(fault, deploymentOf("sagemaker"), PLACE);
    expect(found).toMatchObject({ status: verdict, message: expect.stringContaining(message) });
    expect(found.fix).toContain(fix);
    expect(JSON.stringify(found)).not.toContain("123456789012");
  });
});

describe("what is no refusal", () => {
  test("throttling is a warning, a quota that is used up a failure", () => {
    expect(openai("gpt", 429, { code: "rate_limit_exceeded", message: "Slow down" })).toMatchObject({
      status: "warning",
      message: "It can be called, but is throttled at the moment (429 rate_limit_exceeded).",
    });
    const broke = openai("gpt", 429, { code: "insufficient_quota", message: "No credit" });
    expect(broke).toMatchObject({ status: "failed", fix: expect.stringContaining("credit") });
    const empty = anthropicMessages.readError(
      400,
      new Headers(),
      { error: { type: "invalid_request_error", message: "Your credit balance is too low" } },
      0,
    );
    expect(explainFault(empty, deploymentOf("claude"), PLACE).status).toBe("failed");
  });

  test("a field that the server does not know is named, with where to write it", () => {
    const verdict = openai("open", 400, {
      param: "max_completion_tokens",
      type: "invalid_request_error",
      message: "Unknown field.",
    });
    expect(verdict.message).toContain("naming the field max_completion_tokens");
    expect(verdict.fix).toContain("`unsupported`");
    expect(openai("open", 400, { message: "No." }).fix).toContain("model_id");
  });

  test.each([
    ["context_overflow", "warning", "context_window"],
    ["filtered", "warning", "filters"],
    ["outage", "failed", "status"],
    ["malformed", "failed", "base_url"],
    ["internal", "failed", "wire"],
    ["timeout", "failed", "--timeout"],
  ] as const)("%s: %s", (kind: FaultKind, status, fix) => {
    const verdict = explainFault(providerSaid(kind, { status: 500 }), deploymentOf("gpt"), PLACE);
    expect(verdict.status).toBe(status);
    expect(verdict.fix).toContain(fix);
  });

  test("a connection that breaks, a redirect and a credential that was lost on the way differ", () => {
    const explain = (code: string, cause = {}) =>
      explainFault(fault("outage", code, "", { cause }), deploymentOf("gpt"), PLACE);
    expect(explain("connection_reset", { code: "ECONNRESET" }).message).toContain("(connection_reset)");
    expect(explain("redirected", { code: "EREDIRECT" }).fix).toContain("base_url");
    expect(explain("credentials_unavailable", { code: "Error" }).message).toContain("nothing proves");
  });

  test("a secret that cannot stand in a header is none that the provider refused", () => {
    const verdict = explainFault(fault("provider_auth", "credential_unfit", ""), deploymentOf("gpt"), PLACE);
    expect(verdict.message).toContain("line break");
    expect(verdict.message).toContain(PLACE);
  });
});
