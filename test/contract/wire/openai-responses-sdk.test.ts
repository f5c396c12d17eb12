/** The official OpenAI client's `responses` against what the wire renders: no network, its `fetch` is ours. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import OpenAI, { APIError } from "openai";
import { zodResponsesFunction, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import type { StreamEvent } from "../../../src/core/events.ts";
import { FAULTS, type FaultKind, fault } from "../../../src/core/faults.ts";
import { openaiChat } from "../../../src/wires/openai-chat.ts";
import { openaiResponses } from "../../../src/wires/openai-responses.ts";
import type { Wire } from "../../../src/wires/wire.ts";
import { CONTEXT, readBytes, renderFrames, toBytes } from "./streams.ts";
import { parsed } from "./wire-contract.ts";

const FIXTURES = join(import.meta.dir, "../../fixtures");
const ASK = { model: "support-chat", input: "Where is my parcel?" };

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

/** What a provider of `wire` said. */
function events<Read, Render>(scenario: string, wire: Wire<Read, Render>): readonly StreamEvent[] {
  const file = join(FIXTURES, wire.id, `${scenario}.sse`);
  return readBytes(wire, [new Uint8Array(readFileSync(file))]);
}

function own(scenario: string): readonly StreamEvent[] {
  return events(scenario, openaiResponses);
}

function streamed(from: readonly StreamEvent[], context = CONTEXT): Response {
  const bytes = toBytes(openaiResponses, renderFrames(openaiResponses, from, context));
  return new Response(bytes, { headers: { "content-type": "text/event-stream" } });
}

