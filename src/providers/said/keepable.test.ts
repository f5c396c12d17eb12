import { expect, test } from "bun:test";
import fc from "fast-check";
import { bareRequest } from "../../core/bare-request.ts";
import type { Credential } from "../../core/deployment.ts";
import type { StreamEvent } from "../../core/events.ts";
import { fault } from "../../core/faults.ts";
import type { ModelRequest } from "../../core/request.ts";
import { Secret } from "../../core/secret.ts";
import { keepable, type Sent } from "./keepable.ts";

const KEY = "sk-zebra-5f1c/93b1+77aa";
const BEARER: Credential = { type: "bearer", secret: new Secret(KEY) };
const AWS: Credential = {
  type: "aws",
  service: "bedrock",
  region: "us-east-1",
  identity: {},
};
const TOKEN: Credential = { type: "token", issuer: { type: "google" }, scope: "all" };

function asking(text: string): ModelRequest {
  return bareRequest({ messages: [{ role: "user", content: [{ type: "text", text }] }] });
}

function sentWith(change: Partial<Sent> = {}): Sent {
  return { request: asking("The zebra is in the garden."), credential: BEARER, headers: {}, ...change };
}

function detailOf(detail: string, sent: Sent, answered: readonly StreamEvent[] | null = []) {
  return keepable(fault("invalid", "x", "For callers.", { cause: { detail } }), sent, answered).cause?.detail;
}

test.each<[string, string]>([
  [
    `Incorrect API key provided: ${KEY}. You can find yours`,
    "Incorrect API key provided: […]. You can find yours",
  ],
  [`invalid api_key '${KEY}'`, "invalid api_key '[…]'"],
  [`Access denied for ${KEY}`, "Access denied for […]"],
  [`Access denied for ${encodeURIComponent(KEY)}!`, "Access denied for […]!"],
  [`got ${KEY.slice(0, 14)}... of it`, "got […]... of it"],
  ["Incorrect API key provided: sk-ze***77aa.", "Incorrect API key provided: sk-ze***77aa."],
])("a key that is repeated: %s", (said, kept) => {
  expect(detailOf(said, sentWith())).toBe(kept);
  const header: Credential = { type: "header", header: "api-key", secret: new Secret(KEY) };
  expect(detailOf(said, sentWith({ credential: header }))).toBe(kept);
});

test("of a file's key both are taken out: the policy's, and the one that took its place and was sent", () => {
  const newer = "sk-gnu-77c2/00d4+91ee";
  const said = `Neither ${KEY} nor ${newer} is known.`;
  const file = "/run/secrets/key";
  const bearer: Credential = { type: "bearer", secret: new Secret(KEY), file };
  const header: Credential = { type: "header", header: "api-key", secret: new Secret(KEY), file };
  const kept = "Neither […] nor […] is known.";
  expect(
    detailOf(said, sentWith({ credential: bearer, headers: { authorization: `Bearer ${newer}` } })),
  ).toBe(kept);
  expect(detailOf(said, sentWith({ credential: header, headers: { "api-key": newer } }))).toBe(kept);
});

test.each(["", "u", "us", "user:"])("a key in base64 behind %p", (before) => {
  const written = Buffer.from(before + KEY).toString("base64");
  const kept = detailOf(`Basic ${written} was refused`, sentWith()) ?? "";
  expect(kept).toMatch(/^Basic \S{0,8}\[…\]\S{0,4} was refused$/);
});

test("a short key is taken out, too", () => {
  expect(
    detailOf(
      "Access denied for x-1.",
      sentWith({ credential: { type: "bearer", secret: new Secret("x-1") } }),
    ),
  ).toBe("Access denied for […].");
});

test("what AWS and token issuers gave, as the call carried it", () => {
  const headers = {
    authorization:
      "AWS4-HMAC-SHA256 Credential=AKIAZEBRA/20261122/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=0a1b2c3d4e5f",
    "x-amz-security-token": "FwoGZXIvYXdzE/zebra==",
  };
  const aws = sentWith({ credential: AWS, headers });
  expect(detailOf("AKIAZEBRA in us-east-1, 0a1b2c3d4e5f, FwoGZXIvYXdzE/zebra==.", aws)).toBe(
    "[…] in us-east-1, […], […].",
  );
  const token = sentWith({ credential: TOKEN, headers: { authorization: "Bearer ya29.zebra_token" } });
  expect(detailOf("The token ya29.zebra_token has run out.", token)).toBe("The token […] has run out.");
});

