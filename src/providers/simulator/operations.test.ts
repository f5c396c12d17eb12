/** What is asked of providers beside plain answers: vectors, counts, cached prompts, and their other addresses. */
import { describe, expect, test } from "bun:test";
import type { StreamEvent, Usage } from "../../core/events.ts";
import type { CacheHint, Message, ModelRequest, WireId } from "../../core/request.ts";
import { sagemakerSse } from "../../wires/aws-event-stream.ts";
import { behindSagemaker } from "../../wires/behind-sagemaker.ts";
import { openaiChat } from "../../wires/openai-chat.ts";
import { endOf, readReply, requestOf, send, textOf } from "./fake-caller.ts";
import { start } from "./fake-client.ts";
import type { FaultInput } from "./fault-list.ts";
import type { Simulator } from "./server.ts";

/** One test for each wire. */
function onEach(wires: readonly WireId[], name: string, body: (id: WireId) => Promise<void>): void {
  for (const id of wires) test(`${id}: ${name}`, () => body(id));
}

async function read(
  simulator: Simulator,
  id: WireId,
  request: ModelRequest,
): Promise<readonly StreamEvent[]> {
  return readReply(id, await send(simulator, id, request), 0);
}

function usageOf(events: readonly StreamEvent[]): Usage {
  const end = endOf(events);
  if (end.type !== "finish" || end.usage === null) throw new Error("no usage");
  return end.usage;
}

describe("embeddings", () => {
  const WIRES: readonly WireId[] = ["openai-embeddings", "gemini-embeddings", "bedrock-invoke", "native"];
  const embed = (inputs: readonly string[], dimensions?: number) =>
    requestOf("", {
      operation: "embed",
      messages: [],
      sampling: {},
      embedding: { inputs, ...(dimensions !== undefined && { dimensions }) },
    });
  const vectorsOf = (events: readonly StreamEvent[]) =>
    events.flatMap((event) => (event.type === "embedding" ? [event.vector] : []));

  onEach(WIRES, "a vector an input, in their order, of the length asked for", async (id) => {
    const { simulator } = await start();
    const events = await read(simulator, id, embed(["red", "blue", "red"], 64));
    const vectors = vectorsOf(events);
    expect(vectors.map((vector) => vector.length)).toEqual([64, 64, 64]);
    expect(vectors[2]).toEqual(vectors[0] ?? []);
    expect(vectors[1]).not.toEqual(vectors[0] ?? []);
    expect(endOf(events).type).toBe("finish");
    expect(simulator.stats().atlas).toMatchObject({ answered: 1, inputTokens: 3, outputTokens: 0 });
  });

  onEach(WIRES, "faults are the wire's own", async (id) => {
    const { simulator } = await start();
    const fault = async (kind: Parameters<Simulator["inject"]>[0]["fault"]) => {
      simulator.inject({ fault: kind });
      const end = endOf(await read(simulator, id, embed(["red"])));
      simulator.clear();
      return end.type === "fault" ? end.fault.kind : end.type;
    };
    expect(await fault({ status: 503 })).toBe("outage");
    expect(await fault("throttle")).toBe("throttled");
    expect(await fault("context_overflow")).toBe("context_overflow");
    expect(await fault("invalid_json")).toBe("malformed");
    expect(await fault("empty_answer")).toBe("malformed");
    expect(await fault({ malformed_chunk_at: 1 })).toBe("malformed");
  });
});

describe("counting tokens", () => {
  const WIRES: readonly WireId[] = ["anthropic-messages", "bedrock-converse", "bedrock-invoke", "gemini"];

  onEach(WIRES, "a count that grows with the text, and costs nothing", async (id) => {
    const { simulator } = await start();
    const count = async (text: string) =>
      usageOf(await read(simulator, id, requestOf(text, { operation: "count_tokens" }))).inputTokens;
    const short = await count("Hello");
    expect(await count(`Hello${" again".repeat(50)}`)).toBe(short + 50);
    expect(simulator.stats().atlas).toMatchObject({ answered: 2, inputTokens: 0, outputTokens: 0 });
  });
});

