import { describe, expect, test } from "bun:test";
import { type Fault, fault } from "../../core/faults.ts";
import { checkModel } from "./check-model.ts";
import { deploymentOf, type FakeWorld, fakeWorld, providerSaid } from "./fake-patient.ts";

function check(id: string, world: FakeWorld, signal: AbortSignal | null = null) {
  const limit = { clock: world.clock, withinMs: 7000, signal };
  return checkModel(deploymentOf(id), "the environment variable KEY", world.ports, limit);
}

/** A world whose provider refuses. */
const refusing = (why: Fault) => fakeWorld({ send: async () => ({ ok: false, fault: why }) });

describe("a model that answers", () => {
  test("is asked one word, for a few tokens, within the limit", async () => {
    const world = fakeWorld();
    const { signal } = new AbortController();
    await check("gpt", world, signal);
    const [call] = world.calls;
    expect(call?.request).toMatchObject({
      operation: "chat",
      messages: [{ role: "user", content: [{ type: "text", text: "ping" }] }],
      sampling: { maxTokens: 16 },
      stream: false,
    });
    expect(call?.timeouts).toEqual({ connect: 7000, firstToken: 7000, idle: 7000, total: 7000 });
    expect(call?.callerSignal).toBe(signal);
  });

  test("that embeds is asked for a vector of it", async () => {
    const world = fakeWorld();
    await check("embedder", world);
    expect(world.calls[0]?.request).toMatchObject({
      operation: "embed",
      messages: [],
      sampling: {},
      embedding: { inputs: ["ping"] },
    });
  });

  test("shows how long it took and what it cost", async () => {
    const world = fakeWorld();
    const { send } = world.ports;
    const slow = fakeWorld({
      async send(call) {
        await slow.clock.advance(412);
        return send(call);
      },
    });
    // 8 × 3 + 16 × 15 US dollars a million.
    expect(await check("gpt", slow)).toEqual({
      status: "ok",
      message: "Answered in 412 ms, for $0.000264.",
      latencyMs: 412,
      costUsd: "0.000264",
    });
    expect(await check("open", slow)).toEqual({
      status: "ok",
      message: "Answered in 412 ms.",
      latencyMs: 412,
    });
  });

  test("without a word has answered: it may have thought until its tokens were used up", async () => {
    const empty = refusing(fault("malformed", "empty_answer", "Nothing."));
    expect(await check("gemini", empty)).toMatchObject({ status: "ok", latencyMs: 0 });
    const detail =
      "Could not finish the message because max_tokens or model output limit was reached. Please try again.";
    const noRoom = refusing(providerSaid("invalid", { status: 400, detail }));
    expect((await check("gpt", noRoom)).status).toBe("ok");
  });
});

test("a model that refuses is explained", async () => {
  const throttled = refusing(providerSaid("throttled", { status: 429 }));
  expect((await check("gpt", throttled)).status).toBe("warning");
});
