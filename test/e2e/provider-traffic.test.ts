/** What a provider is sent of a request, what it never is, and what the caller hears of controls it lacks. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { endToEnd } from "./end-to-end.ts";
import { chat, decisionOf, KEY, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, PROVIDER_SECRET, testPolicy, withUpstream } from "./policies.ts";
import { type RecordedCall, type RecordingUpstream, startUpstream } from "./recording-upstream.ts";

endToEnd();

let upstream: RecordingUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = startUpstream();
  gateway = await startGateway({
    policy: withUpstream(testPolicy(), upstream.baseUrl),
    scenario: INSTANT,
    env: { [PROVIDER_SECRET.name]: PROVIDER_SECRET.value },
  });
});
afterAll(() => upstream.stop());

const LONG =
  "Please tell me where the parcel with the order number 12345 is, and when it will arrive at my door.";

function ask(
  body: Readonly<Record<string, unknown>> = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  return chat(gateway, { messages: [{ role: "user", content: LONG }], ...body }, { headers });
}

/** The upstream's record of one call. */
async function recorded(
  body: Readonly<Record<string, unknown>>,
  headers: Record<string, string> = {},
): Promise<RecordedCall> {
  const before = upstream.calls.length;
  const response = await ask({ model: "recorded-chat", ...body }, headers);
  expect(response.status).toBe(200);
  await response.text();
  const call = upstream.calls[before];
  if (call === undefined) throw new Error("Nothing arrived upstream.");
  return call;
}

describe("what a provider is sent", () => {
  test("its own secret and model, the policy's headers, and no trace of the caller's key", async () => {
    const call = await recorded({}, { cookie: "session=1", "x-forwarded-for": "10.0.0.1" });
    expect(call.headers.authorization).toBe(`Bearer ${PROVIDER_SECRET.value}`);
    expect(call.headers["x-team"]).toBe("search");
    expect(call.body.model).toBe("vendor/recorded-1");
    expect(JSON.stringify(call)).not.toContain(KEY);
    expect(call.headers.cookie).toBeUndefined();
    expect(call.headers["x-forwarded-for"]).toBeUndefined();
    const other = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "x-api-key": KEY },
      body: JSON.stringify({ model: "recorded-chat", messages: [{ role: "user", content: "Hi" }] }),
    });
    expect(other.status).toBe(200);
    expect(JSON.stringify(upstream.calls)).not.toContain(KEY);
  });

  test("the caller's trace, with a span of our own", async () => {
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const response = await ask(
      { model: "recorded-chat" },
      { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, tracestate: "vendor=opaque" },
    );
    await response.text();
    const sent = upstream.calls.at(-1)?.headers.traceparent ?? "";
    expect(sent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    expect(sent).not.toContain("00f067aa0ba902b7");
    expect(upstream.calls.at(-1)?.headers.tracestate).toBe("vendor=opaque");
    expect((await decisionOf(gateway, response)).traceId).toBe(traceId);
  });

  test("without one, a trace of our own that the record names", async () => {
    const response = await ask({ model: "recorded-chat" });
    await response.text();
    const sent = upstream.calls.at(-1)?.headers.traceparent;
    expect(sent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(sent).toContain((await decisionOf(gateway, response)).traceId);
  });

  test("fields that the contract does not model, as they are", async () => {
    const extras = {
      x_vendor: { deep: [1, { a: null }] },
      service_tier: "flex",
      store: false,
      verbosity: "low",
    };
    const { body } = await recorded({ ...extras, temperature: 0.3 });
    expect(body).toMatchObject({ ...extras, temperature: 0.3, messages: [{ role: "user", content: LONG }] });
    const streamed = await recorded({
      ...extras,
      stream: true,
      stream_options: { include_usage: false, x: 1 },
    });
    expect(streamed.body).toMatchObject({
      ...extras,
      stream: true,
      stream_options: { include_usage: true, x: 1 },
    });
  });

  test("the caller's metadata, without the contract's; none of the contract's headers", async () => {
    const call = await recorded(
      { metadata: { team: "search", pointsman_task_type: "chat", pointsman_latency_tier: "batch" } },
      { "x-pointsman-task-type": "summarization", "x-pointsman-residency": "on-prem" },
    );
    expect(call.body.metadata).toEqual({ team: "search" });
    expect(JSON.stringify(call)).not.toContain("pointsman");
  });

  test("the contract is in the record: headers win over metadata", async () => {
    const response = await ask(
      { model: "recorded-chat", metadata: { pointsman_task_type: "chat", pointsman_latency_tier: "batch" } },
      { "x-pointsman-task-type": "summarization" },
    );
    await response.text();
    const { contract } = await decisionOf(gateway, response);
    expect(contract).toMatchObject({ taskType: "summarization", latencyTier: "batch" });
  });

  test("residency binds: a region that may not process it is not called", async () => {
    const before = upstream.calls.length;
    const response = await ask({ model: "recorded-chat" }, { "x-pointsman-residency": "eu-*" });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: { code: "no_candidate" } });
    const within = await ask({}, { "x-pointsman-residency": "eu-*" });
    expect(within.headers.get("x-pointsman-region")).toBe("eu-west-1");
    await within.text();
    expect(upstream.calls.length).toBe(before);
  });
});

describe("controls that the model lacks", () => {
  test.each([false, true])("are warnings in header, body and record (stream: %p)", async (stream) => {
    const response = await ask({ model: "small-chat", seed: 5, logprobs: true, stream });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pointsman-warnings")?.split(", ").sort()).toEqual(["logprobs", "seed"]);
    const text = await response.text();
    expect(text).toContain('"warnings":[{"control":"');
    expect((await decisionOf(gateway, response)).warnings.toSorted()).toEqual(["logprobs", "seed"]);
  });

  test.each([
    ["a header", { "x-pointsman-strict": "true" }, {}],
    ["metadata", {}, { metadata: { pointsman_strict: "true" } }],
  ] as const)("are an error where the caller is strict, by %s", async (_, headers, body) => {
    const response = await ask({ model: "small-chat", seed: 5, ...body }, headers);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "unsupported_control", param: "seed" } });
    expect((await ask({ model: "small-chat", ...body }, headers)).status).toBe(200);
  });

  test("a capability that is needed is never a warning: the model is refused, and why is on record", async () => {
    const format = { type: "json_schema", json_schema: { name: "x", schema: { type: "object" } } };
    const response = await ask({ model: "small-chat", response_format: format });
    expect(response.status).toBe(400);
    const decision = await decisionOf(gateway, response);
    expect(decision).toMatchObject({
      useCase: "small-chat",
      rule: "default",
      outcome: "failed",
      attempts: [],
    });
    expect(decision.refusals).toMatchObject([{ deployment: "pebble-us", constraint: "capability" }]);
  });
});
