import { describe, expect, test } from "bun:test";
import { findRoute, SERVED } from "./routes.ts";

const VERTEX = "/v1/projects/p-1/locations/europe-west1/publishers";

describe("routes", () => {
  test.each<[string, Record<string, unknown>, string | null]>([
    ["/v1/chat/completions", { wire: "openai-chat", operation: null, stream: null, vectors: null }, null],
    ["/v1/chat/completions/", { wire: "openai-chat" }, null],
    ["/v1/messages/count_tokens", { wire: "anthropic-messages", operation: "count_tokens" }, null],
    ["/v1/embeddings", { wire: "openai-embeddings", operation: "embed" }, null],
    [
      "/model/us.anthropic.claude-v1%3A0/converse",
      { wire: "bedrock-converse", stream: false },
      "us.anthropic.claude-v1:0",
    ],
    [
      "/model/anthropic.claude-v1:0/converse-stream",
      { wire: "bedrock-converse", stream: true },
      "anthropic.claude-v1:0",
    ],
    [
      "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx/invoke",
      { wire: "bedrock-invoke", stream: false },
      "arn:aws:bedrock:us-east-1:1:inference-profile/x",
    ],
    ["/model/m/invoke-with-response-stream", { wire: "bedrock-invoke", stream: true }, "m"],
    ["/model/m/count-tokens", { wire: "bedrock-converse", operation: "count_tokens" }, "m"],
    ["/v1beta/models/gemini-2:streamGenerateContent", { wire: "gemini", stream: true }, "gemini-2"],
    ["/v1beta/models/e:batchEmbedContents", { wire: "gemini-embeddings", operation: "embed" }, "e"],
    [`${VERTEX}/google/models/g:generateContent`, { wire: "gemini", stream: false }, "g"],
    [`${VERTEX}/anthropic/models/c@1:streamRawPredict`, { wire: "anthropic-messages", stream: true }, "c@1"],
    [`${VERTEX}/anthropic/models/count-tokens:rawPredict`, { operation: "count_tokens" }, null],
    [
      "/endpoints/llm/invocations",
      { wire: "openai-chat", vectors: "openai-embeddings", stream: false, impliesModel: true },
      "llm",
    ],
    ["/openai/deployments/gpt/chat/completions", { wire: "openai-chat", impliesModel: true }, "gpt"],
    ["/openai/deployments/gpt/embeddings", { wire: "openai-embeddings" }, "gpt"],
    ["/openai/responses", { wire: "openai-responses" }, null],
    ["/openai/v1/responses", { wire: "openai-responses" }, null],
    ["/v1/invoke", { wire: "native" }, null],
  ])("%s", (path, call, model) => {
    expect(findRoute(path)).toMatchObject({ method: "POST", call, model });
  });

  test("a stream behind SageMaker has a framing of its own", () => {
    const found = findRoute("/endpoints/llm/invocations-response-stream");
    expect(found).toMatchObject({ call: { stream: true, framing: { id: "sagemaker-sse" } } });
  });

  test.each([
    "",
    "/",
    "/v1",
    "/v1/chat/completions/x",
    "/model//converse",
    "/model/a/b/converse",
    "/model/%zz/converse",
    `/model/${"m".repeat(7000)}/converse`,
    "/v1beta/models/g:noSuchMethod",
    "/v1/projects/p/locations/l/publishers/meta/models/m:generateContent",
  ])("nothing is served at %s", (path) => {
    expect(findRoute(path)).toBeNull();
  });

  test("models are listed where clients ask for them", () => {
    expect(findRoute("/v1/models")).toEqual({ method: "GET", models: "openai" });
    expect(findRoute("/v1beta/models")).toEqual({ method: "GET", models: "gemini" });
  });

  test("what is served is listed, each path once", () => {
    expect(SERVED).toContain("POST /{deployment}/model/{model}/converse");
    expect(new Set(SERVED).size).toBe(SERVED.length);
  });
});
