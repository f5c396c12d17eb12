import { expect, test } from "bun:test";
import { type PlayedCall, playedGateway, playedPolicy } from "./fake-gateway.ts";

const TOLD = "Once upon a time there was a parcel ";
const LADDER = "ladder: { primary: first, fallback: [second] }";
const POLICY = playedPolicy(
  `  continued: { latency_tier: interactive, deadline: 6s, stream_recovery: continue, ${LADDER} }`,
  "{ connect: 1s, first_token: 2s, idle: 2s, total: 5s }",
);

/** The primary breaks after its first words; `recover` is what the fallback does. */
async function broken(recover: (call: PlayedCall) => void, more: Readonly<Record<string, unknown>> = {}) {
  const on = await playedGateway(POLICY, (call) => {
    if (call.model === "second") return recover(call);
    call.say(TOLD);
    on.clock.after(100, () => call.lose());
  });
  const leaving = new AbortController();
  const asked = on.ask({ model: "continued", stream: true, ...more }, leaving.signal);
  await on.clock.advance(0);
  const reader = (await asked).body?.getReader();
  if (!reader) throw new Error("No stream.");
  const text = async () => {
    const { done, value } = await reader.read();
    return done ? null : new TextDecoder().decode(value);
  };
  /** As a socket that closes: the signal first, and the body is wanted no more. */
  const leave = async () => {
    leaving.abort();
    await reader.cancel();
  };
  const inFlight = (id: string) => on.health.inFlight(id);
  return { ...on, text, leave, inFlight };
}

test.each([
  ["which then gives up", 10_000],
  ["which answers all the same", 50],
])(
  "a caller who leaves while another deployment is looked for, %s: its permit is given back",
  async (_, answersAfter) => {
    const on = await broken((call) => {
      on.clock.after(answersAfter, () => call.say(`${TOLD}and then it came.`));
    });
    expect(await on.text()).toContain(TOLD);
    const rest = on.text();
    await on.clock.advance(120);
    expect(on.calls.map(({ model }) => model)).toEqual(["first", "second"]);
    await on.leave();
    await on.clock.advance(1_000);
    await rest;
    expect(on.calls.map(({ ended }) => ended)).toEqual([true, true]);
    expect(on.inFlight("second-eu")).toBe(0);
    expect(on.decisions).toHaveLength(1);
    expect(on.decisions[0]).toMatchObject({ outcome: "cancelled", fault: { code: "caller_left" } });
    expect(on.decisions[0]?.attempts).toMatchObject([
      { deployment: "first-us", result: "fault", fault: { code: "connection_reset" } },
      { deployment: "second-eu", result: "fault", fault: { code: "caller_left" } },
    ]);
    expect(on.internal).toEqual([]);
  },
);

test("a caller who leaves between the break and the search: the record has the break, and so has the circuit", async () => {
  const on = await broken(() => {});
  expect(await on.text()).toContain(TOLD);
  await on.clock.advance(120);
  await on.leave();
  await on.clock.advance(1_000);
  expect(on.decisions[0]).toMatchObject({ outcome: "cancelled", fault: { code: "caller_left" } });
  expect(on.decisions[0]?.attempts[0]).toMatchObject({
    deployment: "first-us",
    fault: { code: "connection_reset" },
  });
  const row = on.health.report(on.clock.now()).find(({ deployment }) => deployment === "first-us");
  expect(row).toMatchObject({ failures: 1, inFlight: 0 });
});

test("the record of an answer that was gone on with has its first token, what both used and what was not honoured", async () => {
  const on = await broken(
    (call) => {
      on.clock.after(500, () => {
        call.say(TOLD);
        call.say("and then it came.");
        call.finish();
      });
    },
    { seed: 7 },
  );
  const said: string[] = [];
  for (let piece = on.text(); ; piece = on.text()) {
    await on.clock.advance(1_000);
    const text = await piece;
    if (text === null) break;
    said.push(text);
  }
  expect(said.join("")).toContain("[DONE]");
  const [decision] = on.decisions;
  expect(decision).toMatchObject({ outcome: "answered", firstTokenMs: 0, warnings: ["seed"] });
  const [first, second] = decision?.attempts ?? [];
  // All of it was said anew, and paid for, though the caller was told the rest alone.
  expect(second?.usage?.outputTokens).toBeGreaterThan(first?.usage?.outputTokens ?? 0);
});

