import { describe, expect, test } from "bun:test";
import type { Caller } from "../core/caller.ts";
import type { Decision } from "../core/decision.ts";
import { FakeClock } from "../core/fake-clock.ts";
import type { KeySpec } from "../core/keys.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";
import { type InferenceDoor, inferThrough } from "./background.ts";

const stated: Caller = { keyId: "k", tenant: "acme", tier: "standard", role: "caller", useCases: null };
const HOUR = 3_600_000;
const never = new AbortController().signal;

function keyed(change: Partial<KeySpec> = {}): ConfigSnapshot {
  const key = {
    id: "k",
    sha256: "0",
    tenant: "acme",
    tier: "standard",
    role: "caller",
    useCases: null,
    aws: null,
  };
  // A request of a batch looks at nothing else of the policy.
  return { keys: [{ ...key, ...change }] } as unknown as ConfigSnapshot;
}

function door(handle: InferenceDoor["handle"], snapshot = keyed()): InferenceDoor {
  return { handle, snapshot: () => snapshot, clock: new FakeClock() };
}

describe("a request of the background", () => {
  test("goes to its endpoint as JSON, in the tier of batches, for its caller", async () => {
    const seen: { request: Request; caller: Caller }[] = [];
    const infer = inferThrough(
      door(async (request, caller) => {
        seen.push({ request, caller });
        return Response.json({ id: "x" }, { headers: { "x-request-id": "req_1" } });
      }),
    );
    const answer = await infer("/v1/embeddings", { model: "m", input: "ü" }, stated, never);
    expect(answer).toEqual({
      status: 200,
      requestId: "req_1",
      body: { id: "x" },
      retryAfterMs: null,
      decision: null,
    });
    const [{ request, caller } = { request: new Request("http://none"), caller: null }] = seen;
    expect(caller).toEqual(stated);
    expect([request.method, new URL(request.url).pathname]).toEqual(["POST", "/v1/embeddings"]);
    expect(request.headers.get("x-pointsman-latency-tier")).toBe("batch");
    expect(await request.json()).toEqual({ model: "m", input: "ü" });
  });

  test("is made with the rights that the key has now", async () => {
    const callers: Caller[] = [];
    const infer = inferThrough(
      door(
        async (_, caller) => {
          callers.push(caller);
          return Response.json({});
        },
        keyed({ tier: "premium", useCases: ["chat"] }),
      ),
    );
    await infer("/v1/responses", {}, stated, never);
    expect(callers).toEqual([{ ...stated, tier: "premium", useCases: ["chat"] }]);
  });

  test.each([
    ["is gone", keyed({ id: "another" })],
    ["belongs to another tenant", keyed({ tenant: "globex" })],
  ])("is refused when the key %s", async (_, snapshot) => {
    const infer = inferThrough(door(() => Promise.reject(new Error("asked all the same")), snapshot));
    expect(await infer("/v1/responses", {}, stated, never)).toMatchObject({
      status: 401,
      body: { error: { code: "invalid_api_key" } },
    });
  });

  test("may state a contract of its own, and the native dialect does so in its body", async () => {
    const seen: Headers[] = [];
    const infer = inferThrough(
      door(async (request) => {
        seen.push(request.headers);
        return Response.json({});
      }),
    );
    const contract = { "x-pointsman-residency": "eu-*", "x-pointsman-latency-tier": "standard" };
    await infer("/v1/responses", {}, stated, never, contract);
    await infer("/v1/invoke", {}, stated, never);
    expect(seen.map((headers) => headers.get("x-pointsman-latency-tier"))).toEqual(["standard", null]);
    expect(seen[0]?.get("x-pointsman-residency")).toBe("eu-*");
  });

  test("takes a stand-in for a model unless it says that it does not", async () => {
    const seen: unknown[] = [];
    const infer = inferThrough(
      door(async (_, { standIns }) => {
        seen.push(standIns);
        return Response.json({});
      }),
    );
    for (const more of [{}, { acceptDegraded: true }, { acceptDegraded: false }]) {
      await infer("/v1/responses", {}, { ...stated, ...more }, never);
    }
    expect(seen).toEqual([undefined, undefined, false]);
  });

  test("is told its own record and nobody else's", async () => {
    const mine = { id: "dec_1" } as Decision;
    const infer = inferThrough(
      door(async (_request, _caller, tell) => {
        tell({ id: "dec_shadow" } as Decision);
        tell(mine);
        return Response.json({}, { headers: { "x-pointsman-decision": "dec_1" } });
      }),
    );
    expect((await infer("/v1/responses", {}, stated, never)).decision).toBe(mine);
  });

  test("hands on when to come back, and the wish to stop", async () => {
    const stop = new AbortController();
    let signal: AbortSignal | null = null;
    const infer = inferThrough(
      door(async (request) => {
        signal = request.signal;
        return Response.json({ error: {} }, { status: 429, headers: { "retry-after": "7" } });
      }),
    );
    expect(await infer("/v1/responses", {}, stated, stop.signal)).toMatchObject({
      status: 429,
      retryAfterMs: 7_000,
    });
    stop.abort();
    expect(signal).toMatchObject({ aborted: true });
  });

  test("a date to come back at is by the machine's clock", async () => {
    const clock = new FakeClock();
    clock.aheadMs = HOUR;
    const headers = { "retry-after": new Date(clock.wall() + 120_000).toUTCString() };
    const infer = inferThrough({ ...door(async () => Response.json({}, { status: 429, headers })), clock });
    expect(await infer("/v1/responses", {}, stated, never)).toMatchObject({ retryAfterMs: 120_000 });
  });
});
