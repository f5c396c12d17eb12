/** The official Anthropic client against what the messages wire renders: no network, its `fetch` is ours. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Anthropic, { APIError } from "@anthropic-ai/sdk";
import type { StreamEvent } from "../../../src/core/events.ts";
import { FAULTS, type FaultKind, fault } from "../../../src/core/faults.ts";
import type { ModelRequest } from "../../../src/core/request.ts";
import { anthropicMessages } from "../../../src/wires/anthropic-messages.ts";
import { openaiChat } from "../../../src/wires/openai-chat.ts";
import { CONTEXT, readBytes, renderFrames, toBytes } from "./streams.ts";
import { NO_HINTS, parsed } from "./wire-contract.ts";

const FOLDER = join(import.meta.dir, "../../fixtures/anthropic-messages");
const OPENAI = join(import.meta.dir, "../../fixtures/openai-chat");
const HELLO = "Your parcel left the depot this morning.";
const ASK = {
  model: "support-chat",
  max_tokens: 1024,
  messages: [{ role: "user" as const, content: "Where is my parcel?" }],
};

/** Servers that break the protocol, which is mended, and a delta that only the client's beta part gathers. */
const UNLIKE = new Set([
  "bare-deltas",
  "missing-stops",
  "no-message-stop",
  "tool-input-at-start",
  "compaction",
]);

interface Call {
  readonly path: string;
  readonly headers: Headers;
  readonly body: unknown;
}

interface Served {
  readonly client: Anthropic;
  readonly calls: Call[];
}

/** A client whose every request is answered with `answer`, and what it sent. */
function serve(answer: () => Response): Served {
  const calls: Call[] = [];
  const client = new Anthropic({
    apiKey: "test",
    baseURL: "http://gateway.test",
    maxRetries: 2,
    fetch: async (url, init) => {
      const headers = new Headers(init?.headers);
      calls.push({ path: new URL(String(url)).pathname, headers, body: JSON.parse(String(init?.body)) });
      return answer();
    },
  });
  return { client, calls };
}

function bytesOf(folder: string, scenario: string): Uint8Array {
  return new Uint8Array(readFileSync(join(folder, `${scenario}.sse`)));
}

function events(scenario: string): readonly StreamEvent[] {
  return readBytes(anthropicMessages, [bytesOf(FOLDER, scenario)]);
}

function sent(bytes: Uint8Array): Response {
  return new Response(new Uint8Array(bytes), {
    headers: { "content-type": "text/event-stream", "request-id": "req_test" },
  });
}

function streamed(from: readonly StreamEvent[], context = CONTEXT): Response {
  return sent(toBytes(anthropicMessages, renderFrames(anthropicMessages, from, context)));
}

function whole(from: readonly StreamEvent[], context = CONTEXT): Response {
  return Response.json(anthropicMessages.renderAnswer(from, context), {
    headers: { "request-id": "req_test" },
  });
}

