/** The official Bedrock client against what both of its wires render: no network, its request handler is ours. */
import { describe, expect, test } from "bun:test";
import {
  AccessDeniedException,
  BedrockRuntimeClient,
  type BedrockRuntimeClientConfig,
  BedrockRuntimeServiceException,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  type ConverseStreamOutput,
  CountTokensCommand,
  InternalServerException,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
  ModelErrorException,
  ModelTimeoutException,
  ResourceNotFoundException,
  ServiceUnavailableException,
  ThrottlingException,
  ValidationException,
} from "@aws-sdk/client-bedrock-runtime";
import type { StreamEvent } from "../../../src/core/events.ts";
import { FAULTS, type Fault, type FaultKind, fault } from "../../../src/core/faults.ts";
import type { ModelRequest } from "../../../src/core/request.ts";
import { bedrockConverse } from "../../../src/wires/bedrock-converse.ts";
import { bedrockInvoke } from "../../../src/wires/bedrock-invoke.ts";
import type { RenderContext, RequestHints } from "../../../src/wires/wire.ts";
import { CONTEXT, renderFrames } from "./streams.ts";
import { NO_HINTS, parsed } from "./wire-contract.ts";

const ARN = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/support-chat";
const ASK: ConverseCommandInput = {
  modelId: ARN,
  messages: [{ role: "user", content: [{ text: "Where is my parcel?" }] }],
};
const INVOKE = {
  modelId: ARN,
  body: JSON.stringify({
    anthropic_version: "bedrock-2023-05-31",
    max_tokens: 64,
    messages: [{ role: "user", content: "Where is my parcel?" }],
  }),
};
const HINTS: RequestHints = { ...NO_HINTS, target: "support-chat" };
const USAGE = {
  inputTokens: 31,
  cacheReadTokens: 7,
  cacheWriteTokens: 0,
  outputTokens: 8,
  reasoningTokens: 2,
};
const LABELS = { rung: "degraded", simulated: true };

const ANSWER: readonly StreamEvent[] = [
  { type: "start" },
  { type: "reasoning", choice: 0, text: "Look it up." },
  { type: "reasoning", choice: 0, text: "", signature: "EqoBCkgI" },
  { type: "reasoning", choice: 0, text: "", redacted: "RW1wdHk=" },
  { type: "text", choice: 0, text: "Let me " },
  { type: "text", choice: 0, text: "look. 👩🏽‍🚀" },
  { type: "tool_call", choice: 0, index: 0, id: "t1", name: "track_parcel" },
  { type: "tool_arguments", choice: 0, index: 0, text: '{"number":' },
  { type: "tool_arguments", choice: 0, index: 0, text: '"DE-4711"}' },
  { type: "tool_call", choice: 0, index: 1, id: "t2", name: "list_orders" },
  { type: "tool_arguments", choice: 0, index: 1, text: "{}" },
  { type: "choice_end", choice: 0, reason: { unified: "tool_calls", raw: "tool_calls" } },
  { type: "finish", reason: { unified: "tool_calls", raw: "tool_calls" }, usage: USAGE },
];

interface Sent {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

interface Served {
  readonly client: BedrockRuntimeClient;
  readonly sent: Sent[];
}

/** A client whose every request is answered with `answer`, and what it sent. It tries once. */
function serve(answer: () => Answer): Served {
  const sent: Sent[] = [];
  const handle = async (request: {
    path: string;
    headers: Record<string, string>;
    body: string | Uint8Array;
  }) => {
    const text = typeof request.body === "string" ? request.body : new TextDecoder().decode(request.body);
    sent.push({ path: request.path, headers: request.headers, body: JSON.parse(text) });
    const { status, headers, body } = answer();
    return { response: { statusCode: status ?? 200, headers: headers ?? {}, body } };
  };
  const requestHandler = { handle } as unknown as NonNullable<BedrockRuntimeClientConfig["requestHandler"]>;
  const client = new BedrockRuntimeClient({
    region: "eu-west-1",
    endpoint: "http://gateway.test",
    credentials: { accessKeyId: "id", secretAccessKey: "secret" },
    maxAttempts: 1,
    requestHandler,
  });
  return { client, sent };
}

function json(body: unknown): Answer {
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  return { headers: { "content-type": "application/json" }, body: bytes };
}

/** In pieces that end anywhere. */
function streamed(bytes: Uint8Array): Answer {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += 17) yield bytes.slice(at, at + 17);
  }
  return { headers: { "content-type": "application/vnd.amazon.eventstream" }, body: pieces() };
}

