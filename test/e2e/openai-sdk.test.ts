/** The official OpenAI SDK for JavaScript, unmodified, against a running gateway. */
import { beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { endToEnd } from "./end-to-end.ts";
import { KEY, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, KEYS, testPolicy } from "./policies.ts";

endToEnd();

type Params = OpenAI.ChatCompletionCreateParamsNonStreaming;

let gateway: RunningGateway;
let client: OpenAI;

beforeAll(async () => {
  gateway = await startGateway({ policy: testPolicy(), scenario: INSTANT });
  client = clientWith(KEY);
});

function clientWith(apiKey: string, options: ConstructorParameters<typeof OpenAI>[0] = {}): OpenAI {
  return new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0, ...options });
}

function ask(text: string, more: Partial<Params> = {}): Params {
  return { model: "support-chat", messages: [{ role: "user", content: text }], ...more };
}

describe("answers", () => {
  test("a plain one has content, usage and the headers of its decision", async () => {
    const { data, response, request_id } = await client.chat.completions
      .create(ask("Where is my parcel?"))
      .withResponse();
    expect(data.object).toBe("chat.completion");
    expect(data.model).toBe("atlas");
    expect(data.choices[0]?.message).toMatchObject({ role: "assistant", refusal: null });
    expect(data.choices[0]?.message.content).toContain("Where is my parcel?");
    expect(data.choices[0]?.finish_reason).toBe("stop");
    const usage = data.usage ?? { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
    expect(usage.prompt_tokens).toBeGreaterThan(0);
    expect(usage.completion_tokens).toBeGreaterThan(0);
    expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-request-id": request_id,
      "x-pointsman-decision": expect.stringMatching(/^dec_[0-9a-z]{19}$/),
      "x-pointsman-use-case": "support-chat",
      "x-pointsman-model": "atlas",
      "x-pointsman-provider": "sim",
      "x-pointsman-region": "us-east-1",
      "x-pointsman-rung": "primary",
      "x-pointsman-attempts": "1",
      "x-pointsman-simulated": "true",
    });
    // 3 and 15 US dollars per million tokens.
    const cost = (usage.prompt_tokens * 3 + usage.completion_tokens * 15) / 1e6;
    expect(Number(response.headers.get("x-pointsman-cost-usd"))).toBeCloseTo(cost, 9);
  });

  test("an alias of a use case serves as its name", async () => {
    const { response } = await client.chat.completions.create(ask("Hi", { model: "gpt-4o" })).withResponse();
    expect(response.headers.get("x-pointsman-use-case")).toBe("support-chat");
  });

  test("n gives so many different choices", async () => {
    const { choices } = await client.chat.completions.create(ask("Two ways, please", { n: 2 }));
    expect(choices.map((choice) => choice.index)).toEqual([0, 1]);
    for (const choice of choices) expect(choice.message.content).toContain("Two ways, please");
  });

  test("stop ends the text before the sequence", async () => {
    const whole = await client.chat.completions.create(ask("Where is it?"));
    const { choices } = await client.chat.completions.create(ask("Where is it?", { stop: ["Where"] }));
    const text = choices[0]?.message.content ?? "";
    expect(text.length).toBeGreaterThan(0);
    expect(whole.choices[0]?.message.content).toStartWith(`${text}Where`);
    expect(choices[0]?.finish_reason).toBe("stop");
  });

  test("the seed reaches the model: it decides the answer, and the same one gives the same", async () => {
    const answers = new Set<string>();
    const say = async (seed: number) => {
      const { choices } = await client.chat.completions.create(ask("Anything", { seed }));
      return choices[0]?.message.content ?? "";
    };
    for (let seed = 1; seed <= 8; seed++) answers.add(await say(seed));
    expect(answers.size).toBeGreaterThan(1);
    expect(await say(3)).toBe(await say(3));
  });

  test("log probabilities come with so many alternatives a token", async () => {
    const { choices } = await client.chat.completions.create(
      ask("Sure?", { logprobs: true, top_logprobs: 2 }),
    );
    const content = choices[0]?.logprobs?.content ?? [];
    expect(content.map(({ token }) => token).join("")).toBe(choices[0]?.message.content ?? "");
    for (const token of content) {
      expect(token.top_logprobs).toHaveLength(2);
      expect(token.logprob).toBeLessThanOrEqual(0);
    }
  });

  test.each(["max_tokens", "max_completion_tokens"])("%s cuts the answer and says so", async (field) => {
    const { choices, usage } = await client.chat.completions.create(ask("A long story", { [field]: 5 }));
    expect(choices[0]?.finish_reason).toBe("length");
    expect(usage?.completion_tokens).toBe(5);
  });

  test("images arrive by URL and as base64", async () => {
    const pixel =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    const { choices } = await client.chat.completions.create({
      model: "support-chat",
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "What do you see?" },
            { type: "image_url", image_url: { url: "https://example.com/cat.png", detail: "low" } },
            { type: "image_url", image_url: { url: `data:image/png;base64,${pixel}` } },
          ],
        },
      ],
    });
    expect(choices[0]?.message.content).toContain("2 images");
  });
});

