/**
 * The official AWS SDK's Bedrock Runtime client for JavaScript, unmodified, against a running gateway and every
 * provider's wire: signed and with a bearer key, over HTTP/1.1 here and over its default HTTP/2 in Node.
 */
import { beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { join } from "node:path";
import {
  BedrockRuntimeClient,
  type ContentBlock,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  CountTokensCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
  type Tool,
} from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { DEMO_ACCESS_KEY_ID } from "../../src/core/demo-key.ts";
import { endToEnd, endWithFile } from "./end-to-end.ts";
import { clearFaults, inject, KEY, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, PROVIDER_WIRES, vectorsVia, via, wirePolicy } from "./wire-policies.ts";

endToEnd();

let gateway: RunningGateway;
let client: BedrockRuntimeClient;

beforeAll(async () => {
  gateway = await startGateway({ policy: wirePolicy(), scenario: INSTANT });
  client = signedClient(KEY);
});

function signedClient(
  secretAccessKey: string,
  accessKeyId: string = DEMO_ACCESS_KEY_ID,
): BedrockRuntimeClient {
  return new BedrockRuntimeClient({
    endpoint: gateway.url,
    region: "us-east-1",
    credentials: { accessKeyId, secretAccessKey },
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  });
}

function bearerClient(): BedrockRuntimeClient {
  return new BedrockRuntimeClient({
    endpoint: gateway.url,
    region: "us-east-1",
    token: { token: KEY },
    authSchemePreference: ["httpBearerAuth"],
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  });
}

function ask(text: string, more: Partial<ConverseCommandInput> = {}): ConverseCommandInput {
  return { modelId: via("bedrock-converse"), messages: [{ role: "user", content: [{ text }] }], ...more };
}

function textOf(content: readonly ContentBlock[] | undefined): string {
  return (content ?? []).map((block) => block.text ?? "").join("");
}

function tool(name: string, description: string): Tool {
  const json = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  return { toolSpec: { name, description, inputSchema: { json } } };
}
const TOOLS = [tool("get_weather", "Current weather of a city"), tool("get_time", "Local time of a city")];
const TOOL_QUESTION = "What is the weather in Berlin, and the time in Tokyo?";

describe.each([...PROVIDER_WIRES])("behind %s", (wire) => {
  const modelId = via(wire);

  test("Converse answers", async () => {
    const answer = await client.send(new ConverseCommand(ask("Where is my parcel?", { modelId })));
    expect(answer.stopReason).toBe("end_turn");
    expect(answer.output?.message?.role).toBe("assistant");
    expect(textOf(answer.output?.message?.content)).toContain("Where is my parcel?");
    const { inputTokens, outputTokens, totalTokens } = answer.usage ?? {};
    expect(totalTokens).toBe((inputTokens ?? 0) + (outputTokens ?? 0));
    expect(answer.$metadata.requestId).toStartWith("req_");
  });

  test("ConverseStream says the same in real event-stream frames", async () => {
    const whole = await client.send(new ConverseCommand(ask("Where is my parcel?", { modelId })));
    const { stream } = await client.send(new ConverseStreamCommand(ask("Where is my parcel?", { modelId })));
    let text = "";
    const kinds: string[] = [];
    let usage: number | undefined;
    for await (const event of stream ?? []) {
      const [kind = "?"] = Object.keys(event);
      if (kinds.at(-1) !== kind) kinds.push(kind);
      text += event.contentBlockDelta?.delta?.text ?? "";
      usage = event.metadata?.usage?.outputTokens ?? usage;
    }
    expect(text).toBe(textOf(whole.output?.message?.content));
    expect(usage).toBe(whole.usage?.outputTokens ?? -1);
    expect(kinds[0]).toBe("messageStart");
    expect(kinds.slice(-2)).toEqual(["messageStop", "metadata"]);
  });

  test("tools: two calls streamed in pieces, then an answer from their results", async () => {
    const toolConfig = { tools: TOOLS };
    const { stream } = await client.send(
      new ConverseStreamCommand(ask(TOOL_QUESTION, { modelId, toolConfig })),
    );
    const calls: { toolUseId: string; name: string; input: string }[] = [];
    for await (const event of stream ?? []) {
      const start = event.contentBlockStart?.start?.toolUse;
      if (start) calls.push({ toolUseId: start.toolUseId ?? "", name: start.name ?? "", input: "" });
      const last = calls.at(-1);
      if (last) last.input += event.contentBlockDelta?.delta?.toolUse?.input ?? "";
      if (event.messageStop) expect(event.messageStop.stopReason).toBe("tool_use");
    }
    expect(calls.map(({ name }) => name)).toEqual(["get_weather", "get_time"]);
    for (const { input } of calls) expect(JSON.parse(input)).toEqual({ city: expect.any(String) });
    const answer = await client.send(
      new ConverseCommand({
        modelId,
        toolConfig,
        messages: [
          { role: "user", content: [{ text: TOOL_QUESTION }] },
          {
            role: "assistant",
            content: calls.map(({ toolUseId, name, input }) => ({
              toolUse: { toolUseId, name, input: JSON.parse(input) },
            })),
          },
          {
            role: "user",
            content: calls.map(({ toolUseId }, at) => ({
              toolResult: { toolUseId, content: [{ text: `result ${at}` }] },
            })),
          },
        ],
      }),
    );
    for (const result of ["result 0", "result 1"]) {
      expect(textOf(answer.output?.message?.content)).toContain(result);
    }
  });

  test("an image and a document arrive as bytes", async () => {
    const bytes = new Uint8Array([1, 2, 3, 4]);
    const answer = await client.send(
      new ConverseCommand({
        modelId,
        messages: [
          {
            role: "user",
            content: [
              { text: "What do you see?" },
              { image: { format: "png", source: { bytes } } },
              { document: { format: "pdf", name: "contract", source: { bytes } } },
            ],
          },
        ],
      }),
    );
    expect(textOf(answer.output?.message?.content)).toContain("one image");
    expect(textOf(answer.output?.message?.content)).toContain("document");
  });

  test("InvokeModel with an Anthropic body answers, whole and streamed", async () => {
    const body = JSON.stringify({
      anthropic_version: "bedrock-2023-05-31",
      max_tokens: 400,
      messages: [{ role: "user", content: "Where is my parcel?" }],
    });
    const whole = await client.send(new InvokeModelCommand({ modelId, body }));
    const message = JSON.parse(new TextDecoder().decode(whole.body));
    expect(message).toMatchObject({ type: "message", role: "assistant", stop_reason: "end_turn" });
    const streamed = await client.send(new InvokeModelWithResponseStreamCommand({ modelId, body }));
    let text = "";
    const kinds = new Set<string>();
    for await (const event of streamed.body ?? []) {
      const part = JSON.parse(new TextDecoder().decode(event.chunk?.bytes));
      kinds.add(part.type);
      text += part.delta?.text ?? "";
    }
    expect(text).toBe(message.content[0].text);
    for (const kind of ["message_start", "content_block_delta", "message_delta", "message_stop"]) {
      expect(kinds).toContain(kind);
    }
  });

  test("tokens are counted", async () => {
    const counted = await client.send(
      new CountTokensCommand({
        modelId,
        input: { converse: { messages: [{ role: "user", content: [{ text: "How many tokens?" }] }] } },
      }),
    );
    expect(counted.inputTokens).toBeGreaterThan(2);
  });

  test("a provider's error in the middle of a stream is an exception of the stream", async () => {
    await inject(gateway, { fault: { error_in_stream_after_tokens: 4 } });
    try {
      const { stream } = await client.send(new ConverseStreamCommand(ask("Hi there", { modelId })));
      let stopped = false;
      let text = "";
      const read = async () => {
        for await (const event of stream ?? []) {
          text += event.contentBlockDelta?.delta?.text ?? "";
          if (event.messageStop) stopped = true;
        }
      };
      const raised = await read().then(
        () => null,
        (thrown: Error) => thrown.name,
      );
      expect(raised).toMatch(/Exception$/);
      expect(text.length).toBeGreaterThan(0);
      expect(stopped).toBe(false);
    } finally {
      await clearFaults(gateway);
    }
  });
});

test("a bearer key serves as well as a signature", async () => {
  const answer = await bearerClient().send(new ConverseCommand(ask("Where is my parcel?")));
  expect(textOf(answer.output?.message?.content)).toContain("Where is my parcel?");
});

test("Titan and Cohere bodies embed", async () => {
  const modelId = vectorsVia("bedrock-invoke");
  const titan = await client.send(
    new InvokeModelCommand({ modelId, body: JSON.stringify({ inputText: "where is my parcel" }) }),
  );
  expect(JSON.parse(new TextDecoder().decode(titan.body)).embedding.length).toBeGreaterThan(100);
  const cohere = await client.send(
    new InvokeModelCommand({
      modelId,
      body: JSON.stringify({ texts: ["one", "two"], input_type: "search_document" }),
    }),
  );
  expect(JSON.parse(new TextDecoder().decode(cohere.body)).embeddings).toHaveLength(2);
});

describe("errors", () => {
  async function errorOf(work: Promise<unknown>): Promise<{ name: string; status: number | undefined }> {
    try {
      await work;
    } catch (thrown) {
      if (!(thrown instanceof Error)) throw thrown;
      const metadata = (thrown as { $metadata?: { httpStatusCode?: number } }).$metadata;
      return { name: thrown.name, status: metadata?.httpStatusCode };
    }
    throw new Error("The call succeeded.");
  }

  test("a wrong secret, an unknown access key and a body changed on the way are refused", async () => {
    const wrong = await errorOf(signedClient("not the key").send(new ConverseCommand(ask("Hi"))));
    const unknown = await errorOf(signedClient(KEY, "AKIANOBODY").send(new ConverseCommand(ask("Hi"))));
    for (const { name, status } of [wrong, unknown]) {
      expect(status).toBe(401);
      expect(name).toMatch(/Exception$/);
    }
  });

  test("an unknown model is a ResourceNotFoundException", async () => {
    const error = await errorOf(client.send(new ConverseCommand(ask("Hi", { modelId: "nobody" }))));
    expect(error).toEqual({ name: "ResourceNotFoundException", status: 404 });
  });

  test("a wrong field is a ValidationException", async () => {
    const error = await errorOf(
      client.send(new ConverseCommand(ask("Hi", { inferenceConfig: { temperature: 9 } }))),
    );
    expect(error).toEqual({ name: "ValidationException", status: 400 });
  });

  test.each([{ throttle: "9s" }, { status: 503 }])(
    "a ladder that ran out after %j is unavailable",
    async (fault) => {
      await inject(gateway, { fault });
      try {
        const error = await errorOf(client.send(new ConverseCommand(ask("Hi"))));
        expect(error).toEqual({ name: "ServiceUnavailableException", status: 503 });
      } finally {
        await clearFaults(gateway);
      }
    },
  );
});

test("the client's default HTTP/2 works in Node, plain and streamed", async () => {
  const child = endWithFile(
    spawn("node", [join(import.meta.dir, "node", "bedrock-http2.mjs")], {
      env: {
        ...process.env,
        POINTSMAN_URL: gateway.url,
        POINTSMAN_KEY: KEY,
        MODEL: via("anthropic-messages"),
      },
    }),
  );
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  const seen = JSON.parse(stdout);
  expect(seen).toMatchObject({ protocol: "h2", same: true });
  expect(seen.text).toContain("Where is my parcel?");
});
