/** Answers that are given again, from the outside. */
import { beforeAll, expect, test } from "bun:test";
import { endToEnd } from "./end-to-end.ts";
import { callsUpstream, decisionOf, KEY, type RunningGateway, readStream, startGateway } from "./harness.ts";
import { ask, bodyOf, INSTANT, lastRungPolicy, OTHER_KEY, textOf } from "./last-rung-policy.ts";

endToEnd();

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway({ policy: lastRungPolicy(), scenario: INSTANT });
}, 30_000);

const atlasCalls = async () => (await callsUpstream(gateway))["atlas-us"] ?? 0;

test("the second time without a call, without cost, and marked", async () => {
  const first = await ask(gateway, "fresh-chat", "How high is the Zugspitze?");
  expect(first.headers.get("x-pointsman-cache")).toBe("miss");
  const said = await textOf(first);
  const calls = await atlasCalls();
  const second = await ask(gateway, "fresh-chat", "How high is the Zugspitze?");
  expect(second.status).toBe(200);
  expect(second.headers.get("x-pointsman-cache")).toBe("hit");
  expect(second.headers.get("x-pointsman-attempts")).toBe("0");
  expect(Number(second.headers.get("x-pointsman-cost-usd"))).toBe(0);
  expect(second.headers.get("x-pointsman-model")).toBe("atlas");
  expect(second.headers.get("x-pointsman-simulated")).toBe("true");
  expect(second.headers.get("x-pointsman-rung")).toBeNull();
  expect(Number(second.headers.get("age"))).toBeGreaterThanOrEqual(0);
  const body = await bodyOf(second);
  expect(body.choices[0]?.message.content).toBe(said);
  expect(body.pointsman).toMatchObject({ cache: "hit", simulated: true });
  expect(body.usage.total_tokens).toBe(0);
  expect(await atlasCalls()).toBe(calls);
  expect(await decisionOf(gateway, second)).toMatchObject({
    outcome: "answered",
    cache: "hit",
    attempts: [],
    cost: 0,
    model: "atlas",
    rung: null,
  });
});

test("a streamed caller gets it as a stream, and a stream fills it, too", async () => {
  const first = await readStream(await ask(gateway, "fresh-chat", "Name a river.", { stream: true }));
  expect(first.done).toBe(true);
  const streamed = await ask(gateway, "fresh-chat", "Name a river.", { stream: true });
  expect(streamed.headers.get("x-pointsman-cache")).toBe("hit");
  const second = await readStream(streamed);
  expect([second.text, second.done]).toEqual([first.text, true]);
  const whole = await ask(gateway, "fresh-chat", "Name a river.");
  expect(whole.headers.get("x-pointsman-cache")).toBe("hit");
  expect(await textOf(whole)).toBe(first.text);
});

test("and one of another dialect gets it in that", async () => {
  const said = await textOf(await ask(gateway, "fresh-chat", "Name a lake."));
  const response = await fetch(`${gateway.url}/v1/messages`, {
    method: "POST",
    headers: { "x-api-key": KEY, "content-type": "application/json" },
    body: JSON.stringify({
      model: "fresh-chat",
      max_tokens: 64,
      messages: [{ role: "user", content: "Name a lake." }],
    }),
  });
  // Another bound on the answer is another request.
  expect(response.headers.get("x-pointsman-cache")).toBe("miss");
  await response.text();
  const bounded = await ask(gateway, "fresh-chat", "Name a lake.", { max_tokens: 64 });
  expect(bounded.headers.get("x-pointsman-cache")).toBe("hit");
  expect(said).not.toBe("");
});

test("what an Anthropic stream counts at its beginning is what it counts at its end", async () => {
  const read = async (stream: boolean) => {
    const response = await fetch(`${gateway.url}/v1/messages`, {
      method: "POST",
      headers: { "x-api-key": KEY, "content-type": "application/json" },
      body: JSON.stringify({
        model: "fresh-chat",
        max_tokens: 64,
        stream,
        messages: [{ role: "user", content: "Name a hill." }],
      }),
    });
    const text = await response.text();
    return [response.headers.get("x-pointsman-cache"), text.match(/"input_tokens":\d+/g)];
  };
  await read(false);
  expect(await read(false)).toEqual(["hit", ['"input_tokens":0']]);
  expect(await read(true)).toEqual(["hit", ['"input_tokens":0', '"input_tokens":0']]);
});

test("another tenant never does", async () => {
  const question = "What did I order yesterday?";
  await (await ask(gateway, "fresh-chat", question)).text();
  const calls = await atlasCalls();
  const other = await ask(gateway, "fresh-chat", question, {}, { authorization: `Bearer ${OTHER_KEY}` });
  expect(other.headers.get("x-pointsman-cache")).toBe("miss");
  await other.text();
  expect(await atlasCalls()).toBe(calls + 1);
});

test.each([
  ["no-cache", "refresh", "hit"],
  ["no-store", null, "miss"],
])("cache-control: %s", async (directive, use, later) => {
  const question = `A question for ${directive}`;
  const first = await ask(gateway, "fresh-chat", question, {}, { "cache-control": directive });
  expect(first.headers.get("x-pointsman-cache")).toBe(use);
  await first.text();
  const second = await ask(gateway, "fresh-chat", question);
  expect(second.headers.get("x-pointsman-cache")).toBe(later);
  await second.text();
});

test("what is not the same request is not answered by it", async () => {
  const question = "Which colour?";
  await (await ask(gateway, "fresh-chat", question)).text();
  for (const change of [{ temperature: 1 }, { seed: 3 }, { max_tokens: 9 }, { verbosity: "low" }]) {
    const response = await ask(gateway, "fresh-chat", question, change);
    expect(response.headers.get("x-pointsman-cache")).toBe("miss");
    await response.text();
  }
  for (const name of ["alice", "bob"]) {
    const messages = [{ role: "user", name, content: question }];
    const response = await ask(gateway, "fresh-chat", question, { messages });
    expect(response.headers.get("x-pointsman-cache")).toBe("miss");
    await response.text();
  }
  const choices = await ask(gateway, "fresh-chat", question, { n: 2 });
  expect(choices.headers.get("x-pointsman-cache")).toBeNull();
  await choices.text();
});

test("an answer that calls tools is not kept", async () => {
  const tools = [{ type: "function", function: { name: "look", parameters: { type: "object" } } }];
  const rest = { tools, tool_choice: "required" };
  for (const _ of [1, 2]) {
    const response = await ask(gateway, "fresh-chat", "Look it up.", rest);
    expect(response.headers.get("x-pointsman-cache")).toBe("miss");
    await response.text();
  }
});

test("its use is counted", async () => {
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(metrics).toMatch(/pointsman_cache_total\{use_case="fresh-chat",use="hit"\} [1-9]/);
});
