import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { bareRequest } from "../core/bare-request.ts";
import { usdToNano } from "../core/money.ts";
import type { Message } from "../core/request.ts";
import { estimateTokens } from "../policy/estimates/estimate-tokens.ts";
import { type PlayedCall, playedGateway, playedPolicy } from "./fake-gateway.ts";

const TIMEOUTS = "{ connect: 1s, first_token: 2s, idle: 2s, total: 5s }";
const LADDER = "ladder: { primary: first, fallback: [second] }";

interface Given {
  readonly ceiling: number;
  readonly prices: readonly (readonly [input: number, output: number, reasoning: number | null])[];
  readonly possible: readonly (number | null)[];
  readonly more?: string;
}

function policyOf({ ceiling, prices, possible, more = "" }: Given): string {
  const useCase = `  chat: { latency_tier: interactive, deadline: 6s, cost_ceiling_usd: ${ceiling}, ${more} ${LADDER} }`;
  let policy = playedPolicy(useCase, TIMEOUTS);
  for (const [at, [input, output, reasoning]] of prices.entries()) {
    const limit = possible[at] === null ? "" : `max_output_tokens: ${possible[at]}, `;
    const thinking = reasoning === null ? "" : `, reasoning: ${reasoning}`;
    policy = policy.replace(
      "prices: { input: 3, output: 15 }",
      `${limit}prices: { "input": ${input}, output: ${output}${thinking} }`,
    );
  }
  return policy
    .replaceAll("capabilities: [seed]", "capabilities: [json_mode, multiple_choices, prefill]")
    .replace("second: { context", "second: { capabilities: [json_mode, multiple_choices], context");
}

/** What the provider counts: exactly what the gateway estimates. */
function inputOf({ body }: PlayedCall): number {
  const messages = (body.messages as { role: Message["role"]; content: string }[]).map(
    ({ role, content }): Message => ({ role, content: [{ type: "text", text: content }] }),
  );
  return estimateTokens(bareRequest({ messages }));
}

/** What a model says that was given no limit. */
const ENDLESS = 30_000;

/** All of the output that the call may have, `thought` of it hidden. */
function usageOf(call: PlayedCall, thought: number) {
  const output = Number(call.body.max_tokens ?? ENDLESS) * Number(call.body.n ?? 1);
  return {
    prompt_tokens: inputOf(call),
    completion_tokens: output,
    total_tokens: inputOf(call) + output,
    completion_tokens_details: { reasoning_tokens: Math.floor(output * thought) },
  };
}

function answerOf(call: PlayedCall, content: string, thought: number) {
  const choices = Array.from({ length: Number(call.body.n ?? 1) }, (_, index) => ({
    index,
    message: { role: "assistant", content },
    finish_reason: "stop",
  }));
  return {
    id: "c",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices,
    usage: usageOf(call, thought),
  };
}

const price = fc.tuple(
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 0, max: 90 }),
  fc.option(fc.integer({ min: 0, max: 120 })),
);

test("whatever it is called with and however often, a request costs no more than its ceiling", async () => {
  let answered = 0;
  let calls = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        ceiling: fc.integer({ min: 1, max: 400_000 }).map((micro) => micro / 1_000_000),
        prices: fc.tuple(price, price),
        possible: fc.tuple(
          fc.option(fc.integer({ min: 1, max: 20_000 })),
          fc.option(fc.integer({ min: 1, max: 20_000 })),
        ),
        more: fc.constantFrom(
          "",
          "format_retries: 2,",
          "max_output_tokens: 700,",
          "exercise: { share: 0.5 },",
        ),
      }),
      fc.option(fc.integer({ min: 1, max: 3000 }), { nil: undefined }),
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.constantFrom("broken", "down", "fine"), { minLength: 3, maxLength: 3 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (given, asked, n, ways, thought) => {
        let at = 0;
        const on = await playedGateway(
          policyOf(given),
          (call) => call.answer(answerOf(call, ways[at++] === "fine" ? "{}" : "no JSON", thought)),
          () => (ways[at] === "down" ? 500 : 200),
        );
        const response = on.ask({
          model: "chat",
          n,
          response_format: { type: "json_object" },
          ...(asked !== undefined && { max_tokens: asked }),
        });
        await on.clock.advance(10_000);
        const { status } = await response;
        expect(on.internal).toEqual([]);
        const [decision] = on.decisions;
        const spent = decision?.attempts.reduce((sum, { cost }) => sum + (cost ?? 0), 0);
        expect(spent).toBeLessThanOrEqual(usdToNano(given.ceiling));
        if (asked !== undefined)
          for (const { body } of on.calls) expect(body.max_tokens).toBeLessThanOrEqual(asked);
        answered += status === 200 ? 1 : 0;
        calls += on.calls.length;
      },
    ),
    { numRuns: 120 },
  );
  expect(answered).toBeGreaterThan(20);
  expect(calls).toBeGreaterThan(answered);
});