function whole(from: readonly StreamEvent[]): Response {
  return Response.json(openaiResponses.renderAnswer(from, CONTEXT), {
    headers: { "x-request-id": "req_test" },
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

describe.each([
  ["a provider of the same wire", openaiResponses],
  ["a provider of the chat wire", openaiChat],
] as const)("the official client, behind %s", (_, wire) => {
  const said = (scenario: string) => (wire === openaiChat ? events(scenario, openaiChat) : own(scenario));

  test("streams text with its helper", async () => {
    const { client, bodies } = serve(() => streamed(said("text")));
    const stream = client.responses.stream(ASK);
    const deltas: string[] = [];
    stream.on("response.output_text.delta", (event) => deltas.push(event.delta));
    const response = await stream.finalResponse();
    expect(deltas.join("")).toBe("Your parcel left the depot this morning.");
    expect(response).toMatchObject({
      object: "response",
      status: "completed",
      model: "large",
      output_text: "Your parcel left the depot this morning.",
      error: null,
      incomplete_details: null,
    });
    expect(response.id).toStartWith("resp_");
    expect(response.usage?.total_tokens).toBe(
      response.usage ? response.usage.input_tokens + response.usage.output_tokens : 0,
    );
    expect(parsed(openaiResponses, bodies[0])).toMatchObject({ stream: true, target: "support-chat" });
  });

  test("numbers every event, and names it as its type", async () => {
    const bytes = await streamed(said("tool-calls-parallel")).text();
    const frames = bytes
      .trim()
      .split("\n\n")
      .map((frame) => frame.split("\n"));
    for (const [at, [event, data]] of frames.entries()) {
      const body = JSON.parse(data?.slice(6) ?? "");
      expect(event).toBe(`event: ${body.type}`);
      expect(body.sequence_number).toBe(at);
    }
  });

  test("gathers parallel tool calls whose arguments came in pieces", async () => {
    const { client } = serve(() => streamed(said("tool-calls-parallel")));
    const { output } = await client.responses.stream(ASK).finalResponse();
    const calls = output.filter((item) => item.type === "function_call");
    expect(calls.map((call) => [call.call_id, call.name, JSON.parse(call.arguments)])).toEqual([
      ["call_8sKdJ2mQvXz1", "track_parcel", { number: "DE-4711" }],
      ["call_Zt5nLw0RbYc7", "get_weather", { city: "Köln", unit: "c" }],
    ]);
    expect(new Set(calls.map((call) => call.id)).size).toBe(2);
  });

  test("gathers reasoning, refusals and log probabilities", async () => {
    const reasoned = await serve(() => streamed(said("reasoning")))
      .client.responses.stream(ASK)
      .finalResponse();
    const [thought] = reasoned.output;
    expect(thought?.type === "reasoning" && thought.summary[0]?.text).toContain("17 × 3");
    expect(reasoned.output_text).toBe("51.");
    expect(reasoned.usage?.output_tokens_details.reasoning_tokens).toBe(48);
    const refused = await serve(() => streamed(said("refusal")))
      .client.responses.stream(ASK)
      .finalResponse();
    const [message] = refused.output;
    expect(message?.type === "message" && message.content).toMatchObject([
      { type: "refusal", refusal: "I'm sorry, I can't help with that." },
    ]);
    const scored = await serve(() => streamed(said("logprobs")))
      .client.responses.stream(ASK)
      .finalResponse();
    const [answer] = scored.output;
    const [part] = answer?.type === "message" ? answer.content : [];
    expect(part?.type === "output_text" && part.logprobs?.map((token) => token.token)).toEqual(["Yes", "."]);
  });

  test("says why an answer is incomplete", async () => {
    const { client } = serve(() => streamed(said("length")));
    const response = await client.responses.stream(ASK).finalResponse();
    expect(response).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      output: [{ type: "message", status: "incomplete" }],
    });
  });

  test("reads whole answers, which say the same", async () => {
    for (const scenario of ["text", "reasoning", "refusal", "tool-calls-parallel", "length", "logprobs"]) {
      const streaming = await serve(() => streamed(said(scenario)))
        .client.responses.stream(ASK)
        .finalResponse();
      const answer = await serve(() => whole(said(scenario))).client.responses.create(ASK);
      expect(answer._request_id).toBe("req_test");
      expect(answer.output_text).toBe(streaming.output_text);
      expect(answer.output.map((item) => item.type)).toEqual(streaming.output.map((item) => item.type));
      expect(answer.usage).toEqual(streaming.usage);
    }
  });

  test("parses an answer to a schema, streamed and whole, and the schema reaches the request", async () => {
    const Invoice = z.object({ invoice_number: z.string(), total: z.number() });
    const text = { format: zodTextFormat(Invoice, "invoice") };
    const { client, bodies } = serve(() => whole(said("json-schema")));
    const answer = await client.responses.parse({ ...ASK, text });
    expect(answer.output_parsed).toEqual({ invoice_number: "F-2025-17", total: 119 });
    expect(parsed(openaiResponses, bodies[0]).responseFormat).toMatchObject({
      type: "json_schema",
      name: "invoice",
      strict: true,
      schema: { required: ["invoice_number", "total"] },
    });
    const streaming = serve(() => streamed(said("json-schema"))).client.responses.stream({ ...ASK, text });
    expect((await streaming.finalResponse()).output_parsed).toEqual(answer.output_parsed);
  });

  test("throws when the stream breaks, after what had come", async () => {
    const { client } = serve(() => streamed(said("cut")));
    let text = "";
    const types: string[] = [];
    const reading = async () => {
      for await (const event of await client.responses.create({ ...ASK, stream: true })) {
        types.push(event.type);
        if (event.type === "response.output_text.delta") text += event.delta;
      }
    };
    const error = await thrown(reading());
    expect(text).toBe("Your parcel left the depot");
    expect(types.at(-1)).toBe("response.failed");
    expect(types).not.toContain("response.output_item.done");
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ code: "stream_cut", type: "server_error" });
    const helped = serve(() => streamed(said("cut"))).client.responses.stream(ASK);
    expect(await thrown(helped.finalResponse())).toBeInstanceOf(APIError);
  });
});

