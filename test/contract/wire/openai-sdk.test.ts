/** The official OpenAI client against what the chat wire renders: no network, its `fetch` is ours. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import OpenAI, { APIError } from "openai";
import type { StreamEvent } from "../../../src/core/events.ts";
import { FAULTS, type FaultKind, fault } from "../../../src/core/faults.ts";
import { openaiChat } from "../../../src/wires/openai-chat.ts";
import { CONTEXT, readBytes, renderFrames, toBytes } from "./streams.ts";
import { NO_HINTS, parsed } from "./wire-contract.ts";

const FOLDER = join(import.meta.dir, "../../fixtures/openai-chat");
const MESSAGES = [{ role: "user" as const, content: "Where is my parcel?" }];
const ASK = { model: "support-chat", messages: MESSAGES };

interface Served {
  readonly client: OpenAI;
  readonly bodies: unknown[];
}

/** A client whose every request is answered with `answer`, and the bodies it sent. */
function serve(answer: () => Response): Served {
  const bodies: unknown[] = [];
  const client = new OpenAI({
    apiKey: "test",
    baseURL: "http://gateway.test/v1",
    maxRetries: 2,
    fetch: async (_url, init) => {
      bodies.push(JSON.parse(String(init?.body)));
      return answer();
    },
  });
  return { client, bodies };
}

function events(scenario: string): readonly StreamEvent[] {
  return readBytes(openaiChat, [new Uint8Array(readFileSync(join(FOLDER, `${scenario}.sse`)))]);
}

function streamed(from: readonly StreamEvent[], context = CONTEXT): Response {
  const bytes = toBytes(openaiChat, renderFrames(openaiChat, from, context));
  return new Response(bytes, { headers: { "content-type": "text/event-stream" } });
}

