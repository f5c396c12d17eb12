/**
 * Endpoints of SageMaker that fail, as the service and its containers say so: each leads to the rung that it should.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { awsEventStream } from "../../src/wires/aws-event-stream.ts";
import { endToEnd } from "./end-to-end.ts";
import { chat, decisionOf, type RunningGateway, readStream, startGateway } from "./harness.ts";
import { INSTANT } from "./policies.ts";

endToEnd();

const OVERFLOW = "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens";
const EVENT_STREAM = "application/vnd.amazon.eventstream";

/** What SageMaker answers, by the endpoint's name. */
const ANSWERS: Readonly<Record<string, (request: Request) => Response | Promise<Response>>> = {
  failing: () => modelError(500, "CUDA out of memory"),
  overflowing: () => modelError(400, JSON.stringify({ object: "error", message: OVERFLOW, code: 400 })),
  silent: () =>
    modelError(0, "Your invocation timed out while waiting for a response from container primary."),
  rejecting: () => modelError(400, '{"error":{"message":"temperature must be positive"}}'),
  throttled: () => refused(400, "ThrottlingException", { message: "Rate exceeded" }, { "retry-after": "30" }),
  loading: () => refused(429, "ModelNotReadyException", { Message: "Model not ready" }),
  missing: () => refused(400, "ValidationError", { Message: "Endpoint missing of account 1 not found." }),
  breaking: () => exception("InternalStreamFailure", { Message: "failed" }),
  // As containers do that do not stream.
  whole: () => part(JSON.stringify({ choices: [{ index: 0, message: { content: "all at once" } }] })),
  // As containers do that check what is accepted.
  templated: async (request) =>
    request.headers.get("accept") === "application/json"
      ? Response.json([{ generated_text: `heard: ${JSON.stringify(await request.json())}` }])
      : modelError(400, "Accept type is not supported"),
  late: () => exception("ModelStreamError", { Message: "slow", ErrorCode: "ModelInvocationTimeExceeded" }),
};

const TEMPLATE = ', endpoint: { template: { request: { inputs: "{{prompt}}" }, text: /0/generated_text } }';

let gateway: RunningGateway;
let host: ReturnType<typeof Bun.serve>;

beforeAll(async () => {
  host = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) =>
      ANSWERS[new URL(request.url).pathname.split("/")[2] ?? ""]?.(request) ?? new Response("?"),
  });
  gateway = await startGateway({
    policy: policy(`http://127.0.0.1:${host.port}`),
    scenario: INSTANT,
    env: { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret", AWS_EC2_METADATA_DISABLED: "true" },
  });
});
afterAll(() => host.stop(true));

function refused(
  status: number,
  name: string,
  body: unknown,
  headers: Record<string, string> = {},
): Response {
  return Response.json(body, { status, headers: { ...headers, "x-amzn-errortype": name } });
}

function modelError(OriginalStatusCode: number, OriginalMessage: string): Response {
  const Message = `Received an error (${OriginalStatusCode}) from primary.`;
  return refused(424, "ModelError", { Message, OriginalMessage, OriginalStatusCode });
}

function part(data: string): Response {
  const bytes = awsEventStream.encode([{ event: "PayloadPart", data }]);
  return new Response(bytes, { headers: { "content-type": EVENT_STREAM } });
}

function exception(event: string, body: unknown): Response {
  const bytes = awsEventStream.encode([{ event, data: JSON.stringify(body), exception: true }]);
  return new Response(bytes, { headers: { "content-type": EVENT_STREAM } });
}

function policy(at: string): string {
  const each = (make: (name: string) => string) => Object.keys(ANSWERS).map(make).join("\n");
  return `version: 1
name: sagemaker
providers:
  endpoints: { kind: sagemaker, base_url: "${at}" }
  sim: { kind: simulator }
models:
${each((name) => `  m-${name}: { context_window: 8192, capabilities: [vision, tools], prices: { input: 1, output: 1 } }`)}
  large: { context_window: 100000, prices: { input: 1, output: 1 } }
deployments:
${each((name) => `  d-${name}: { model: m-${name}, provider: endpoints, model_id: ${name}, region: us-east-1${name === "templated" ? TEMPLATE : ""} }`)}
  d-sim: { model: large, provider: sim, model_id: s, region: us-east-1 }
use_cases:
${each((name) => `  ${name}: { ladder: { primary: m-${name}, fallback: [large] } }`)}
keys: [{ id: test, env: POINTSMAN_DEMO_KEY, tenant: test, role: admin }]
`;
}

