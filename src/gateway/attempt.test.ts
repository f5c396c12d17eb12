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
