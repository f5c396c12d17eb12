import { expect, test } from "bun:test";
import type { Deployment, Endpoint } from "../core/deployment.ts";
import type { ModelRequest, Operation } from "../core/request.ts";
import { BASE_POLICY, FAKE_REQUEST, snapshotOf } from "../policy/fake-policy.ts";
import { endpointUrl } from "./endpoint-url.ts";

const BASE = snapshotOf(BASE_POLICY).deployments.get("large-us");

function urlOf(
  endpoint: Endpoint,
  modelId: string,
  path: string,
  change: { readonly stream?: boolean; readonly operation?: Operation } = {},
): string {
  if (BASE === undefined) throw new Error("no deployment");
  const deployment: Deployment = { ...BASE, endpoint, modelId, baseUrl: "https://host" };
  const request: ModelRequest = { ...FAKE_REQUEST, ...change };
  return endpointUrl(deployment, request, path);
}

const STREAM = { stream: true };
const COUNT = { operation: "count_tokens" } as const;
const azure = (apiVersion: string | null): Endpoint => ({ type: "azure", apiVersion });
const vertex = (publisher: "google" | "anthropic"): Endpoint => ({
  type: "vertex",
  project: "p-1",
  location: "europe-west4",
  publisher,
});
const sagemaker: Endpoint = { type: "sagemaker" };
const PUBLISHERS = "https://host/v1/projects/p-1/locations/europe-west4/publishers";

test.each([
  ["plain", urlOf({ type: "plain" }, "m", "/chat/completions"), "https://host/chat/completions"],
  [
    "Azure's v1 API",
    urlOf(azure(null), "my gpt", "/chat/completions"),
    "https://host/openai/v1/chat/completions",
  ],
  [
    "Azure's dated API",
    urlOf(azure("2024-10-21"), "my gpt", "/embeddings"),
    "https://host/openai/deployments/my%20gpt/embeddings?api-version=2024-10-21",
  ],
  [
    "Azure's dated API of responses",
    urlOf(azure("2025-04-01-preview"), "gpt", "/responses"),
    "https://host/openai/responses?api-version=2025-04-01-preview",
  ],
  [
    "Gemini on Vertex",
    urlOf(vertex("google"), "gemini-2.5-pro", "/models/gemini-2.5-pro:streamGenerateContent?alt=sse", STREAM),
    `${PUBLISHERS}/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse`,
  ],
  [
    "Claude on Vertex",
    urlOf(vertex("anthropic"), "claude-sonnet-4-5@20250929", "/messages"),
    `${PUBLISHERS}/anthropic/models/claude-sonnet-4-5@20250929:rawPredict`,
  ],
  [
    "Claude on Vertex, streaming",
    urlOf(vertex("anthropic"), "claude-sonnet-4-5@20250929", "/messages", STREAM),
    `${PUBLISHERS}/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict`,
  ],
  [
    "counting for Claude on Vertex",
    urlOf(vertex("anthropic"), "claude-sonnet-4-5@20250929", "/messages/count_tokens", COUNT),
    `${PUBLISHERS}/anthropic/models/count-tokens:rawPredict`,
  ],
  [
    "SageMaker",
    urlOf(sagemaker, "my-endpoint", "/chat/completions"),
    "https://host/endpoints/my-endpoint/invocations",
  ],
  [
    "SageMaker, streaming",
    urlOf(sagemaker, "my-endpoint", "/chat/completions", STREAM),
    "https://host/endpoints/my-endpoint/invocations-response-stream",
  ],
])("%s", (_what, url, expected) => {
  expect(url).toBe(expected);
});