async function thrown(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("the official client", () => {
  test("streams text with its stream helper", async () => {
    const { client, calls } = serve(() => streamed(events("text")));
    const stream = client.messages.stream(ASK);
    const deltas: string[] = [];
    stream.on("text", (delta) => deltas.push(delta));
    const message = await stream.finalMessage();
    expect(deltas.length).toBeGreaterThan(3);
    expect(message).toMatchObject({
      id: "msg_01XFDUDYJgAACzvnptvVoYEL",
      type: "message",
      role: "assistant",
      model: "large",
      stop_reason: "end_turn",
      stop_sequence: null,
      stop_details: null,
      container: null,
      content: [{ type: "text", text: HELLO }],
      usage: { input_tokens: 31, output_tokens: 12, service_tier: "standard" },
    });
    expect(stream.request_id).toBe("req_test");
    expect(calls[0]?.path).toBe("/v1/messages");
    expect(parsed(anthropicMessages, calls[0]?.body)).toMatchObject({ stream: true, operation: "chat" });
  });

  test("sees frames in the published order", async () => {
    const { client } = serve(() => streamed(events("tool-use")));
    const types: string[] = [];
    for await (const event of await client.messages.create({ ...ASK, stream: true })) types.push(event.type);
    const steps = types.filter((type, at) => type !== types[at - 1]);
    expect(steps).toEqual([
      "message_start",
      ...["content_block_start", "content_block_delta", "content_block_stop"],
      ...["content_block_start", "content_block_delta", "content_block_stop"],
      "message_delta",
      "message_stop",
    ]);
  });

  test("gathers parallel tool calls whose input came in pieces", async () => {
    const { client } = serve(() => streamed(events("tool-use-parallel")));
    const stream = client.messages.stream(ASK);
    const gathered: unknown[] = [];
    stream.on("contentBlock", (block) => gathered.push(block));
    const message = await stream.finalMessage();
    expect(message.stop_reason).toBe("tool_use");
    const expected: unknown[] = [
      { type: "tool_use", id: "toolu_01A", name: "track_parcel", input: { number: "DE-4711" } },
      {
        type: "tool_use",
        id: "toolu_01B",
        name: "get_weather",
        input: { city: "Köln", unit: "c" },
        caller: { type: "direct" },
      },
    ];
    expect(message.content as unknown[]).toEqual(expected);
    expect(gathered).toEqual(expected);
  });

  test("gathers thinking with its signature, and can send it back", async () => {
    const { client, calls } = serve(() => streamed(events("thinking-between-tools")));
    const message = await client.messages.stream(ASK).finalMessage();
    expect(message.content.map((block) => block.type)).toEqual([
      "thinking",
      "tool_use",
      "thinking",
      "tool_use",
    ]);
    expect(message.content[0]).toEqual({
      type: "thinking",
      thinking: "First the weather.",
      signature: "c2lnLTE=",
    });
    const results = ["toolu_1", "toolu_2"].map((id) => ({
      type: "tool_result" as const,
      tool_use_id: id,
      content: "done",
    }));
    await client.messages
      .stream({
        ...ASK,
        messages: [
          ...ASK.messages,
          { role: "assistant", content: message.content },
          { role: "user", content: results },
        ],
      })
      .finalMessage();
    const replayed = parsed(anthropicMessages, calls[1]?.body).messages;
    expect(replayed[1]?.content).toEqual([
      { type: "reasoning", text: "First the weather.", signature: "c2lnLTE=" },
      { type: "tool_call", id: "toolu_1", name: "get_weather", arguments: '{"city":"Bonn"}' },
      { type: "reasoning", text: " Then the parcel.", signature: "c2lnLTI=" },
      { type: "tool_call", id: "toolu_2", name: "track_parcel", arguments: '{"number":"A1"}' },
    ]);
    expect(replayed[2]?.role).toBe("tool");
  });

  test("gets a provider's stream of this wire as it would have without us", async () => {
    const scenarios = readdirSync(FOLDER).flatMap((file) => /^(.+)\.sse$/.exec(file)?.[1] ?? []);
    let compared = 0;
    for (const scenario of scenarios) {
      const read = events(scenario);
      if (read.at(-1)?.type !== "finish" || UNLIKE.has(scenario)) continue;
      const direct = await serve(() => sent(bytesOf(FOLDER, scenario)))
        .client.messages.stream(ASK)
        .finalMessage();
      const through = await serve(() => streamed(read))
        .client.messages.stream(ASK)
        .finalMessage();
      const expected = { ...withoutNulls(direct), model: "large" };
      expect([scenario, withoutNulls(through)]).toEqual([scenario, expected]);
      compared++;
    }
    expect(compared).toBeGreaterThan(20);
  });

  test("reads whole answers as it reads their streams", async () => {
    for (const scenario of ["text", "tool-use", "thinking", "citations", "web-search", "container"]) {
      const read = events(scenario);
      const answered = await serve(() => whole(read)).client.messages.create(ASK);
      const told = await serve(() => streamed(read))
        .client.messages.stream(ASK)
        .finalMessage();
      expect(answered._request_id).toBe("req_test");
      expect(withoutNulls(answered)).toMatchObject(withoutNulls(told));
    }
  });

  test("reads answers to a JSON schema with its own parsing, and the schema reaches the request", async () => {
    const { client, calls } = serve(() => whole(events("json-schema")));
    const schema = { type: "object", properties: { total: { type: "number" } }, additionalProperties: false };
    const message = await client.messages.parse({
      ...ASK,
      output_config: { format: { type: "json_schema", schema } },
    });
    expect(message.parsed_output as unknown).toEqual({ invoice_number: "F-2025-17", total: 119 });
    expect(parsed(anthropicMessages, calls[0]?.body).responseFormat).toEqual({
      type: "json_schema",
      name: "response",
      schema,
      strict: true,
    });
  });

  test("counts tokens", async () => {
    const counted = anthropicMessages.readAnswer({ input_tokens: 2095 });
    const hints = { ...NO_HINTS, operation: "count_tokens" as const };
    const request = parsed(anthropicMessages, { model: "m", messages: ASK.messages }, hints);
    const { client, calls } = serve(() => whole(counted, { ...CONTEXT, request }));
    const { max_tokens: _limit, ...question } = ASK;
    const answer = await client.messages.countTokens({ ...question, system: "Be brief." });
    expect(answer.input_tokens).toBe(2095);
    expect(calls[0]?.path).toBe("/v1/messages/count_tokens");
    expect(anthropicMessages.parseRequest(calls[0]?.body, hints).ok).toBe(true);
  });

  test("passes its beta and version headers on, and the contract in its metadata", async () => {
    const { client, calls } = serve(() => whole(events("text")));
    const metadata = { user_id: "u-17", pointsman_latency_tier: "batch" };
    await client.messages.create(
      { ...ASK, metadata },
      { headers: { "anthropic-beta": "files-api-2025-04-14" } },
    );
    const headers: Record<string, string> = {};
    for (const name of anthropicMessages.passedHeaders) {
      const value = calls[0]?.headers.get(name);
      if (value) headers[name] = value;
    }
    const request = parsed(anthropicMessages, calls[0]?.body, { ...NO_HINTS, headers });
    expect(request).toMatchObject({ user: "u-17", contract: { latencyTier: "batch" } });
    const lowered = anthropicMessages.lower(request, {
      modelId: "claude-opus-4-8",
      maxOutputTokens: 4096,
      capabilities: new Set(),
      unsupported: new Set(),
    });
    expect(lowered).toMatchObject({
      ok: true,
      value: {
        headers: { "anthropic-version": "2026-10-21", "anthropic-beta": "files-api-2025-04-14" },
        body: { metadata: { user_id: "u-17" }, model: "claude-opus-4-8" },
        warnings: [],
      },
    });
  });
});

describe("answers of another wire", () => {
  function crossed(scenario: string): readonly StreamEvent[] {
    return readBytes(openaiChat, [bytesOf(OPENAI, scenario)]);
  }

  test("stream into the client's message", async () => {
    const { client } = serve(() => streamed(crossed("tool-calls-parallel")));
    const message = await client.messages.stream(ASK).finalMessage();
    expect(message).toMatchObject({
      stop_reason: "tool_use",
      content: [
        { type: "tool_use", id: "call_8sKdJ2mQvXz1", name: "track_parcel", input: { number: "DE-4711" } },
        {
          type: "tool_use",
          id: "call_Zt5nLw0RbYc7",
          name: "get_weather",
          input: { city: "Köln", unit: "c" },
        },
      ],
    });
  });

  test("keep reasoning apart, count cached input, and tell refusals as such", async () => {
    const reasoned = await serve(() => streamed(crossed("reasoning")))
      .client.messages.stream(ASK)
      .finalMessage();
    expect(reasoned.content).toMatchObject([
      { type: "thinking", thinking: "The caller asks for 17 × 3.", signature: "" },
      { type: "text", text: "51." },
    ]);
    expect(reasoned.usage).toMatchObject({
      output_tokens: 61,
      output_tokens_details: { thinking_tokens: 48 },
    });
    const cached = await serve(() => streamed(crossed("cache-usage")))
      .client.messages.stream(ASK)
      .finalMessage();
    expect(cached.usage).toMatchObject({
      input_tokens: 86,
      cache_read_input_tokens: 1920,
      output_tokens: 300,
    });
    const refused = await serve(() => streamed(crossed("refusal")))
      .client.messages.stream(ASK)
      .finalMessage();
    expect(refused).toMatchObject({
      stop_reason: "refusal",
      content: [{ type: "text", text: "I'm sorry, I can't help with that." }],
    });
  });

  test("have the first choice of several", async () => {
    const message = await serve(() => whole(crossed("two-choices"))).client.messages.create(ASK);
    expect(message).toMatchObject({ content: [{ type: "text", text: "Red!" }], stop_reason: "max_tokens" });
    const stream = await serve(() => streamed(crossed("two-choices")))
      .client.messages.stream(ASK)
      .finalText();
    expect(stream).toBe("Red!");
  });

  test("are given the estimate of their input where the provider counts at the end", async () => {
    const context = { ...CONTEXT, estimatedInputTokens: 30 };
    const { client } = serve(() => streamed(crossed("text"), context));
    const seen: number[] = [];
    for await (const event of await client.messages.create({ ...ASK, stream: true })) {
      if (event.type === "message_start") seen.push(event.message.usage.input_tokens);
      if (event.type === "message_delta") seen.push(event.usage.input_tokens ?? -1);
    }
    expect(seen).toEqual([30, 31]);
  });
});

describe("the official client's error classes", () => {
  const CLASSES: Readonly<Record<number, new (...parts: never[]) => APIError>> = {
    400: Anthropic.BadRequestError,
    401: Anthropic.AuthenticationError,
    403: Anthropic.PermissionDeniedError,
    404: Anthropic.NotFoundError,
    429: Anthropic.RateLimitError,
    500: Anthropic.InternalServerError,
    502: Anthropic.InternalServerError,
    503: Anthropic.InternalServerError,
    504: Anthropic.InternalServerError,
  };
  const TYPES: Partial<Record<FaultKind, string>> = {
    throttled: "rate_limit_error",
    rate_limited: "rate_limit_error",
    outage: "api_error",
    internal: "api_error",
    timeout: "timeout_error",
    exhausted: "overloaded_error",
    unavailable: "overloaded_error",
    too_large: "request_too_large",
    unauthenticated: "authentication_error",
    forbidden: "permission_error",
    not_found: "not_found_error",
    invalid: "invalid_request_error",
  };

  test.each(Object.keys(FAULTS) as FaultKind[])(
    "%s comes with its class, type, code and request id",
    async (kind) => {
      const made = fault(kind, "a_code", "What to do.", { param: "model" });
      const rendered = anthropicMessages.renderFault(made, "req_1");
      const { client, calls } = serve(() =>
        Response.json(rendered.body, {
          status: rendered.status,
          headers: { ...rendered.headers, "request-id": "req_1", "retry-after-ms": "1" },
        }),
      );
      const error = await thrown(client.messages.create(ASK, { maxRetries: 1 }));
      expect(error).toBeInstanceOf(CLASSES[rendered.status] ?? APIError);
      expect(error).toMatchObject({
        status: FAULTS[kind].status,
        requestID: "req_1",
        apiMessage: "What to do.",
        errorCode: "a_code",
        error: { type: "error", error: { code: "a_code", param: "model" }, request_id: "req_1" },
      });
      if (TYPES[kind] !== undefined) expect(error).toMatchObject({ type: TYPES[kind] });
      // What the ladder has tried is not tried again; what is the gateway's own to limit may be.
      const retried = ["rate_limited", "unavailable", "internal"].includes(kind);
      expect(calls).toHaveLength(retried ? 2 : 1);
    },
  );

  test("a caller over its own limit is told when to come back, and comes back", async () => {
    const limited = anthropicMessages.renderFault(
      fault("rate_limited", "requests_per_minute", "Slow down.", { retryAfterMs: 1 }),
      "req_1",
    );
    const answers = [
      Response.json(limited.body, { status: limited.status, headers: limited.headers }),
      whole(events("text")),
    ];
    const { client, calls } = serve(() => answers.shift() ?? Response.error());
    const message = await client.messages.create(ASK);
    expect(message.content).toMatchObject([{ type: "text", text: HELLO }]);
    expect(calls).toHaveLength(2);
  });

  test.each([
    ["cut", "Your parcel left the depot", "api_error", "stream_cut"],
    ["overloaded-mid-stream", "Your parcel", "api_error", "provider_overloaded"],
    ["bad-chunk", "Your", "api_error", "bad_chunk"],
  ])("a stream that breaks (%s) throws after what had come", async (scenario, text, type, code) => {
    const { client } = serve(() => streamed(events(scenario)));
    const stream = client.messages.stream(ASK);
    let seen = "";
    stream.on("text", (delta) => {
      seen += delta;
    });
    const error = await thrown(stream.finalMessage());
    expect(seen).toBe(text);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ type, errorCode: code, requestID: "req_test" });
  });

  test("input that is no JSON fails in a stream and is told as it is in a whole answer", async () => {
    const broken: readonly StreamEvent[] = [
      { type: "start" },
      { type: "tool_call", choice: 0, index: 0, id: "c", name: "f" },
      { type: "tool_arguments", choice: 0, index: 0, text: "{number: 1}" },
      { type: "choice_end", choice: 0, reason: { unified: "tool_calls", raw: null } },
      { type: "finish", reason: { unified: "tool_calls", raw: null }, usage: null },
    ];
    expect(
      await thrown(
        serve(() => streamed(broken))
          .client.messages.stream(ASK)
          .finalMessage(),
      ),
    ).toBeInstanceOf(Anthropic.AnthropicError);
    const message = await serve(() => whole(broken)).client.messages.create(ASK);
    expect(message.content).toMatchObject([{ type: "tool_use", input: { _raw: "{number: 1}" } }]);
  });
});