test("one that nobody could go on with has its first token on record, too", async () => {
  const on = await broken((call) => call.lose());
  expect(await on.text()).toContain(TOLD);
  const rest = on.text();
  await on.clock.advance(6_000);
  expect(await rest).toContain("connection_reset");
  expect(on.decisions[0]).toMatchObject({ outcome: "failed", firstTokenMs: 0 });
});

test("one whose fallback has nothing to add has on record what that one counted, as its caller is told", async () => {
  const policy = POLICY.replace(
    "second: { context_window",
    "second: { capabilities: [prefill], context_window",
  );
  const on = await playedGateway(policy, (call) => {
    if (call.model === "first") {
      call.say(TOLD);
      on.clock.after(100, () => call.lose());
      return;
    }
    const usage = { prompt_tokens: 777, completion_tokens: 3, total_tokens: 780 };
    const choices = [{ index: 0, delta: {}, finish_reason: "stop" }];
    call.raw(
      `data: ${JSON.stringify({ id: "c", created: 1, model: "m", choices, usage })}\n\ndata: [DONE]\n\n`,
    );
  });
  const asked = on.ask({ model: "continued", stream: true, stream_options: { include_usage: true } });
  await on.clock.advance(0);
  const told = (await asked).text();
  await on.clock.advance(1_000);
  const [decision] = on.decisions;
  expect(decision?.attempts[1]?.usage).toMatchObject({ inputTokens: 777, outputTokens: 3 });
  expect(await told).toContain(`"prompt_tokens":${decision?.usage.inputTokens},`);
});

test.each(["", "capabilities: [prefill], "])(
  "one that broke off in its thoughts is answered by the next deployment, whose own thoughts are not told (%s)",
  async (capabilities) => {
    const policy = POLICY.replace("second: { ", `second: { ${capabilities}`);
    const on = await playedGateway(policy, (call) => {
      call.chunk({ reasoning_content: `${call.model} thinks. ` });
      if (call.model === "first") {
        on.clock.after(100, () => call.lose());
        return;
      }
      call.say("It is ");
      call.say("on its way.");
      call.finish();
    });
    const asked = on.ask({ model: "continued", stream: true });
    await on.clock.advance(0);
    const told = (await asked).text();
    await on.clock.advance(1_000);
    const text = await told;
    expect([...text.matchAll(/"(?:reasoning_)?content":"([^"]*)"/g)].map(([, said]) => said).join("")).toBe(
      "first thinks. It is on its way.",
    );
    expect(text).toContain("[DONE]");
    expect(on.calls[1]?.body.messages).toEqual([{ role: "user", content: "Hello" }]);
    const [decision] = on.decisions;
    expect(decision).toMatchObject({ outcome: "answered", rung: "fallback" });
    expect(decision?.attempts).toMatchObject([
      { deployment: "first-us", fault: { code: "connection_reset" } },
      { deployment: "second-eu", result: "ok", continues: { mode: "fresh", chars: 0 } },
    ]);
  },
);

test("one that broke off in a call of a tool is not gone on with", async () => {
  const on = await playedGateway(POLICY, (call) => {
    const tool = { index: 0, id: "x", type: "function", function: { name: "f", arguments: '{"a":' } };
    call.chunk({ tool_calls: [tool] });
    on.clock.after(100, () => call.lose());
  });
  const asked = on.ask({ model: "continued", stream: true });
  await on.clock.advance(0);
  const told = (await asked).text();
  await on.clock.advance(1_000);
  expect(await told).toContain("connection_reset");
  expect(on.calls).toHaveLength(1);
});