const TOLD = "zebra-words-93b1";
const BODY = { custom: { note: TOLD } };
test.each<[string, Partial<ModelRequest>]>([
  ["a message", asking(`It was ${TOLD}.`)],
  ["a system message", { messages: [{ role: "system", content: [{ type: "text", text: TOLD }] }] }],
  ["a tool", { tools: [{ name: "f", parameters: { properties: { [TOLD]: { type: "string" } } } }] }],
  ["a tool's description", { tools: [{ name: "f", description: TOLD, parameters: {} }] }],
  [
    "arguments that the model wrote",
    {
      messages: [
        {
          role: "assistant",
          content: [{ type: "tool_call", id: "c", name: "f", arguments: '{"a":"\\u007aebra-words-93b1"}' }],
        },
      ],
    },
  ],
  ["a stop sequence", { sampling: { stop: [TOLD] } }],
  ["a schema", { responseFormat: { type: "json_schema", name: TOLD, schema: {}, strict: true } }],
  ["a text to embed", { operation: "embed", embedding: { inputs: [TOLD] } }],
  ["an end user", { user: TOLD }],
  ["a field that no contract knows", { origin: { wire: "openai-chat", body: BODY, rewritten: new Set() } }],
  [
    "the name of such a field",
    { origin: { wire: "openai-chat", body: { [TOLD]: 1 }, rewritten: new Set() } },
  ],
])("%s that is quoted", (_, request) => {
  const sent = sentWith({ request: bareRequest(request) });
  expect(detailOf(`Bad value: '${TOLD}'.`, sent)).toBe("Bad value: '[…]'.");
});

test("tokens and numbers that are quoted", () => {
  const request = bareRequest({
    embedding: { inputs: [[1212, 3434, 5656]] },
    origin: { wire: "openai-embeddings", body: { card: 4111111111111111 }, rewritten: new Set() },
  });
  expect(detailOf("[1212, 3434, 5656] or [1212,3434,5656] or 4111111111111111", sentWith({ request }))).toBe(
    "[[…]] or [[…]] or […]",
  );
});

test("names of the dialect and of the use case stay", () => {
  const body = {
    model: "support-chat",
    messages: [],
    max_completion_tokens: 5,
    response_format: { type: "json_object" },
  };
  const request = bareRequest({
    target: "support-chat",
    origin: { wire: "openai-chat", body, rewritten: new Set() },
  });
  const said = "Unsupported: 'max_completion_tokens', messages[0].content, json_object of support-chat.";
  expect(detailOf(said, sentWith({ request }))).toBe(said);
});

test("what was answered before it is taken out; where that is not known, the sentence goes whole", () => {
  const answered: readonly StreamEvent[] = [
    { type: "text", choice: 0, text: "Lions " },
    { type: "tool_call", choice: 0, index: 0, id: "c", name: "f" },
    { type: "text", choice: 0, text: "sleep." },
  ];
  expect(detailOf("Broke off at 'Lions sleep.'", sentWith(), answered)).toBe("Broke off at '[…]'");
  const why = fault("outage", "x", "For callers.", { cause: { status: 500, code: "a", detail: "Lions" } });
  expect(keepable(why, sentWith(), null).cause).toEqual({ status: 500, code: "a" });
});

test("code, request id and param hold none of it either", () => {
  const cause = { status: 400, code: `bad ${KEY}`, detail: "Bad.", providerRequestId: "the zebra is in" };
  const why = fault("invalid", "x", "For callers.", { param: KEY, retryAfterMs: 5, cause });
  expect(keepable(why, sentWith(), [])).toEqual({
    ...fault("invalid", "x", "For callers.", { retryAfterMs: 5 }),
    cause: { status: 400, code: "bad […]", detail: "Bad.", providerRequestId: "t[…]" },
  });
});

test("a fault without a provider's words is the same one", () => {
  const why = fault("timeout", "x", "For callers.");
  expect(keepable(why, sentWith(), [])).toBe(why);
});

test("whatever is said, no run of a prompt and no secret is left", () => {
  const text = fc.string({ unit: "grapheme", minLength: 8, maxLength: 80 });
  const secret = fc.stringMatching(/^[a-z0-9+/_-]{8,40}$/);
  const written = fc.constantFrom<(text: string) => string>(
    (raw) => raw,
    (raw) => JSON.stringify({ input: raw }),
    encodeURIComponent,
  );
  fc.assert(
    fc.property(text, secret, fc.string(), fc.string(), written, (prompt, key, a, b, write) => {
      const sent = sentWith({
        request: asking(prompt),
        credential: { type: "bearer", secret: new Secret(key) },
      });
      const kept =
        detailOf(a + write(prompt) + b + key + write([...prompt].slice(3).join("") + key), sent) ?? "";
      expect(kept).not.toContain(key);
      for (let i = 0; i + 8 <= prompt.length; i++) expect(kept).not.toContain(prompt.slice(i, i + 8));
    }),
  );
});