describe("formats", () => {
  const Invoice = z.object({
    number: z.string(),
    total: z.number(),
    currency: z.enum(["EUR", "USD"]),
    lines: z.array(z.object({ text: z.string(), amount: z.number() })).min(1),
  });

  test("a schema by the zod helper gives a parsed value", async () => {
    const { choices } = await client.chat.completions.parse({
      model: "extraction",
      messages: [{ role: "user", content: "Invoice 2024-117 of Example GmbH, total 118.50 EUR." }],
      response_format: zodResponseFormat(Invoice, "invoice"),
    });
    expect(Invoice.safeParse(choices[0]?.message.parsed).success).toBe(true);
  });

  test("a schema by hand gives JSON that satisfies it", async () => {
    const schema = {
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
      additionalProperties: false,
    };
    const { choices } = await client.chat.completions.create(
      ask("I live in Berlin", {
        response_format: { type: "json_schema", json_schema: { name: "place", strict: true, schema } },
      }),
    );
    expect(JSON.parse(choices[0]?.message.content ?? "")).toEqual({ city: expect.any(String) });
  });

  test("json_object gives an object", async () => {
    const { choices } = await client.chat.completions.create(
      ask("As JSON", { response_format: { type: "json_object" } }),
    );
    expect(JSON.parse(choices[0]?.message.content ?? "")).toBeInstanceOf(Object);
  });
});

describe("tools", () => {
  const tool = (name: string, description: string): OpenAI.ChatCompletionFunctionTool => ({
    type: "function",
    function: {
      name,
      description,
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    },
  });
  const tools = [tool("get_weather", "Current weather of a city"), tool("get_time", "Local time of a city")];
  const question = "What is the weather in Berlin, and the time in Tokyo?";
  const callsOf = async (more: Partial<Params>) => {
    const { choices } = await client.chat.completions.create(ask(question, { tools, ...more }));
    const calls = choices[0]?.message.tool_calls ?? [];
    return {
      calls,
      names: calls.map((call) => call.type === "function" && call.function.name),
      choice: choices[0],
    };
  };

  test("two are called in parallel, and their results are answered in text", async () => {
    const { calls, names, choice } = await callsOf({});
    expect(names).toEqual(["get_weather", "get_time"]);
    expect(choice?.finish_reason).toBe("tool_calls");
    expect(choice?.message.content).toBeNull();
    expect(new Set(calls.map((call) => call.id)).size).toBe(2);
    for (const call of calls) {
      const text = call.type === "function" ? call.function.arguments : "";
      expect(JSON.parse(text)).toEqual({ city: expect.any(String) });
    }
    const { choices } = await client.chat.completions.create({
      model: "support-chat",
      tools,
      messages: [
        { role: "user", content: question },
        { role: "assistant", content: null, tool_calls: calls },
        ...calls.map((call, at) => ({
          role: "tool" as const,
          tool_call_id: call.id,
          content: `result ${at}`,
        })),
      ],
    });
    expect(choices[0]?.finish_reason).toBe("stop");
    expect(choices[0]?.message.content).toContain("result 0");
    expect(choices[0]?.message.content).toContain("result 1");
  });

  test("parallel_tool_calls: false gives one call", async () => {
    expect((await callsOf({ parallel_tool_calls: false })).calls).toHaveLength(1);
  });

  test("tool_choice none gives text, required a call, and a name that tool", async () => {
    expect((await callsOf({ tool_choice: "none" })).calls).toEqual([]);
    const { choices } = await client.chat.completions.create(
      ask("Hello", { tools, tool_choice: "required" }),
    );
    expect(choices[0]?.message.tool_calls).toHaveLength(1);
    const named = { type: "function", function: { name: "get_time" } } as const;
    expect((await callsOf({ tool_choice: named })).names).toEqual(["get_time"]);
  });

  test("streamed calls put together are those of the whole answer", async () => {
    const whole = await callsOf({});
    const final = await client.chat.completions
      .stream({ ...ask(question, { tools }), stream: true })
      .finalChatCompletion();
    const streamed = final.choices[0]?.message.tool_calls ?? [];
    expect(streamed.map((call) => call.type === "function" && call.function.name)).toEqual(whole.names);
    expect(final.choices[0]?.finish_reason).toBe("tool_calls");
    for (const call of streamed)
      expect(JSON.parse(call.type === "function" ? call.function.arguments : "")).toBeInstanceOf(Object);
  });
});

