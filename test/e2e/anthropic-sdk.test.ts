/** The official Anthropic SDK for JavaScript, unmodified, against a running gateway and every provider's wire. */
import { beforeAll, describe, expect, test } from "bun:test";
import Anthropic, {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
} from "@anthropic-ai/sdk";
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
import { INSTANT, PROVIDER_WIRES, via, wirePolicy } from "./wire-policies.ts";

endToEnd();

type Params = Anthropic.MessageCreateParamsNonStreaming;

let gateway: RunningGateway;
let client: Anthropic;

beforeAll(async () => {
  gateway = await startGateway({ policy: wirePolicy(), scenario: INSTANT });
  client = clientWith(KEY);
});

function clientWith(apiKey: string, maxRetries = 0): Anthropic {
  return new Anthropic({ baseURL: gateway.url, apiKey, maxRetries });
}

function ask(text: string, more: Partial<Params> = {}): Params {
  return {
    model: via("anthropic-messages"),
    max_tokens: 400,
    messages: [{ role: "user", content: text }],
    ...more,
  };
}

function textOf(message: Anthropic.Message): string {
  return message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
}

const WEATHER: Anthropic.Tool = {
  name: "get_weather",
  description: "Current weather of a city",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const TIME: Anthropic.Tool = { ...WEATHER, name: "get_time", description: "Local time of a city" };
const TOOL_QUESTION = "What is the weather in Berlin, and the time in Tokyo?";

describe.each([...PROVIDER_WIRES])("behind %s", (wire) => {
  const model = via(wire);

  test("a plain answer keeps the promises of its type", async () => {
    const { data, response, request_id } = await client.messages
      .create(ask("Where is my parcel?", { model }))
      .withResponse();
    expect(data).toMatchObject({ type: "message", role: "assistant", model: `model-${wire}` });
    expect(data.id).toStartWith("msg_");
    expect(data.stop_reason).toBe("end_turn");
    expect(data.stop_sequence).toBeNull();
    expect(textOf(data)).toContain("Where is my parcel?");
    expect(data.usage.input_tokens).toBeGreaterThan(0);
    expect(data.usage.output_tokens).toBeGreaterThan(0);
    expect(response.headers.get("x-pointsman-model")).toBe(`model-${wire}`);
    expect(request_id).toBe(response.headers.get("x-request-id"));
  });

  test("a stream says the same, by the helper and by hand", async () => {
    const whole = await client.messages.create(ask("Where is my parcel?", { model }));
    const stream = client.messages.stream(ask("Where is my parcel?", { model }));
    const pieces: string[] = [];
    stream.on("text", (piece) => pieces.push(piece));
    const final = await stream.finalMessage();
    expect(textOf(final)).toBe(textOf(whole));
    expect(pieces.join("")).toBe(textOf(whole));
    expect(pieces.length).toBeGreaterThan(3);
    expect(final.stop_reason).toBe("end_turn");
    expect(final.usage.output_tokens).toBe(whole.usage.output_tokens);
    const kinds: string[] = [];
    for await (const event of await client.messages.create({
      ...ask("Where is my parcel?", { model }),
      stream: true,
    })) {
      if (kinds.at(-1) !== event.type) kinds.push(event.type);
    }
    expect(kinds).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
  });

  test("tools: two calls whose arguments come in pieces, then an answer from their results", async () => {
    const tools = [WEATHER, TIME];
    const first = await client.messages.stream(ask(TOOL_QUESTION, { model, tools })).finalMessage();
    expect(first.stop_reason).toBe("tool_use");
    const calls = first.content.filter((block) => block.type === "tool_use");
    expect(calls.map(({ name }) => name)).toEqual(["get_weather", "get_time"]);
    for (const call of calls) expect(call.input).toEqual({ city: expect.any(String) });
    const whole = await client.messages.create(ask(TOOL_QUESTION, { model, tools }));
    expect(whole.content.filter((block) => block.type === "tool_use").map(({ input }) => input)).toEqual(
      calls.map(({ input }) => input),
    );
    const results = calls.map(
      (call, at): Anthropic.ToolResultBlockParam => ({
        type: "tool_result",
        tool_use_id: call.id,
        content: `result ${at}`,
      }),
    );
    const second = await client.messages.create({
      ...ask("", { model, tools }),
      messages: [
        { role: "user", content: TOOL_QUESTION },
        { role: "assistant", content: first.content },
        { role: "user", content: results },
      ],
    });
    for (const result of ["result 0", "result 1"]) expect(textOf(second)).toContain(result);
  });

  test("an image and a document arrive", async () => {
    const pixel =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    const answer = await client.messages.create({
      ...ask("", { model }),
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "What do you see?" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: pixel } },
            {
              type: "document",
              title: "contract",
              source: { type: "base64", media_type: "application/pdf", data: "JVBERi0xLjQK" },
            },
          ],
        },
      ],
    });
    expect(textOf(answer)).toContain("one image");
    expect(textOf(answer)).toContain("document");
  });

  test("max_tokens cuts the answer and says so", async () => {
    const answer = await client.messages.create(ask("A long story", { model, max_tokens: 16 }));
    expect(answer.stop_reason).toBe("max_tokens");
    expect(answer.usage.output_tokens).toBe(16);
  });

  test("a schema gives JSON that fits it", async () => {
    const answer = await client.messages.create({
      ...ask("Invoice 2024-117, total 118.50", { model }),
      output_config: {
        format: {
          type: "json_schema",
          schema: {
            type: "object",
            properties: { number: { type: "string" }, total: { type: "number" } },
            required: ["number", "total"],
            additionalProperties: false,
          },
        },
      },
    });
    expect(JSON.parse(textOf(answer))).toEqual({ number: expect.any(String), total: expect.any(Number) });
  });

  test("a provider's error in the middle of a stream raises, without a stop reason", async () => {
    await inject(gateway, { fault: { error_in_stream_after_tokens: 4 } });
    try {
      const stream = client.messages.stream(ask("Hi there", { model }));
      let text = "";
      stream.on("text", (piece) => {
        text += piece;
      });
      const raised = await stream.finalMessage().then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(raised).toBeInstanceOf(APIError);
      expect(text.length).toBeGreaterThan(0);
    } finally {
      await clearFaults(gateway);
    }
  });
});