function whole(from: readonly StreamEvent[]): Response {
  return Response.json(openaiChat.renderAnswer(from, CONTEXT), { headers: { "x-request-id": "req_test" } });
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
  test("streams text with its helper", async () => {
    const { client, bodies } = serve(() => streamed(events("text")));
    const stream = client.chat.completions.stream({ ...ASK, stream_options: { include_usage: true } });
    const deltas: string[] = [];
    stream.on("content", (delta) => deltas.push(delta));
    const completion = await stream.finalChatCompletion();
    expect(deltas.length).toBeGreaterThan(5);
    expect(completion.choices[0]).toMatchObject({
      finish_reason: "stop",
      message: { role: "assistant", content: "Your parcel left the depot this morning.", refusal: null },
    });
    expect(completion).toMatchObject({ object: "chat.completion", model: "large", service_tier: "default" });
    expect(completion.usage).toMatchObject({ prompt_tokens: 31, completion_tokens: 8, total_tokens: 39 });
    expect(parsed(openaiChat, bodies[0])).toMatchObject({ stream: true, streamUsage: true });
  });

  test("streams chunks that keep their type's promises", async () => {
    const { client } = serve(() => streamed(events("two-choices")));
    const stream = await client.chat.completions.create({ ...ASK, n: 2, stream: true });
    const seen = new Set<number>();
    for await (const chunk of stream) {
      expect(chunk.object).toBe("chat.completion.chunk");
      expect(chunk.id).toStartWith("chatcmpl-");
      expect(chunk.created).toBeInteger();
      for (const choice of chunk.choices) {
        if (!seen.has(choice.index)) expect(choice.delta.role).toBe("assistant");
        seen.add(choice.index);
      }
    }
    expect([...seen].sort()).toEqual([0, 1]);
  });

  test("gathers parallel tool calls whose arguments came in pieces", async () => {
    const { client } = serve(() => streamed(events("tool-calls-parallel")));
    const { choices } = await client.chat.completions.stream(ASK).finalChatCompletion();
    const calls = choices[0]?.message.tool_calls ?? [];
    expect(calls.map((call) => (call.type === "function" ? call.function.name : null))).toEqual([
      "track_parcel",
      "get_weather",
    ]);
    expect(
      calls.map((call) => (call.type === "function" ? JSON.parse(call.function.arguments) : null)),
    ).toEqual([{ number: "DE-4711" }, { city: "Köln", unit: "c" }]);
    expect(choices[0]?.message.content).toBeNull();
  });

  test("gathers refusals and log probabilities", async () => {
    const refused = serve(() => streamed(events("refusal"))).client.chat.completions.stream(ASK);
    expect((await refused.finalChatCompletion()).choices[0]?.message).toMatchObject({
      refusal: "I'm sorry, I can't help with that.",
    });
    const scored = serve(() => streamed(events("logprobs"))).client.chat.completions.stream(ASK);
    const { choices } = await scored.finalChatCompletion();
    expect(choices[0]?.logprobs?.content?.map((token) => token.token)).toEqual(["Yes", "."]);
  });

  test("runs a tool and asks again", async () => {
    const answers = [events("tool-call-no-arguments"), events("text")];
    const { client, bodies } = serve(() => whole(answers.shift() ?? []));
    const runner = client.chat.completions.runTools({
      ...ASK,
      tools: [
        {
          type: "function",
          function: {
            name: "list_orders",
            parameters: { type: "object", properties: {} },
            description: "The caller's orders.",
            function: (_arguments: string) => "DE-4711",
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe("Your parcel left the depot this morning.");
    expect(parsed(openaiChat, bodies[1]).messages.at(-1)).toEqual({
      role: "tool",
      content: [
        {
          type: "tool_result",
          callId: "chatcmpl-tool-0c2f",
          content: [{ type: "text", text: "DE-4711" }],
        },
      ],
    });
  });

  test("reads whole answers", async () => {
    for (const scenario of ["text", "two-choices", "logprobs", "refusal", "tool-calls-parallel"]) {
      const { client } = serve(() => whole(events(scenario)));
      const completion = await client.chat.completions.create(ASK);
      expect(completion.object).toBe("chat.completion");
      expect(completion._request_id).toBe("req_test");
      for (const [index, choice] of completion.choices.entries()) {
        expect(choice.index).toBe(index);
        expect(choice.message.role).toBe("assistant");
        expect(choice.finish_reason).toBeString();
      }
    }
  });

  test("reads answers to a JSON schema with its parse helper, and the schema reaches the request", async () => {
    const { client, bodies } = serve(() => whole(events("json-schema")));
    const schema = { type: "object", properties: { total: { type: "number" } } };
    const completion = await client.chat.completions.parse({
      ...ASK,
      response_format: { type: "json_schema", json_schema: { name: "invoice", strict: true, schema } },
    });
    expect(JSON.parse(completion.choices[0]?.message.content ?? "")).toEqual({
      invoice_number: "F-2025-17",
      total: 119,
    });
    expect(parsed(openaiChat, bodies[0]).responseFormat).toEqual({
      type: "json_schema",
      name: "invoice",
      schema,
      strict: true,
    });
  });

  test("throws when the stream breaks, after what had come", async () => {
    const { client } = serve(() => streamed(events("cut")));
    const stream = await client.chat.completions.create({ ...ASK, stream: true });
    let text = "";
    const error = await thrown(
      (async () => {
        for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
      })(),
    );
    expect(text).toBe("Your parcel left the depot");
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ code: "stream_cut", type: "server_error" });
  });
});

describe("the official client's error classes", () => {
  const CLASSES: Readonly<Record<number, new (...parts: never[]) => APIError>> = {
    400: OpenAI.BadRequestError,
    401: OpenAI.AuthenticationError,
    403: OpenAI.PermissionDeniedError,
    404: OpenAI.NotFoundError,
    429: OpenAI.RateLimitError,
    500: OpenAI.InternalServerError,
    502: OpenAI.InternalServerError,
    503: OpenAI.InternalServerError,
    504: OpenAI.InternalServerError,
  };
  const TRIED: readonly FaultKind[] = [
    "throttled",
    "outage",
    "timeout",
    "malformed",
    "exhausted",
    "provider_auth",
    "provider_not_found",
  ];
  const FINAL = (Object.keys(FAULTS) as FaultKind[]).filter(
    (kind) => TRIED.includes(kind) || FAULTS[kind].status < 429,
  );

  test.each(FINAL)("%s comes with its class, code and request id, and is not tried again", async (kind) => {
    const rendered = openaiChat.renderFault(fault(kind, "a_code", "What to do."), "req_1");
    const { client, bodies } = serve(() =>
      Response.json(rendered.body, {
        status: rendered.status,
        headers: { ...rendered.headers, "x-request-id": "req_1" },
      }),
    );
    const error = await thrown(client.chat.completions.create(ASK));
    expect(error).toBeInstanceOf(CLASSES[rendered.status] ?? APIError);
    expect(error).toMatchObject({ status: rendered.status, requestID: "req_1" });
    expect(String(error)).toContain("What to do.");
    expect(bodies).toHaveLength(1);
  });

  test("a caller over its own limit is told when to come back, and comes back", async () => {
    const limited = openaiChat.renderFault(
      fault("rate_limited", "requests_per_minute", "Slow down.", { retryAfterMs: 1 }),
      "req_1",
    );
    const answers = [
      Response.json(limited.body, { status: limited.status, headers: limited.headers }),
      whole(events("text")),
    ];
    const { client, bodies } = serve(() => answers.shift() ?? Response.error());
    const completion = await client.chat.completions.create(ASK);
    expect(completion.choices[0]?.message.content).toContain("parcel");
    expect(bodies).toHaveLength(2);
    expect(openaiChat.parseRequest(bodies[1], NO_HINTS).ok).toBe(true);
  });
});