describe("streams", () => {
  test("the pieces make up the whole answer, and the headers are there from the start", async () => {
    const whole = await client.chat.completions.create(ask("Tell me"));
    const { data: stream, response } = await client.chat.completions
      .create({ ...ask("Tell me"), stream: true })
      .withResponse();
    expect(response.headers.get("content-type")).toStartWith("text/event-stream");
    expect(response.headers.get("x-pointsman-rung")).toBe("primary");
    expect(response.headers.get("x-pointsman-attempts")).toBe("1");
    expect(response.headers.get("x-pointsman-model")).toBe("atlas");
    expect(response.headers.get("x-pointsman-simulated")).toBe("true");
    let text = "";
    const finishes: string[] = [];
    const ids = new Set<string>();
    for await (const chunk of stream) {
      ids.add(chunk.id);
      expect(chunk.object).toBe("chat.completion.chunk");
      expect(chunk.usage ?? null).toBeNull();
      text += chunk.choices[0]?.delta.content ?? "";
      if (chunk.choices[0]?.finish_reason) finishes.push(chunk.choices[0].finish_reason);
    }
    expect(text).toBe(whole.choices[0]?.message.content ?? "");
    expect(finishes).toEqual(["stop"]);
    expect(ids.size).toBe(1);
  });

  test("include_usage adds one last chunk with the usage and no choice", async () => {
    const stream = await client.chat.completions.create({
      ...ask("Count"),
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const last = chunks.pop();
    expect(last?.choices).toEqual([]);
    expect(last?.usage?.total_tokens).toBe(
      (last?.usage?.prompt_tokens ?? 0) + (last?.usage?.completion_tokens ?? 0),
    );
    expect(last?.usage?.completion_tokens).toBeGreaterThan(0);
    for (const chunk of chunks) expect(chunk.usage ?? null).toBeNull();
  });

  test("the stream helper gathers two choices", async () => {
    const final = await client.chat.completions
      .stream({ ...ask("Both", { n: 2 }), stream: true })
      .finalChatCompletion();
    expect(final.choices.map((choice) => choice.index)).toEqual([0, 1]);
    for (const choice of final.choices) expect(choice.message.content).toContain("Both");
  });

  test("a streamed schema is parsed by the helper", async () => {
    const format = zodResponseFormat(z.object({ city: z.string() }), "place");
    const final = await client.chat.completions
      .stream({ ...ask("Berlin", { response_format: format }), stream: true, response_format: format })
      .finalChatCompletion();
    expect(final.choices[0]?.message.parsed).toEqual({ city: expect.any(String) });
  });

  test("streamed log probabilities belong to their tokens", async () => {
    const stream = await client.chat.completions.create({
      ...ask("Sure?", { logprobs: true }),
      stream: true,
    });
    for await (const { choices } of stream) {
      const text = choices[0]?.delta.content;
      if (text) expect(choices[0]?.logprobs?.content?.map(({ token }) => token).join("")).toBe(text);
    }
  });
});

test("models.list names the use cases and aliases of the key", async () => {
  const names = async (key: string) => {
    const ids: string[] = [];
    for await (const model of clientWith(key).models.list()) ids.push(model.id);
    return ids.sort();
  };
  for (const name of ["bare-chat", "extraction", "gpt-4o", "support-chat"])
    expect(await names(KEY)).toContain(name);
  expect(await names(KEYS.scoped)).toEqual(["bare-chat"]);
});