describe("what this dialect has of its own", () => {
  test("thinking with its signature survives the round trip on its own wire and on Bedrock's", async () => {
    for (const wire of ["anthropic-messages", "bedrock-converse", "bedrock-invoke"] as const) {
      const params = ask("Think about it", {
        model: via(wire),
        max_tokens: 4000,
        thinking: { type: "enabled", budget_tokens: 1024 },
      });
      const answer = await client.messages.stream(params).finalMessage();
      const [thinking] = answer.content;
      expect(thinking).toMatchObject({ type: "thinking" });
      if (thinking?.type !== "thinking") continue;
      expect(thinking.thinking.length).toBeGreaterThan(0);
      expect(thinking.signature.length).toBeGreaterThan(10);
      const next = await client.messages.create({
        ...params,
        messages: [
          ...params.messages,
          { role: "assistant", content: answer.content },
          { role: "user", content: "And then?" },
        ],
      });
      expect(textOf(next)).toContain("And then?");
    }
  });

  test("a cached prefix is written once and then read, and priced as such", async () => {
    const params = ask("Shorter, please", {
      system: [
        {
          type: "text",
          text: "You are a patient assistant. ".repeat(40),
          cache_control: { type: "ephemeral" },
        },
      ],
    });
    const first = await client.messages.create(params);
    expect(first.usage.cache_creation_input_tokens).toBeGreaterThan(0);
    const { data: second, response } = await client.messages.create(params).withResponse();
    expect(second.usage.cache_read_input_tokens).toBe(first.usage.cache_creation_input_tokens);
    const { input_tokens: input, cache_read_input_tokens: read, output_tokens: output } = second.usage;
    const cost = (input * 3 + (read ?? 0) * 0.3 + output * 15) / 1e6;
    expect(Number(response.headers.get("x-pointsman-cost-usd"))).toBeCloseTo(cost, 9);
  });

  test.each([...PROVIDER_WIRES])("tokens are counted behind %s", async (wire) => {
    const counted = await client.messages.countTokens({
      model: via(wire),
      messages: [{ role: "user", content: "How many tokens is this?" }],
    });
    expect(counted.input_tokens).toBeGreaterThan(4);
    expect(counted.input_tokens).toBeLessThan(40);
  });

  test("models are listed and found in its own shape", async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toContain(via("gemini"));
    expect((await client.models.retrieve(via("gemini"))).type).toBe("model");
  });

  test("words of the policy stand in for an answer", async () => {
    await inject(gateway, { fault: { status: 503 } });
    try {
      const { data, response } = await client.messages
        .create(ask("Hi", { model: "words-chat" }))
        .withResponse();
      expect(textOf(data)).toStartWith("We are resting");
      expect(response.headers.get("x-pointsman-degraded")).toBe("template");
      const streamed = await client.messages.stream(ask("Hi", { model: "words-chat" })).finalMessage();
      expect(textOf(streamed)).toStartWith("We are resting");
    } finally {
      await clearFaults(gateway);
    }
  });

  test("a control that cannot be honoured is a warning, and an error under strict", async () => {
    // Models that still take it are asked with it, though the SDK's types have dropped it.
    const params = { ...ask("Hi", { model: via("openai-chat") }), top_k: 5 };
    const { response } = await client.messages.create(params).withResponse();
    expect(response.headers.get("x-pointsman-warnings")).toContain("top_k");
    expect((await decisionOf(gateway, response)).warnings).toContain("top_k");
    const strict = client.messages.create(params, { headers: { "x-pointsman-strict": "true" } });
    expect(await errorOf(strict)).toBeInstanceOf(BadRequestError);
  });
});

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

describe("errors", () => {
  test("an unknown key is an AuthenticationError", async () => {
    const error = await errorOf(clientWith("pm_nobody").messages.create(ask("Hi")));
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({ status: 401, requestID: expect.stringMatching(/^req_/) });
    expect(error.error).toMatchObject({ type: "error", error: { type: "authentication_error" } });
  });

  test("an unknown model is a NotFoundError that lists what there is", async () => {
    const error = await errorOf(client.messages.create(ask("Hi", { model: "nobody" })));
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error.message).toContain(via("gemini"));
  });

  test("a missing max_tokens is a BadRequestError that names it", async () => {
    const { max_tokens: _left, ...rest } = ask("Hi");
    const error = await errorOf(client.messages.create(rest as Params));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error.message).toContain("max_tokens");
  });

  test("an SDK that would retry calls once when the ladder has given up", async () => {
    await inject(gateway, { fault: { status: 503 } });
    try {
      const eager = new Anthropic({
        baseURL: gateway.url,
        apiKey: KEY,
        maxRetries: 2,
        defaultHeaders: { "x-request-id": "anthropic-retries" },
      });
      const error = await errorOf(eager.messages.create(ask("Hi")));
      expect(error).toBeInstanceOf(InternalServerError);
      expect(error.status).toBe(503);
    } finally {
      await clearFaults(gateway);
    }
    const page = await listDecisions(gateway, "limit=500");
    expect(page.decisions.filter(({ requestId }) => requestId === "anthropic-retries").length).toBeLessThan(
      2,
    );
  });
});
