/** A caller's schema, whatever it is, holds up nobody else and fails no answer that was paid for. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type OpenAI from "openai";
import { endToEnd } from "./end-to-end.ts";
import { chat, decisionOf, type RunningGateway, readStream, startGateway } from "./harness.ts";
import { type RecordingUpstream, startUpstream } from "./recording-upstream.ts";

endToEnd();

let upstream: RecordingUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = startUpstream();
  gateway = await startGateway({ policy: policyFor(upstream.baseUrl) });
});
afterAll(() => upstream.stop());

function policyFor(baseUrl: string): string {
  const model = "capabilities: [json_mode, json_schema], prices: { input: 3, output: 15 }";
  return `version: 1
name: formats
providers:
  recorder: { kind: openai-compatible, base_url: "${baseUrl}", credential: none }
models:
  recorded: { context_window: 32000, max_output_tokens: 4096, ${model} }
deployments:
  recorded-us: { model: recorded, provider: recorder, model_id: m, region: us-east-1 }
use_cases:
  plain: { deadline: 30s, format_retries: 0, ladder: { primary: recorded } }
  held: { deadline: 30s, format_retries: 0, stream_recovery: buffer, ladder: { primary: recorded } }
`;
}

/** One that an expression looks through without coming to an end. */
const HOSTILE = { properties: { a: { anyOf: [{ pattern: "a*a*a*a*a*b" }, { pattern: "^(a|a)*$|x0" }] } } };

function ask(schema: unknown, text: string, body: Readonly<Record<string, unknown>> = {}): Promise<Response> {
  upstream.behave({ text });
  return chat(gateway, {
    model: "plain",
    response_format: { type: "json_schema", json_schema: { name: "s", schema } },
    ...body,
  });
}

async function contentOf(response: Response): Promise<string | null | undefined> {
  const body = (await response.json()) as OpenAI.ChatCompletion;
  return body.choices[0]?.message.content;
}

describe("a pattern without end", () => {
  const text = JSON.stringify({ a: `${"a".repeat(5_000)}!` });

  test("holds up nobody, and its answer comes with a warning, paid for as ever", async () => {
    let isAnswered = false;
    const asked = ask(HOSTILE, text).finally(() => {
      isAnswered = true;
    });
    // On the event loop the expressions would hold up each look for minutes, and the test with them.
    let looks = 0;
    while (!isAnswered) {
      expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
      looks++;
    }
    expect(looks).toBeGreaterThan(0);
    const response = await asked;
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pointsman-warnings")).toBe("response_format");
    expect(await contentOf(response)).toBe(text);
    const decision = await decisionOf(gateway, response);
    expect(decision).toMatchObject({ outcome: "answered", warnings: ["response_format"] });
    expect(decision.cost).toBeGreaterThan(0);
  });

  test("a check beside it is made", async () => {
    const schema = { properties: { a: { pattern: "^a{5000}!$" } } };
    const [, well] = await Promise.all([ask(HOSTILE, text), ask(schema, text)]);
    expect([well.status, well.headers.get("x-pointsman-warnings")]).toEqual([200, null]);
    const refused = await ask({ properties: { a: { pattern: "^b$" } } }, text);
    expect(refused.status).toBe(503);
    expect((await decisionOf(gateway, refused)).attempts[0]?.fault?.code).toBe("schema_violation");
  });

  test("what an answer is called wrong for is on record, and no name of what is in it", async () => {
    const schema = { properties: { card_4111: { type: "number" } } };
    const refused = await ask(schema, '{"card_4111":"none"}');
    const decision = await decisionOf(gateway, refused);
    expect(decision.attempts[0]?.fault).toMatchObject({ cause: { detail: "It fails type." } });
    expect(JSON.stringify(decision)).not.toContain("card_4111");
  });

  test("a stream that is held back is told all the same", async () => {
    const response = await ask(HOSTILE, text, { model: "held", stream: true });
    expect(response.headers.get("x-pointsman-warnings")).toBe("response_format");
    expect(await readStream(response)).toMatchObject({ text, done: true, error: null });
  });
});

describe("a schema that cannot be run", () => {
  test.each<[string, unknown]>([
    ["a pattern that Unicode does not allow", { properties: { a: { pattern: "^[\\w-.]+@x$" } } }],
    ["a pattern of another language", { properties: { a: { pattern: "(?i)a" } } }],
    ["an external reference", { properties: { a: { $ref: "https://example.invalid/x.json" } } }],
    ["a reference to nothing", { properties: { a: { $ref: "#/$defs/none" } } }],
    ["a reference to itself", { $ref: "#" }],
  ])("%s: the answer comes, JSON alone, with a warning", async (_what, schema) => {
    const response = await ask(schema, 'Sure: {"a":"me@x"}');
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pointsman-warnings")).toBe("json_extracted, response_format");
    expect(await contentOf(response)).toBe('{"a":"me@x"}');
    expect((await decisionOf(gateway, response)).usage.outputTokens).toBeGreaterThan(0);
  });

  test("what is no JSON is refused by it, too", async () => {
    const response = await ask({ $ref: "#" }, "I cannot.");
    expect(response.status).toBe(503);
    expect((await decisionOf(gateway, response)).attempts[0]?.fault?.code).toBe("not_json");
  });
});

describe("JSON mode", () => {
  const mode = { response_format: { type: "json_object" } };

  test("wants an object, and takes the first one that there is", async () => {
    expect((await ask(null, "42", mode)).status).toBe(503);
    expect(await contentOf(await ask(null, 'As in [1], the answer is {"a":1}', mode))).toBe('{"a":1}');
  });
});

test("a gateway that runs such a check ends at once when it is asked to", async () => {
  const other = await startGateway({ policy: policyFor(upstream.baseUrl) });
  upstream.behave({ text: JSON.stringify({ a: `${"a".repeat(5_000)}!` }) });
  const response = await chat(other, {
    model: "plain",
    response_format: { type: "json_schema", json_schema: { name: "s", schema: HOSTILE } },
  });
  expect(response.status).toBe(200);
  other.signal("SIGTERM");
  expect(await other.exited()).toEqual({ code: 0, signal: null });
});