describe("the official client", () => {
  test("sees calls that a provider fills at the same time, each in its place", async () => {
    const { client } = serve(() => streamed(own("tool-calls-interleaved")));
    const { output } = await client.responses.stream(ASK).finalResponse();
    expect(output.map((item) => item.type === "function_call" && item.arguments)).toEqual([
      '{"number":"A1"}',
      '{"number":"B2"}',
    ]);
  });

  test.each([
    "web-search",
    "custom-tool",
    "reasoning-parts",
    "reasoning-text",
    "reasoning-hidden",
    "two-messages",
    "text-then-call",
  ])("follows %s, which only this wire has words for", async (scenario) => {
    const response = await serve(() => streamed(own(scenario)))
      .client.responses.stream(ASK)
      .finalResponse();
    expect(response.status).toBe("completed");
    expect(response.output).toMatchObject(
      (await serve(() => whole(own(scenario))).client.responses.create(ASK)).output as object[],
    );
  });

  test("hands calls and reasoning back as they came, and goes on", async () => {
    const schema = z.object({ number: z.string() });
    const tools = [zodResponsesFunction({ name: "track_parcel", parameters: schema })];
    const thoughts = own("reasoning").filter(
      (event) => event.type === "reasoning" || event.type === "opaque",
    );
    const { client, bodies } = serve(() => whole([...thoughts.slice(0, -1), ...own("tool-calls-parallel")]));
    const first = await client.responses.parse({ ...ASK, tools, store: false });
    const calls = first.output.filter((item) => item.type === "function_call");
    expect(calls[0]?.parsed_arguments).toEqual({ number: "DE-4711" });
    await client.responses.create({
      model: ASK.model,
      store: false,
      tools,
      input: [
        { role: "user", content: ASK.input },
        ...first.output,
        ...calls.map((call) => ({
          type: "function_call_output" as const,
          call_id: call.call_id,
          output: "Kassel",
        })),
      ] as OpenAI.Responses.ResponseInput,
    });
    const { messages } = parsed(openaiResponses, bodies[1]);
    expect(messages.map((message) => message.role)).toEqual(["user", "assistant", "tool", "tool"]);
    expect(messages[1]?.content.map((part) => part.type)).toEqual(["reasoning", "tool_call", "tool_call"]);
  });

  test("every promised field of a response is there", () => {
    const response = openaiResponses.renderAnswer(own("text"), CONTEXT);
    const promised = [
      "id",
      "access_programs",
      "created_at",
      "error",
      "incomplete_details",
      "instructions",
      "metadata",
      "model",
      "object",
      "output",
      "parallel_tool_calls",
      "temperature",
      "tool_choice",
      "tools",
      "top_p",
    ];
    expect(promised.filter((field) => response[field] === undefined)).toEqual([]);
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
  /** Faults after which a client that tries again would only multiply load, and those it never tries again. */
  const FINAL: readonly FaultKind[] = [
    "throttled",
    "outage",
    "timeout",
    "malformed",
    "exhausted",
    "provider_auth",
    "context_overflow",
    "filtered",
    "invalid",
    "unauthenticated",
    "forbidden",
    "not_found",
  ];

  test.each(FINAL)("%s comes with its class, code and request id, and is not tried again", async (kind) => {
    const rendered = openaiResponses.renderFault(fault(kind, "a_code", "What to do."), "req_1");
    const { client, bodies } = serve(() =>
      Response.json(rendered.body, {
        status: rendered.status,
        headers: { ...rendered.headers, "x-request-id": "req_1" },
      }),
    );
    const error = await thrown(client.responses.create(ASK));
    expect(error).toBeInstanceOf(CLASSES[FAULTS[kind].status] ?? APIError);
    expect(error).toMatchObject({ status: FAULTS[kind].status, requestID: "req_1" });
    expect(String(error)).toContain("What to do.");
    expect(bodies).toHaveLength(1);
  });

  test("a failure inside a stream has what the Python client needs to raise as well", async () => {
    const lines = (await streamed(own("cut")).text()).trim().split("\n\n");
    const [event, data] = lines.at(-1)?.split("\n") ?? [];
    expect(event).toBe("event: error");
    expect(JSON.parse(data?.slice(6) ?? "")).toEqual({
      type: "error",
      sequence_number: lines.length - 1,
      code: "stream_cut",
      message: "The model's provider broke off before the answer was complete.",
      param: null,
      error: {
        message: "The model's provider broke off before the answer was complete.",
        type: "server_error",
        param: null,
        code: "stream_cut",
      },
      request_id: "req_test",
    });
  });
});
