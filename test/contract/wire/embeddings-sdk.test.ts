/** The official OpenAI client against what the embeddings wire renders: no network, its `fetch` is ours. */
import { describe, expect, test } from "bun:test";
import OpenAI, { APIError } from "openai";
import { fault } from "../../../src/core/faults.ts";
import { geminiEmbeddings } from "../../../src/wires/gemini-embeddings.ts";
import { openaiEmbeddings } from "../../../src/wires/openai-embeddings.ts";
import { answerOf } from "./embedding-contract.ts";
import { CONTEXT } from "./streams.ts";
import { parsed } from "./wire-contract.ts";

/** As a model computes them: 32-bit floats. */
const VECTORS = [0, 1].map((seed) =>
  Array.from({ length: 1536 }, (_, at) => Math.fround(Math.sin(at + seed) / 39)),
);
const INPUT = ["Where is my parcel?", "Grüße"];

/** A client whose every request is parsed, answered and rendered by the wire, and the bodies it sent. */
function serve(answer: (body: Record<string, unknown>) => Response) {
  const bodies: Record<string, unknown>[] = [];
  const client = new OpenAI({
    apiKey: "test",
    baseURL: "http://gateway.test/v1",
    maxRetries: 0,
    fetch: async (_url, init) => {
      const body = JSON.parse(String(init?.body));
      bodies.push(body);
      return answer(body);
    },
  });
  return { client, bodies };
}

function whole(body: Record<string, unknown>, usage: Parameters<typeof answerOf>[1] = null): Response {
  const request = parsed(openaiEmbeddings, body);
  const context = { ...CONTEXT, estimatedInputTokens: 11, request };
  return Response.json(openaiEmbeddings.renderAnswer(answerOf(VECTORS, usage), context));
}

describe("the official client", () => {
  test("asks for base64 by itself and decodes exactly what was computed", async () => {
    const { client, bodies } = serve((body) => whole(body));
    const { data, model, object } = await client.embeddings.create({ model: "docs-search", input: INPUT });
    expect(bodies[0]).toMatchObject({ encoding_format: "base64" });
    expect(data.map(({ embedding }) => embedding)).toEqual(VECTORS);
    expect(data.map(({ index, object }) => [index, object])).toEqual([
      [0, "embedding"],
      [1, "embedding"],
    ]);
    expect({ model, object }).toEqual({ model: "large", object: "list" });
  });

  test("gets numbers where it asks for them, and the provider's own count", async () => {
    const usage = {
      inputTokens: 8,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: 0,
      reasoningTokens: 0,
    };
    const { client } = serve((body) => whole(body, usage));
    const answer = await client.embeddings.create({ model: "m", input: "x", encoding_format: "float" });
    expect(answer.data.map(({ embedding }) => embedding)).toEqual(VECTORS);
    expect(answer.usage).toEqual({ prompt_tokens: 8, total_tokens: 8 });
  });

  test("gets an estimate of its tokens where the provider counts none", async () => {
    const { client } = serve((body) => whole(body));
    expect((await client.embeddings.create({ model: "m", input: "x" })).usage.prompt_tokens).toBe(11);
  });

  test("sends tokens and dimensions that the wire reads", async () => {
    const { client, bodies } = serve((body) => whole(body));
    await client.embeddings.create({ model: "m", input: [[1, 2], [3]], dimensions: 256, user: "u-1" });
    const request = parsed(openaiEmbeddings, bodies[0]);
    expect(request).toMatchObject({ embedding: { inputs: [[1, 2], [3]], dimensions: 256 }, user: "u-1" });
  });

  test("throws its own errors", async () => {
    const why = fault("invalid", "invalid_value", "`input` must not be empty.", { param: "input" });
    const { status, headers, body } = openaiEmbeddings.renderFault(why, "req_1");
    const { client } = serve(() => Response.json(body, { status, headers }));
    const error = await client.embeddings
      .create({ model: "m", input: "" })
      .catch((thrown: unknown) => thrown);
    if (!(error instanceof APIError)) throw new Error("no error of the client's");
    expect({ status: error.status, param: error.param }).toEqual({ status: 400, param: "input" });
  });

  test("does not notice that Gemini answers", async () => {
    const { client } = serve((body) => {
      const request = parsed(openaiEmbeddings, body);
      const lowered = geminiEmbeddings.lower(request, {
        modelId: "gemini-embedding-001",
        maxOutputTokens: 1,
        capabilities: new Set(),
        unsupported: new Set(),
      });
      if (!lowered.ok) throw new Error(lowered.fault.message);
      const { requests } = lowered.value.body as { requests: { content: { parts: { text: string }[] } }[] };
      const texts = requests.map(({ content }) => content.parts[0]?.text);
      expect(texts).toEqual(INPUT);
      const events = geminiEmbeddings.readAnswer({ embeddings: VECTORS.map((values) => ({ values })) });
      return Response.json(openaiEmbeddings.renderAnswer(events, { ...CONTEXT, request }));
    });
    const { data } = await client.embeddings.create({ model: "docs-search", input: INPUT });
    expect(data.map(({ embedding }) => embedding)).toEqual(VECTORS);
  });
});