function converseStream(events: readonly StreamEvent[], context = CONTEXT): Answer {
  const frames = renderFrames(bedrockConverse, events, context);
  return streamed(bedrockConverse.framing.encode(frames));
}

function invokeStream(events: readonly StreamEvent[]): Answer {
  return streamed(bedrockInvoke.framing.encode(renderFrames(bedrockInvoke, events)));
}

async function thrown(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

async function collect(client: BedrockRuntimeClient): Promise<ConverseStreamOutput[]> {
  const { stream } = await client.send(new ConverseStreamCommand(ASK));
  const events: ConverseStreamOutput[] = [];
  for await (const event of stream ?? []) events.push(event);
  return events;
}

const BREAK: StreamEvent = { type: "fault", fault: fault("outage", "stream_cut", "It broke off.") };

describe("Converse", () => {
  test("reads a whole answer of every kind of block", async () => {
    const { client, sent } = serve(() =>
      json(bedrockConverse.renderAnswer(ANSWER, { ...CONTEXT, labels: LABELS })),
    );
    const answer = await client.send(new ConverseCommand(ASK));
    expect(answer.output?.message).toEqual({
      role: "assistant",
      content: [
        { reasoningContent: { reasoningText: { text: "Look it up.", signature: "EqoBCkgI" } } },
        { reasoningContent: { redactedContent: new Uint8Array(Buffer.from("Empty")) } },
        { text: "Let me look. 👩🏽‍🚀" },
        { toolUse: { toolUseId: "t1", name: "track_parcel", input: { number: "DE-4711" } } },
        { toolUse: { toolUseId: "t2", name: "list_orders", input: {} } },
      ],
    });
    expect(answer).toMatchObject({
      stopReason: "tool_use",
      usage: { inputTokens: 31, outputTokens: 10, totalTokens: 48, cacheReadInputTokens: 7 },
      metrics: { latencyMs: 0 },
    });
    expect(sent[0]?.path).toBe(`/model/${encodeURIComponent(ARN)}/converse`);
    expect(bedrockConverse.path(request(sent[0]?.body), { ...TARGET, modelId: ARN })).toBe(
      sent[0]?.path ?? "",
    );
  });

  test("streams every kind of block", async () => {
    const { client, sent } = serve(() => converseStream(ANSWER, { ...CONTEXT, labels: LABELS }));
    const events = await collect(client);
    expect(sent[0]?.path).toEndWith("/converse-stream");
    expect(events[0]).toEqual({ messageStart: { role: "assistant" } });
    const deltas = events.flatMap((event) => event.contentBlockDelta ?? []);
    expect(deltas.map(({ contentBlockIndex }) => contentBlockIndex)).toEqual([0, 0, 1, 2, 2, 3, 3, 4]);
    expect(deltas.map(({ delta }) => delta)).toEqual([
      { reasoningContent: { text: "Look it up." } },
      { reasoningContent: { signature: "EqoBCkgI" } },
      { reasoningContent: { redactedContent: new Uint8Array(Buffer.from("Empty")) } },
      { text: "Let me " },
      { text: "look. 👩🏽‍🚀" },
      { toolUse: { input: '{"number":' } },
      { toolUse: { input: '"DE-4711"}' } },
      { toolUse: { input: "{}" } },
    ]);
    expect(events.flatMap((event) => event.contentBlockStart ?? [])).toEqual([
      { contentBlockIndex: 3, start: { toolUse: { toolUseId: "t1", name: "track_parcel" } } },
      { contentBlockIndex: 4, start: { toolUse: { toolUseId: "t2", name: "list_orders" } } },
    ]);
    expect(events.flatMap((event) => event.contentBlockStop?.contentBlockIndex ?? [])).toEqual([
      0, 1, 2, 3, 4,
    ]);
    expect(events.at(-2)).toEqual({ messageStop: { stopReason: "tool_use" } });
    expect(events.at(-1)?.metadata).toMatchObject({
      usage: { inputTokens: 31, outputTokens: 10, totalTokens: 48 },
      metrics: { latencyMs: 0 },
    });
  });

  test("what it sends is understood, bytes and all", async () => {
    const { client, sent } = serve(() => json(bedrockConverse.renderAnswer(ANSWER, CONTEXT)));
    await client.send(
      new ConverseCommand({
        ...ASK,
        messages: [
          {
            role: "user",
            content: [
              { text: "What is it?" },
              { image: { format: "png", source: { bytes: new Uint8Array([1, 2, 3]) } } },
              { document: { format: "pdf", name: "Invoice", source: { bytes: new Uint8Array([4]) } } },
              { cachePoint: { type: "default" } },
            ],
          },
          {
            role: "assistant",
            content: [
              { reasoningContent: { redactedContent: new Uint8Array([5]) } },
              { toolUse: { toolUseId: "t1", name: "track_parcel", input: { number: 1 } } },
            ],
          },
          {
            role: "user",
            content: [{ toolResult: { toolUseId: "t1", content: [{ json: { where: "Köln" } }] } }],
          },
        ],
        system: [{ text: "Be brief." }],
        inferenceConfig: { maxTokens: 9, temperature: 0.5, topP: 0.9, stopSequences: ["X"] },
        toolConfig: {
          tools: [{ toolSpec: { name: "track_parcel", inputSchema: { json: { type: "object" } } } }],
          toolChoice: { any: {} },
        },
        additionalModelRequestFields: { top_k: 5, thinking: { type: "enabled", budget_tokens: 2048 } },
        requestMetadata: { pointsman_task_type: "code", order: "17" },
      }),
    );
    expect(request(sent[0]?.body)).toMatchObject({
      target: "support-chat",
      contract: { taskType: "code" },
      messages: [
        { role: "system" },
        {
          role: "user",
          content: [
            { type: "text" },
            { type: "image", source: { kind: "base64", mediaType: "image/png", data: "AQID" } },
            { type: "document", name: "Invoice", cache: {} },
          ],
        },
        {
          role: "assistant",
          content: [
            { type: "reasoning", redacted: "BQ==" },
            { type: "tool_call", arguments: '{"number":1}' },
          ],
        },
        { role: "tool", content: [{ type: "tool_result", content: [{ text: '{"where":"Köln"}' }] }] },
      ],
      toolChoice: { type: "required" },
      sampling: { maxTokens: 9, temperature: 0.5, topP: 0.9, stop: ["X"], topK: 5 },
      reasoning: { budgetTokens: 2048 },
    });
  });

  test("counts tokens of a conversation, and of an InvokeModel body", async () => {
    const counting: RequestHints = { ...HINTS, operation: "count_tokens" };
    const inputs = [
      { converse: { messages: ASK.messages, system: [{ text: "Be brief." }] } },
      { invokeModel: { body: new TextEncoder().encode(INVOKE.body) } },
    ];
    for (const input of inputs) {
      const { client, sent } = serve(() => {
        const asked = parsed(bedrockConverse, sent[0]?.body, counting);
        return json(bedrockConverse.renderAnswer(ANSWER.slice(-1), { ...CONTEXT, request: asked }));
      });
      const answer = await client.send(new CountTokensCommand({ modelId: ARN, input }));
      expect(answer.inputTokens).toBe(38);
      expect(sent[0]?.path).toEndWith("/count-tokens");
      const asked = parsed(bedrockConverse, sent[0]?.body, counting);
      expect(asked.operation).toBe("count_tokens");
      expect(asked.messages.at(-1)).toEqual({
        role: "user",
        content: [{ type: "text", text: "Where is my parcel?" }],
      });
    }
  });

  test("a stream that breaks throws after what had come", async () => {
    const { client } = serve(() => converseStream([...ANSWER.slice(0, 5), BREAK]));
    const { stream } = await client.send(new ConverseStreamCommand(ASK));
    let text = "";
    const error = await thrown(
      (async () => {
        for await (const event of stream ?? []) text += event.contentBlockDelta?.delta?.text ?? "";
      })(),
    );
    expect(text).toBe("Let me ");
    expect(error).toBeInstanceOf(BedrockRuntimeServiceException);
    expect(error).toMatchObject({ name: "ServiceUnavailableException", message: "It broke off." });
  });

  test.each([
    ["throttled", "ThrottlingException"],
    ["timeout", "ModelStreamErrorException"],
    ["malformed", "ModelStreamErrorException"],
    ["filtered", "ValidationException"],
    ["internal", "InternalServerException"],
  ] as const)("a stream that ends with the fault %s throws %s", async (kind, name) => {
    const broken: StreamEvent = { type: "fault", fault: fault(kind, "a_code", "What to do.") };
    const { client } = serve(() => converseStream([...ANSWER.slice(0, 2), broken]));
    expect(await thrown(collect(client))).toMatchObject({ name, message: "What to do." });
  });
});

describe("InvokeModel", () => {
  test("reads a whole answer, and what it sends is understood", async () => {
    const { client, sent } = serve(() => json(bedrockInvoke.renderAnswer(ANSWER, CONTEXT)));
    const answer = await client.send(
      new InvokeModelCommand({
        ...INVOKE,
        guardrailIdentifier: "gr1",
        guardrailVersion: "2",
        requestMetadata: JSON.stringify({ pointsman_task_type: "code", order: "17" }),
      }),
    );
    const body = JSON.parse(new TextDecoder().decode(answer.body));
    expect(body).toMatchObject({ type: "message", stop_reason: "tool_use", usage: { input_tokens: 31 } });
    const [first] = sent;
    expect(first?.path).toBe(`/model/${encodeURIComponent(ARN)}/invoke`);
    const headers: Record<string, string> = {};
    for (const name of bedrockInvoke.passedHeaders) {
      const found = Object.entries(first?.headers ?? {}).find(([key]) => key.toLowerCase() === name);
      if (found) headers[name] = found[1];
    }
    const asked = parsed(bedrockInvoke, first?.body, { ...HINTS, headers });
    expect(asked).toMatchObject({ contract: { taskType: "code" }, sampling: { maxTokens: 64 } });
    expect(bedrockInvoke.beyondContract(asked)).toEqual([
      "x-amzn-bedrock-guardrailidentifier",
      "x-amzn-bedrock-guardrailversion",
    ]);
    const lowered = bedrockInvoke.lower(asked, { ...TARGET, modelId: "anthropic.claude-sonnet-4-6" });
    expect(lowered.ok && lowered.value.headers).toEqual({
      "x-amzn-bedrock-guardrailidentifier": "gr1",
      "x-amzn-bedrock-guardrailversion": "2",
      "x-amzn-bedrock-request-metadata": '{"order":"17"}',
    });
  });

  test("streams the events of the Messages API, the last one with what the call used", async () => {
    const { client, sent } = serve(() => invokeStream(ANSWER));
    const { body } = await client.send(new InvokeModelWithResponseStreamCommand(INVOKE));
    const events: Record<string, unknown>[] = [];
    for await (const { chunk } of body ?? []) events.push(JSON.parse(new TextDecoder().decode(chunk?.bytes)));
    expect(sent[0]?.path).toEndWith("/invoke-with-response-stream");
    expect(events[0]).toMatchObject({ type: "message_start" });
    expect(events.flatMap(({ delta }) => (isText(delta) ? [delta.text] : []))).toEqual([
      "Let me ",
      "look. 👩🏽‍🚀",
    ]);
    expect(events.at(-1)).toEqual({
      type: "message_stop",
      "amazon-bedrock-invocationMetrics": {
        inputTokenCount: 31,
        outputTokenCount: 10,
        cacheReadInputTokenCount: 7,
        cacheWriteInputTokenCount: 0,
        invocationLatency: 0,
        firstByteLatency: 0,
      },
    });
  });

  test.each([
    ["outage", "ServiceUnavailableException"],
    ["timeout", "ModelTimeoutException"],
  ] as const)("a stream that ends with the fault %s throws %s", async (kind, name) => {
    const broken: StreamEvent = { type: "fault", fault: fault(kind, "a_code", "What to do.") };
    const { client } = serve(() => invokeStream([...ANSWER.slice(0, 5), broken]));
    const { body } = await client.send(new InvokeModelWithResponseStreamCommand(INVOKE));
    const error = await thrown(Array.fromAsync(body ?? []));
    expect(error).toMatchObject({ name, message: "What to do." });
  });
});

describe("the official client's exception classes", () => {
  const CLASSES = {
    throttled: ThrottlingException,
    rate_limited: ThrottlingException,
    outage: ServiceUnavailableException,
    exhausted: ServiceUnavailableException,
    unavailable: ServiceUnavailableException,
    timeout: ModelTimeoutException,
    malformed: ModelErrorException,
    internal: InternalServerException,
    provider_auth: InternalServerException,
    provider_not_found: InternalServerException,
    invalid: ValidationException,
    context_overflow: ValidationException,
    filtered: ValidationException,
    too_large: ValidationException,
    method_not_allowed: ValidationException,
    cancelled: ValidationException,
    unauthenticated: AccessDeniedException,
    forbidden: AccessDeniedException,
    not_found: ResourceNotFoundException,
  } as const satisfies Record<FaultKind, unknown>;

  test.each(Object.entries(CLASSES))("%s", async (kind, expected) => {
    const made: Fault = fault(kind as FaultKind, "a_code", "What to do.", { retryAfterMs: 1500 });
    const { status, headers, body } = bedrockConverse.renderFault(made, "req_1");
    expect(body).toEqual({ message: "What to do." });
    const { client } = serve(() => ({ ...json(body), status, headers }));
    const commands = [
      () => client.send(new ConverseCommand(ASK)),
      () => client.send(new ConverseStreamCommand(ASK)),
      () => client.send(new InvokeModelCommand(INVOKE)),
    ];
    for (const send of commands) {
      const error = await thrown(send());
      expect(error).toBeInstanceOf(expected);
      expect(error).toMatchObject({
        message: "What to do.",
        $metadata: { httpStatusCode: FAULTS[kind as FaultKind].status },
      });
    }
  });
});

const TARGET = {
  modelId: "anthropic.claude-sonnet-4-6",
  capabilities: new Set<never>(),
  maxOutputTokens: 4096,
  unsupported: new Set<string>(),
};

function request(body: unknown): ModelRequest {
  return parsed(bedrockConverse, body, HINTS);
}

function isText(delta: unknown): delta is { text: string } {
  return typeof delta === "object" && delta !== null && "text" in delta;
}

test("labels are passed over by the client and stand in the body all the same", () => {
  const context: RenderContext = { ...CONTEXT, labels: LABELS };
  expect(bedrockConverse.renderAnswer(ANSWER, context).pointsman).toEqual(LABELS);
  const frames = renderFrames(bedrockConverse, ANSWER, context).map(({ data }) => JSON.parse(data));
  expect(frames.filter((frame) => frame.pointsman !== undefined)).toHaveLength(2);
});