describe("requests that the client types", () => {
  test("every control reaches the contract", async () => {
    const { client, calls } = serve(() => whole(events("text")));
    await client.messages.create({
      ...ASK,
      system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral", ttl: "1h" } }],
      thinking: { type: "enabled", budget_tokens: 2048, display: "omitted" },
      output_config: { effort: "max" },
      stop_sequences: ["END"],
      tools: [
        { name: "f", input_schema: { type: "object" }, strict: true },
        { type: "web_search_20250305", name: "web_search", max_uses: 2 },
      ],
      tool_choice: { type: "auto", disable_parallel_tool_use: true },
      messages: [
        { role: "user", content: "Hi" },
        { role: "system", content: "The caller is in a hurry." },
        { role: "user", content: [{ type: "container_upload", file_id: "file_1" }] },
      ],
    });
    const expected: Partial<ModelRequest> = {
      sampling: { maxTokens: 1024, stop: ["END"] },
      reasoning: { effort: "xhigh", budgetTokens: 2048 },
      toolChoice: { type: "auto" },
      parallelToolCalls: false,
      tools: [{ name: "f", parameters: { type: "object" }, strict: true }],
      messages: [
        { role: "system", content: [{ type: "text", text: "Be brief.", cache: { ttl: "1h" } }] },
        { role: "user", content: [{ type: "text", text: "Hi" }] },
        { role: "system", content: [{ type: "text", text: "The caller is in a hurry." }] },
        {
          role: "user",
          content: [
            {
              type: "opaque",
              wire: "anthropic-messages",
              value: { type: "container_upload", file_id: "file_1" },
            },
          ],
        },
      ],
    };
    const request = parsed(anthropicMessages, calls[0]?.body);
    expect(request).toMatchObject(expected);
    expect(anthropicMessages.beyondContract(request)).toEqual(["tools[1]"]);
  });
});

/** Null and absent say the same on this wire. */
function withoutNulls(value: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value, (_key, inner) => (inner === null ? undefined : inner)));
}
