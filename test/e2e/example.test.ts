/** What `npm start` serves: the example policy, the demo key, every dialect. */
import { beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { endToEnd } from "./end-to-end.ts";
import { KEY, ROOT, type RunningGateway, startGateway } from "./harness.ts";

endToEnd();

let gateway: RunningGateway;
beforeAll(async () => {
  const scenario = readFileSync(join(ROOT, "examples/scenarios/calm.yaml"), "utf8");
  gateway = await startGateway({
    policy: readFileSync(join(ROOT, "examples/policy.yaml"), "utf8"),
    scenario,
  });
});

const QUESTION = "Where is my parcel?";
const user = [{ role: "user", content: QUESTION }];

test.each([
  ["/v1/chat/completions", { model: "support-chat", messages: user }],
  ["/v1/responses", { model: "support-chat", input: QUESTION }],
  ["/v1/messages", { model: "support-chat", max_tokens: 200, messages: user }],
  ["/v1/messages/count_tokens", { model: "support-chat", messages: user }],
  ["/v1/embeddings", { model: "search-vectors", input: QUESTION }],
  ["/v1/embeddings", { model: "text-embedding-3-small", input: [QUESTION, "Again"] }],
  ["/v1/invoke", { use_case: "support-chat", input: QUESTION }],
  ["/model/support-chat/converse", { messages: [{ role: "user", content: [{ text: QUESTION }] }] }],
  ["/model/support-chat/converse-stream", { messages: [{ role: "user", content: [{ text: QUESTION }] }] }],
  [
    "/model/support-chat/invoke",
    { anthropic_version: "bedrock-2023-05-31", max_tokens: 200, messages: user },
  ],
  [
    "/model/support-chat/invoke-with-response-stream",
    { anthropic_version: "bedrock-2023-05-31", max_tokens: 200, messages: user },
  ],
  ["/model/search-vectors/invoke", { inputText: QUESTION }],
  [
    "/model/support-chat/count-tokens",
    { input: { converse: { messages: [{ role: "user", content: [{ text: QUESTION }] }] } } },
  ],
  [
    "/v1beta/models/support-chat:generateContent",
    { contents: [{ role: "user", parts: [{ text: QUESTION }] }] },
  ],
  [
    "/v1beta/models/support-chat:streamGenerateContent?alt=sse",
    { contents: [{ role: "user", parts: [{ text: QUESTION }] }] },
  ],
  ["/v1beta/models/support-chat:countTokens", { contents: [{ role: "user", parts: [{ text: QUESTION }] }] }],
  [
    "/v1beta/models/search-vectors:batchEmbedContents",
    { requests: [{ model: "models/search-vectors", content: { parts: [{ text: QUESTION }] } }] },
  ],
])("%s answers", async (path, body) => {
  const response = await fetch(`${gateway.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  expect({ status: response.status, text: response.ok ? "" : text }).toEqual({ status: 200, text: "" });
  expect(text.length).toBeGreaterThan(10);
  expect(response.headers.get("x-pointsman-decision")).toStartWith("dec_");
});

test.each(["", "?alt=json", "?key=unused"])(
  "Gemini's stream with the query '%s' is a JSON array",
  async (query) => {
    const response = await fetch(`${gateway.url}/v1beta/models/support-chat:streamGenerateContent${query}`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ contents: [{ role: "user", parts: [{ text: QUESTION }] }] }),
    });
    expect(response.headers.get("content-type")).toBe("application/json");
    const chunks = (await response.json()) as readonly Record<string, unknown>[];
    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks.at(-1)).toMatchObject({ candidates: [{ finishReason: "STOP" }], usageMetadata: {} });
  },
);

test.each(["x-api-key", "api-key", "x-goog-api-key"])("the key may come as %s", async (header) => {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { [header]: KEY, "content-type": "application/json" },
    body: JSON.stringify({ model: "support-chat", messages: user }),
  });
  expect(response.status).toBe(200);
});

test("models are listed with what they hold, can and cost", async () => {
  const response = await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${KEY}` } });
  const { data } = (await response.json()) as { data: readonly { id: string }[] };
  expect(data.find(({ id }) => id === "support-chat")).toMatchObject({
    context_window: 128_000,
    capabilities: expect.arrayContaining(["tools", "vision"]),
    prices: { input: 3, output: 15 },
    models: [{ id: "atlas-large" }, { id: "nimbus-large" }],
  });
});

test("a wrong method on a path of inference says which one it takes", async () => {
  const response = await fetch(`${gateway.url}/model/support-chat/converse`);
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe("POST");
});
