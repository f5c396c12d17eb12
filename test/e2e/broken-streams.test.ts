/** After the first content a broken stream is told to the caller, never passed off as complete. */
import { afterEach, beforeAll, expect, test } from "bun:test";
import OpenAI, { APIError } from "openai";
import { endToEnd } from "./end-to-end.ts";
import {
  chat,
  clearFaults,
  decisionOf,
  inject,
  KEY,
  type RunningGateway,
  readStream,
  startGateway,
} from "./harness.ts";
import { INSTANT, testPolicy } from "./policies.ts";

endToEnd();

type Fault = string | Readonly<Record<string, unknown>>;

const PRIMARY = "atlas-us";

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({ policy: testPolicy(), scenario: INSTANT });
});
afterEach(async () => {
  await clearFaults(gateway);
  // An answer makes the circuit forget the failure.
  await (await chat(gateway, {})).text();
});

function fail(fault: Fault, ...deployment: string[]): Promise<void> {
  return inject(gateway, { fault, match: { deployment } });
}

const cases = [
  [{ cut_after_tokens: 5 }, "connection_reset"],
  [{ stall_after_tokens: 5 }, "idle_timeout"],
  [{ error_in_stream_after_tokens: 5 }, "provider_error"],
  [{ malformed_chunk_at: 5 }, "bad_chunk"],
].map(([fault, code]) => [JSON.stringify(fault), fault, code] as [string, Fault, string]);

test("Gemini's array is closed by an element that says so", async () => {
  await fail({ error_in_stream_after_tokens: 5 }, PRIMARY);
  const response = await fetch(`${gateway.url}/v1beta/models/support-chat:streamGenerateContent`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ contents: [{ role: "user", parts: [{ text: "Hello there" }] }] }),
  });
  expect(response.status).toBe(200);
  const elements = (await response.json()) as readonly unknown[];
  expect(elements[0]).toMatchObject({ candidates: [{ content: { role: "model" } }] });
  expect(elements.at(-1)).toMatchObject({ error: { code: 503, status: "UNAVAILABLE" } });
  expect(JSON.stringify(elements)).not.toContain("finishReason");
});

test.each(cases)("%s: the SDK raises, without a finish reason", async (_, fault) => {
  await fail(fault, PRIMARY);
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: KEY, maxRetries: 2 });
  const stream = await client.chat.completions.create({
    model: "support-chat",
    stream: true,
    messages: [{ role: "user", content: "Hello there" }],
  });
  let text = "";
  const finishes: string[] = [];
  let raised: unknown = null;
  try {
    for await (const { choices } of stream) {
      text += choices[0]?.delta.content ?? "";
      if (choices[0]?.finish_reason) finishes.push(choices[0].finish_reason);
    }
  } catch (thrown) {
    raised = thrown;
  }
  expect(raised).toBeInstanceOf(APIError);
  expect(text.length).toBeGreaterThan(0);
  expect(finishes).toEqual([]);
});

test.each(cases)(
  "%s: the wire has an error frame and no end mark; the record says failed",
  async (_, fault, code) => {
    await fail(fault, PRIMARY);
    const response = await chat(gateway, { stream: true });
    const read = await readStream(response);
    expect(read.done).toBe(false);
    expect(read.error?.code).toBe(code);
    const decision = await decisionOf(gateway, response);
    expect(decision).toMatchObject({ outcome: "failed", rung: "primary", finish: null, fault: { code } });
    expect(decision.attempts).toMatchObject([{ deployment: PRIMARY, result: "fault", fault: { code } }]);
    expect(decision.usage.outputTokens).toBeGreaterThan(0);
  },
);

test("a provider that forgets its end mark has answered all the same", async () => {
  await fail("missing_done", PRIMARY);
  const response = await chat(gateway, { stream: true });
  expect(await readStream(response)).toMatchObject({ done: true, error: null });
  expect((await decisionOf(gateway, response)).outcome).toBe("answered");
});