describe("a caller who states no limit", () => {
  const given: Given = {
    ceiling: 0.05,
    prices: [
      [3, 15, null],
      [3, 15, null],
    ],
    possible: [16_000, 16_000],
  };
  // 6 tokens of input at 3 USD a million leave 0.049982 of the ceiling, which 3332 of output at 15 cost.
  const PAID_FOR = 3332;

  test("is sent what the ceiling pays for, and is told; the fallback what is left of it", async () => {
    let fails = false;
    const on = await playedGateway(
      policyOf({ ...given, more: "format_retries: 0," }),
      (call) => {
        const usage = { prompt_tokens: 6, completion_tokens: 1000, total_tokens: 1006 };
        call.answer({ ...answerOf(call, fails ? "no JSON" : "{}", 0), usage });
      },
      () => 200,
    );
    const fine = await on.ask({ model: "chat" });
    expect(on.calls[0]?.body.max_tokens).toBe(PAID_FOR);
    expect(fine.headers.get("x-pointsman-warnings")).toBe("max_tokens");
    fails = true;
    const asked = on.ask({ model: "chat", response_format: { type: "json_object" } });
    await on.clock.advance(10_000);
    await asked;
    // The first one's input and its 1000 of output are gone, and the fallback reads the request again.
    expect(on.calls.slice(1).map(({ body }) => body.max_tokens)).toEqual([PAID_FOR, PAID_FOR - 1002]);
  });

  test.each([
    ["more than all that the model can produce", 1, 16_000, null],
    ["with a window that is nearly full: the room that is there", 1, 31_000, "max_tokens"],
  ])("%s", async (what, ceiling, possible, warned) => {
    const on = await playedGateway(policyOf({ ...given, ceiling, possible: [possible, null] }), (call) =>
      call.answer(answerOf(call, "{}", 0)),
    );
    const content = what.startsWith("with") ? "word ".repeat(12_000) : "Hello";
    const response = await on.ask({ model: "chat", messages: [{ role: "user", content }] });
    const sent = Number(on.calls[0]?.body.max_tokens);
    if (warned === null) expect(sent).toBe(possible);
    else expect(sent).toBeLessThan(32_000 - 12_000);
    expect(response.headers.get("x-pointsman-warnings")).toBe(warned);
  });

  test("under strict is answered, since nothing that was asked for is cut", async () => {
    const on = await playedGateway(policyOf(given), (call) => call.answer(answerOf(call, "{}", 0)));
    const response = await on.ask({ model: "chat", metadata: { pointsman_strict: "true" } });
    expect([response.status, on.calls[0]?.body.max_tokens]).toEqual([200, PAID_FOR]);
  });

  test("is sent no limit where there is no ceiling", async () => {
    const policy = policyOf(given).replace("cost_ceiling_usd: 0.05, ", "");
    const on = await playedGateway(policy, (call) =>
      call.answer({
        ...answerOf(call, "{}", 0),
        usage: { prompt_tokens: 6, completion_tokens: 1, total_tokens: 7 },
      }),
    );
    const response = await on.ask({ model: "chat" });
    expect(on.calls[0]?.body).not.toHaveProperty("max_tokens");
    expect(response.headers.get("x-pointsman-warnings")).toBeNull();
  });

  test.each([
    ["anew", given],
    ["from what was told", { ...given, swapped: true }],
  ])(
    "has a broken stream gone on with %s within what is left",
    async (_how, { swapped = false, ...rest }: Given & { swapped?: boolean }) => {
      const words = "All of these words were told. ".repeat(40);
      let policy = policyOf({ ...rest, more: "stream_recovery: continue," });
      if (swapped)
        policy = policy.replace("primary: first, fallback: [second]", "primary: second, fallback: [first]");
      let at = 0;
      const on = await playedGateway(policy, (call) => {
        if (at++ === 0) {
          call.say(words);
          call.lose();
          return;
        }
        call.say(swapped ? "More." : `${words}More.`);
        call.chunk({}, "length");
        const usage = usageOf(call, 0);
        call.raw(
          `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [], usage })}\n\n`,
        );
        call.finish();
      });
      const response = await on.ask({ model: "chat", stream: true });
      const text = await response.text();
      expect(text).toContain("More.");
      expect(on.calls).toHaveLength(2);
      expect(on.calls[1]?.body.max_tokens).toBeLessThan(PAID_FOR);
      const [decision] = on.decisions;
      const costs = decision?.attempts.map(({ cost }) => cost ?? 0) ?? [];
      expect(costs).toHaveLength(2);
      const sum = costs.reduce((a, b) => a + b, 0);
      expect(sum).toBeLessThanOrEqual(usdToNano(0.05));
      expect(sum).toBeGreaterThan(usdToNano(0.0499));
    },
  );
});
