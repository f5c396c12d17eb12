/** The official OpenAI SDK's Responses and Embeddings against a running gateway and every provider's wire. */
import { beforeAll, describe, expect, test } from "bun:test";
import OpenAI, { APIError } from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { endToEnd } from "./end-to-end.ts";
import { clearFaults, inject, KEY, type RunningGateway, startGateway } from "./harness.ts";
import { EMBEDDING_WIRES, INSTANT, PROVIDER_WIRES, vectorsVia, via, wirePolicy } from "./wire-policies.ts";

endToEnd();

let gateway: RunningGateway;
let client: OpenAI;

beforeAll(async () => {
  gateway = await startGateway({ policy: wirePolicy(), scenario: INSTANT });
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: KEY, maxRetries: 0 });
});

const parameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const TOOLS: OpenAI.Responses.FunctionTool[] = [
  {
    type: "function",
    name: "get_weather",
    description: "Current weather of a city",
    parameters,
    strict: true,
  },
  { type: "function", name: "get_time", description: "Local time of a city", parameters, strict: true },
];
const TOOL_QUESTION = "What is the weather in Berlin, and the time in Tokyo?";

describe.each([...PROVIDER_WIRES])("behind %s", (wire) => {
  const model = via(wire);

  test("a plain answer keeps the promises of its type", async () => {
    const answer = await client.responses.create({ model, input: "Where is my parcel?" });
    expect(answer).toMatchObject({
      object: "response",
      status: "completed",
      model: `model-${wire}`,
      error: null,
    });
    expect(answer.id).toStartWith("resp_");
    expect(answer.output_text).toContain("Where is my parcel?");
    expect(answer.usage?.total_tokens).toBe(
      (answer.usage?.input_tokens ?? 0) + (answer.usage?.output_tokens ?? 0),
    );
  });

  test("a stream says the same, with numbered events", async () => {
    const whole = await client.responses.create({ model, input: "Where is my parcel?" });
    const stream = client.responses.stream({ model, input: "Where is my parcel?" });
    const numbers: number[] = [];
    const kinds = new Set<string>();
    for await (const event of stream) {
      numbers.push(event.sequence_number);
      kinds.add(event.type);
    }
    const final = await stream.finalResponse();
    expect(final.output_text).toBe(whole.output_text);
    expect(final.usage?.output_tokens).toBe(whole.usage?.output_tokens);
    expect(numbers).toEqual(numbers.map((_, at) => at));
    for (const kind of [
      "response.created",
      "response.output_item.added",
      "response.output_text.delta",
      "response.output_text.done",
      "response.completed",
    ]) {
      expect(kinds).toContain(kind);
    }
  });

  test("tools: two calls, then an answer from their results", async () => {
    const first = await client.responses.create({ model, input: TOOL_QUESTION, tools: TOOLS });
    const calls = first.output.filter((item) => item.type === "function_call");
    expect(calls.map(({ name }) => name)).toEqual(["get_weather", "get_time"]);
    for (const call of calls) expect(JSON.parse(call.arguments)).toEqual({ city: expect.any(String) });
    const second = await client.responses.create({
      model,
      tools: TOOLS,
      input: [
        { role: "user", content: TOOL_QUESTION },
        ...calls,
        ...calls.map((call, at) => ({
          type: "function_call_output" as const,
          call_id: call.call_id,
          output: `result ${at}`,
        })),
      ],
    });
    for (const result of ["result 0", "result 1"]) expect(second.output_text).toContain(result);
  });

  test("a schema gives a parsed value", async () => {
    const Invoice = z.object({ number: z.string(), total: z.number() });
    const answer = await client.responses.parse({
      model,
      input: "Invoice 2024-117, total 118.50",
      text: { format: zodTextFormat(Invoice, "invoice") },
    });
    expect(Invoice.safeParse(answer.output_parsed).success).toBe(true);
  });

  test("a limit makes it incomplete and says why", async () => {
    const answer = await client.responses.create({ model, input: "A long story", max_output_tokens: 16 });
    expect(answer).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
    });
  });

  test("chat completions answer from the same provider", async () => {
    const { choices, usage } = await client.chat.completions.create({
      model,
      messages: [{ role: "user", content: "Where is my parcel?" }],
    });
    expect(choices[0]?.message.content).toContain("Where is my parcel?");
    expect(choices[0]?.finish_reason).toBe("stop");
    expect(usage?.completion_tokens).toBeGreaterThan(0);
    let text = "";
    for await (const chunk of await client.chat.completions.create({
      model,
      messages: [{ role: "user", content: "Where is my parcel?" }],
      stream: true,
    })) {
      text += chunk.choices[0]?.delta.content ?? "";
    }
    expect(text).toBe(choices[0]?.message.content ?? "");
  });

  test("a provider's error in the middle of a stream raises", async () => {
    await inject(gateway, { fault: { error_in_stream_after_tokens: 4 } });
    try {
      const stream = await client.responses.create({ model, input: "Hi there", stream: true });
      let text = "";
      const read = async () => {
        for await (const event of stream)
          if (event.type === "response.output_text.delta") text += event.delta;
      };
      expect(
        await read().then(
          () => null,
          (thrown: unknown) => thrown,
        ),
      ).toBeInstanceOf(APIError);
      expect(text.length).toBeGreaterThan(0);
    } finally {
      await clearFaults(gateway);
    }
  });
});

describe.each([...EMBEDDING_WIRES])("embeddings behind %s", (wire) => {
  test("are vectors, in the order of their inputs, as floats and as base64", async () => {
    const model = vectorsVia(wire);
    const input = ["the parcel is late", "where is my parcel", "how to bake bread"];
    const packed = await client.embeddings.create({ model, input });
    const plain = await client.embeddings.create({ model, input, encoding_format: "float" });
    expect(packed.data.map(({ index }) => index)).toEqual([0, 1, 2]);
    for (const [at, row] of plain.data.entries()) {
      expect(row.embedding.length).toBeGreaterThan(100);
      const other = packed.data[at]?.embedding ?? [];
      expect(other.length).toBe(row.embedding.length);
      for (const [i, value] of row.embedding.entries()) expect(other[i]).toBeCloseTo(value, 5);
    }
  });
});

test("a use case for chat does not embed, and says so", async () => {
  const raised = await client.embeddings.create({ model: via("openai-chat"), input: "hello" }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(raised).toBeInstanceOf(APIError);
  expect((raised as APIError).status).toBe(400);
  expect(String(raised)).toContain("no model that makes embeddings");
});

test("a use case for embeddings does not chat, and says so", async () => {
  const raised = await client.responses.create({ model: vectorsVia("openai-chat"), input: "Hi" }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect((raised as APIError).status).toBe(400);
  expect(String(raised)).toContain("is for embeddings");
});

test("kept state is refused with what to do instead", async () => {
  const raised = await client.responses
    .create({ model: via("openai-chat"), input: "Hi", previous_response_id: "resp_1" })
    .then(
      () => null,
      (thrown: unknown) => thrown,
    );
  expect(raised).toMatchObject({ status: 400, param: "previous_response_id" });
});
