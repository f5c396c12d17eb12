import { describe, expect, test } from "bun:test";
import { type PlayedCall, playedGateway, playedPolicy } from "./fake-gateway.ts";

const TIMEOUTS = "{ connect: 1s, first_token: 1500ms, idle: 1500ms, total: 10s }";
const MEGABYTE = "y".repeat(1024 * 1024);

function policy(ladder: string, recovery = "buffer"): string {
  return playedPolicy(
    `  held: { latency_tier: interactive, deadline: 4s, stream_recovery: ${recovery}, ladder: { ${ladder} } }`,
    TIMEOUTS,
  );
}

describe("a stream that is held back", () => {
  test("whose model dribbles has its share of the deadline, and the fallback the rest", async () => {
    const on = await playedGateway(policy("primary: first, fallback: [second]"), (call) => {
      if (call.model === "second") {
        call.say("Here it is.");
        call.finish();
        return;
      }
      for (let word = 0; word < 20; word++) on.clock.after(word * 300, () => call.say(`w${word} `));
    });
    const asked = on.ask({ model: "held", stream: true });
    await on.clock.advance(4_000);
    const text = await (await asked).text();
    expect(text).toContain("Here it is.");
    expect(on.decisions[0]?.attempts).toMatchObject([
      { deployment: "first-us", fault: { code: "total_timeout" }, durationMs: 2_500 },
      { deployment: "second-eu", result: "ok" },
    ]);
  });

  const flood = (delta: Readonly<Record<string, unknown>>) => (call: PlayedCall) => {
    for (let piece = 0; piece < 20; piece++) call.chunk(delta);
    call.finish();
  };

  test.each([
    ["text", { content: MEGABYTE }],
    ["thoughts", { reasoning_content: MEGABYTE }],
    ["a refusal", { refusal: MEGABYTE }],
  ])("of %s without bound is let go of, and not asked for again", async (_what, delta) => {
    const on = await playedGateway(policy("primary: first"), flood(delta));
    const response = await on.ask({ model: "held", stream: true });
    await response.text();
    expect(on.calls).toHaveLength(1);
    expect(on.calls[0]?.ended).toBe(true);
    expect(on.decisions[0]?.attempts).toMatchObject([{ fault: { code: "answer_too_large" } }]);
  });

  test("for a part of it is held as any other", async () => {
    const partial = "primary: first, degraded: [{ partial: { min_chars: 5 } }]";
    const on = await playedGateway(policy(partial, "fail"), flood({ reasoning_content: MEGABYTE }));
    await on.ask({ model: "held" });
    expect(on.calls[0]?.ended).toBe(true);
    expect(on.decisions[0]?.attempts).toMatchObject([{ fault: { code: "answer_too_large" } }]);
  });
});

describe("an answer that is held back, with a hedge in the policy", () => {
  const twins = (more: string) =>
    playedPolicy(
      `  held: { latency_tier: interactive, deadline: 9s, hedge: { after: 300ms, max_share: 1 }, ${more} }`,
      TIMEOUTS,
    ).replace("second-eu: { model: second", "second-eu: { model: first");
  /** `words` of them, one every 50 ms from `startMs` on. */
  const dribble = (
    call: PlayedCall,
    after: (ms: number, act: () => void) => void,
    startMs: number,
    words: number,
  ) => {
    for (let word = 0; word < words; word++) after(startMs + word * 50, () => call.say(`w${word} `));
    after(startMs + words * 50, () => call.finish());
  };

  test.each([
    ["buffer", "stream_recovery: buffer, ladder: { primary: first@us-east-1, cross_region: auto }", true],
    [
      "partial",
      "ladder: { primary: first@us-east-1, cross_region: auto, degraded: [{ partial: { min_chars: 5 } }] }",
      false,
    ],
  ])("is not asked for twice when it has begun in time (%s)", async (_, more, stream) => {
    const on = await playedGateway(twins(more), (call) => {
      dribble(call, (ms, act) => void on.clock.after(ms, act), 10, 30);
    });
    const asked = on.ask({ model: "held", stream });
    await on.clock.advance(4_000);
    expect(await (await asked).text()).toContain("w29");
    expect(on.decisions[0]?.attempts).toMatchObject([{ result: "ok" }]);
  });

  test("is paid for by what it had said when another one was complete first", async () => {
    const more = "stream_recovery: buffer, ladder: { primary: first@us-east-1, cross_region: auto }";
    const on = await playedGateway(twins(more), (call) => {
      const isFirst = on.calls.length === 1;
      dribble(call, (ms, act) => void on.clock.after(ms, act), isFirst ? 400 : 10, isFirst ? 30 : 2);
    });
    const asked = on.ask({ model: "held", stream: true });
    await on.clock.advance(4_000);
    await (await asked).text();
    const [lost, won] = on.decisions[0]?.attempts ?? [];
    expect(lost).toMatchObject({ deployment: "first-us", result: "hedged_out", firstTokenMs: 400 });
    expect(won).toMatchObject({ deployment: "second-eu", result: "ok", hedge: true });
    expect(lost?.usage?.outputTokens).toBeGreaterThan(0);
    expect(lost?.cost).toBeGreaterThan((lost?.usage?.inputTokens ?? 0) * 3000);
  });
});