const FALLS_BACK = [
  ["failing", "outage"],
  ["overflowing", "context_overflow"],
  ["silent", "timeout"],
  ["loading", "outage"],
] as const;
const STOPS = [
  ["rejecting", 400, "invalid"],
  ["missing", 502, "provider_not_found"],
] as const;

for (const stream of [false, true]) {
  const way = stream ? ", streamed" : "";

  test.each([...FALLS_BACK])(`%s falls back as %s${way}`, async (name, kind) => {
    const response = await chat(gateway, { model: name, stream });
    expect(response.status).toBe(200);
    if (stream) expect(await readStream(response)).toMatchObject({ done: true, error: null });
    const { attempts } = await decisionOf(gateway, response);
    expect(attempts.map(({ result, fault }) => [result, fault?.kind])).toEqual([
      ["fault", kind],
      ["ok", undefined],
    ]);
  });

  test.each([...STOPS])(`%s is %i${way}`, async (name, status, kind) => {
    const response = await chat(gateway, { model: name, stream });
    expect(response.status).toBe(status);
    const { attempts } = await decisionOf(gateway, response);
    expect(attempts.map(({ fault }) => fault?.kind)).toEqual([kind]);
  });
}

test("an endpoint that is throttled is left alone for as long as it asked", async () => {
  const first = await chat(gateway, { model: "throttled" });
  const second = await chat(gateway, { model: "throttled", stream: true });
  await readStream(second);
  const results = async (response: Response) =>
    (await decisionOf(gateway, response)).attempts.map(({ result, fault }) => fault?.kind ?? result);
  expect(await results(first)).toEqual(["throttled", "ok"]);
  expect(await results(second)).toEqual(["skipped", "ok"]);
});

test.each([
  ["breaking", "outage"],
  ["late", "timeout"],
] as const)("a stream that ends with an exception falls back: %s", async (name, kind) => {
  const response = await chat(gateway, { model: name, stream: true });
  expect(await readStream(response)).toMatchObject({ done: true, error: null });
  const { attempts } = await decisionOf(gateway, response);
  expect(attempts[0]?.fault?.kind).toBe(kind);
});

test("a container of no known API answers whole, and a stream of it came at once", async () => {
  const whole = await chat(gateway, { model: "templated" });
  const body = (await whole.json()) as { choices: { message: { content: string } }[] };
  expect(body.choices[0]?.message.content).toContain('heard: {"inputs":');
  const stream = await readStream(await chat(gateway, { model: "templated", stream: true }));
  expect(stream).toMatchObject({ done: true, error: null, text: expect.stringContaining("heard:") });
});

test("what a template has no place for is told of, and refused under strict", async () => {
  const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }];
  const asked = { model: "templated", tools, tool_choice: "required", top_p: 0.5, logit_bias: { "5": 1 } };
  const response = await chat(gateway, asked);
  expect(response.status).toBe(200);
  const warnings = response.headers.get("x-pointsman-warnings") ?? "";
  for (const control of ["tools", "tool_choice", "top_p", "logit_bias"]) expect(warnings).toContain(control);
  const strict = await chat(gateway, asked, { headers: { "x-pointsman-strict": "true" } });
  expect(strict.status).toBe(400);
});

test("an image cannot be put into a template", async () => {
  const url = "data:image/png;base64,iVBORw0KGgo=";
  const messages = [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }];
  const response = await chat(gateway, { model: "templated", messages });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    error: { code: "unsupported_content", param: "messages[0].content" },
  });
});

test("a container that does not stream answers in a part of one", async () => {
  const stream = await readStream(await chat(gateway, { model: "whole", stream: true }));
  expect(stream).toMatchObject({ done: true, error: null, text: "all at once" });
});