describe("a cached prompt", () => {
  const WIRES: readonly WireId[] = ["anthropic-messages", "bedrock-converse", "bedrock-invoke"];
  const GUIDE = "A long guide that every request begins with. ".repeat(20);
  const ask = (text: string, cache: CacheHint) => {
    const system: Message = { role: "system", content: [{ type: "text", text: GUIDE, cache }] };
    return requestOf(text, { messages: [system, { role: "user", content: [{ type: "text", text }] }] });
  };

  onEach(WIRES, "is written, then read until its time is up", async (id) => {
    const { simulator, clock } = await start();
    const usage = async (text: string, stream: boolean) =>
      usageOf(await read(simulator, id, { ...ask(text, {}), stream }));
    const first = await usage("Hello", false);
    expect(first.cacheWriteTokens).toBeGreaterThan(100);
    expect(first.cacheReadTokens).toBe(0);
    const second = await usage("Goodbye", true);
    expect(second).toMatchObject({ cacheWriteTokens: 0, cacheReadTokens: first.cacheWriteTokens });
    await clock.advance(5 * 60_000);
    expect((await usage("Hello", false)).cacheReadTokens).toBe(0);
  });
});

describe("other addresses of the same wires", () => {
  const CHAT = { messages: [{ role: "user", content: "Hello" }] };
  const MESSAGES = { ...CHAT, max_tokens: 100, anthropic_version: "vertex-2023-10-16" };
  const CONTENTS = { contents: [{ role: "user", parts: [{ text: "Hello" }] }] };
  const VERTEX = "/v1/projects/p/locations/us-east5/publishers";

  test.each<[WireId, string, object]>([
    ["openai-chat", "/openai/deployments/gpt-5/chat/completions?api-version=2024-10-21", CHAT],
    ["openai-chat", "/openai/v1/chat/completions", { model: "gpt-5", ...CHAT }],
    ["openai-chat", "/endpoints/llm/invocations", CHAT],
    [
      "openai-responses",
      "/openai/responses?api-version=2025-04-01-preview",
      { model: "gpt", input: "Hello" },
    ],
    ["openai-responses", "/openai/v1/responses", { model: "gpt-5", input: "Hello" }],
    ["gemini", `${VERTEX}/google/models/gemini-2.5-pro:generateContent`, CONTENTS],
    ["gemini", `${VERTEX}/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse`, CONTENTS],
    ["anthropic-messages", `${VERTEX}/anthropic/models/claude-sonnet-4-5@20250929:rawPredict`, MESSAGES],
    ["anthropic-messages", `${VERTEX}/anthropic/models/claude-sonnet-4-5:streamRawPredict`, MESSAGES],
    [
      "bedrock-converse",
      "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123%3Ainference-profile%2Fus.amazon.nova/converse",
      { messages: [{ role: "user", content: [{ text: "Hello" }] }] },
    ],
  ])("%s at %s", async (id, path, body) => {
    const { simulator } = await start();
    const response = await fetch(`${simulator.url}/atlas${path}`, {
      method: "POST",
      headers: { authorization: "AWS4-HMAC-SHA256 Credential=anything" },
      body: JSON.stringify(body),
    });
    const events = await readReply(id, response, 0);
    expect(textOf(events)).toStartWith("[simulated by atlas-large] You asked about “Hello”");
    expect(endOf(events).type).toBe("finish");
  });

  const endpoint = { ...behindSagemaker(openaiChat), framing: sagemakerSse };

  test("a container behind SageMaker streams inside payload parts", async () => {
    const { simulator } = await start();
    const stream = (fault?: Parameters<Simulator["inject"]>[0]["fault"]) => {
      simulator.clear();
      if (fault !== undefined) simulator.inject({ fault });
      return fetch(`${simulator.url}/atlas/endpoints/llm/invocations-response-stream`, {
        method: "POST",
        body: JSON.stringify({ ...CHAT, stream: true }),
      });
    };
    const sound = await readReply(endpoint, await stream(), 0);
    expect(textOf(sound)).toStartWith("[simulated by atlas-large]");
    expect(endOf(sound).type).toBe("finish");
    const broken = await readReply(endpoint, await stream({ malformed_chunk_at: 2 }), 0);
    expect(endOf(broken)).toMatchObject({ type: "fault", fault: { kind: "malformed" } });
    const failed = await readReply(endpoint, await stream({ error_in_stream_after_tokens: 2 }), 0);
    expect(endOf(failed)).toMatchObject({
      type: "fault",
      fault: { kind: "outage", cause: { code: "ModelStreamError" } },
    });
    const code = "rate_limit_exceeded";
    const throttled = await stream({ error_in_stream_after_tokens: 2, code });
    expect(endOf(await readReply(endpoint, throttled, 0))).toMatchObject({ fault: { kind: "throttled" } });
  });

  test.each<[FaultInput["fault"], object]>([
    [{ status: 400 }, { kind: "invalid", cause: { code: "invalid_request_error", status: 400 } }],
    [{ status: 500 }, { kind: "outage", cause: { code: "server_error", status: 500 } }],
    ["context_overflow", { kind: "context_overflow", cause: { status: 400 } }],
    ["content_filter", { kind: "filtered", cause: { status: 400 } }],
    [{ status: 403 }, { kind: "provider_auth", cause: { code: "AccessDeniedException" } }],
    [{ status: 503 }, { kind: "outage", cause: { code: "ServiceUnavailable" } }],
    [{ status: 529 }, { kind: "outage", cause: { code: "ModelNotReadyException" } }],
    ["throttle", { kind: "throttled", cause: { code: "ThrottlingException", status: 400 } }],
  ])("%j behind SageMaker is said as SageMaker says it", async (fault, read) => {
    const { simulator } = await start();
    simulator.inject({ fault });
    const url = `${simulator.url}/atlas/endpoints/llm/invocations`;
    const response = await fetch(url, { method: "POST", body: JSON.stringify(CHAT) });
    expect(endOf(await readReply(endpoint, response, 0))).toMatchObject({ type: "fault", fault: read });
  });

  test.each(["/endpoints/llm/invocations", "/openai/deployments/e/embeddings?api-version=2024-10-21"])(
    "vectors at %s",
    async (path) => {
      const { simulator } = await start();
      const body = JSON.stringify({ input: "Hello", dimensions: 8 });
      const response = await fetch(`${simulator.url}/atlas${path}`, { method: "POST", body });
      const events = await readReply("openai-embeddings", response, 0);
      expect(events.find((event) => event.type === "embedding")?.vector).toHaveLength(8);
    },
  );

  test("models are listed for each kind of client", async () => {
    const { simulator } = await start();
    const list = async (path: string) => (await fetch(`${simulator.url}/atlas${path}`)).json();
    const entry = { id: "atlas-large", object: "model", type: "model", display_name: "atlas-large" };
    expect(await list("/v1/models")).toMatchObject({ object: "list", has_more: false, data: [entry] });
    expect(await list("/openai/v1/models")).toMatchObject({ data: [entry] });
    expect(await list("/v1beta/models")).toMatchObject({ models: [{ name: "models/atlas-large" }] });
  });

  test("an unknown path is told what there is", async () => {
    const { simulator } = await start();
    const response = await fetch(`${simulator.url}/atlas/v2/nothing`, { method: "POST", body: "{}" });
    expect(response.status).toBe(404);
    const text = await response.text();
    for (const path of ["/v1/chat/completions", "/model/{model}/converse", "/v1/messages", "/v1/invoke"]) {
      expect(text).toContain(path);
    }
  });

  test("the wrong method is refused in the wire's own words", async () => {
    const { simulator } = await start();
    const response = await fetch(`${simulator.url}/atlas/model/m/converse`);
    expect(response.status).toBe(405);
    expect(response.headers.get("x-amzn-errortype")).toBe("ValidationException");
    expect(await response.json()).toMatchObject({ message: "Use POST." });
  });
});
