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
