/**
 * One call against a transport of our own: answers that are errors, what proved the call, what stands beside a body.
 */
import { beforeAll, describe, expect, test } from "bun:test";
import { bareRequest } from "../core/bare-request.ts";
import type { Credential, Deployment } from "../core/deployment.ts";
import { NO_USAGE } from "../core/events.ts";
import { FakeClock } from "../core/fake-clock.ts";
import type { Fault } from "../core/faults.ts";
import type { ModelRequest } from "../core/request.ts";
import { Secret } from "../core/secret.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";
import { BASE_POLICY, snapshotOf } from "../policy/fake-policy.ts";
import type { Authorize } from "./authorize.ts";
import { HttpError } from "./http1/http-error.ts";
import { sendToProvider } from "./send.ts";
import type { Transport } from "./transport.ts";
import { loadWire } from "./wire-registry.ts";

const BASE = firstOf(snapshotOf(BASE_POLICY));

// From then on it is at hand, and no call waits for a file.
beforeAll(async () => {
  await loadWire(BASE.wire);
});

function firstOf({ deployments }: ConfigSnapshot): Deployment {
  const [first] = deployments.values();
  if (first === undefined) throw new Error("no deployment");
  return first;
}

/** A body: its parts, and how it goes on behind them. */
interface Body {
  readonly parts: readonly string[];
  readonly close: "end" | "hang" | "cut";
}

interface Answered {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
}

function transportOf({ status, headers = {}, body = { parts: [], close: "end" } }: Answered) {
  const given = { up: 0 };
  const transport: Transport = {
    limitsConnect: true,
    async send(_call, _connectMs, ending) {
      const parts = body.parts.map((part) => new TextEncoder().encode(part));
      const aborted = Promise.withResolvers<never>();
      ending.follow({ abort: () => aborted.reject(new HttpError("ECANCELED", "aborted")) });
      aborted.promise.catch(() => {});
      return {
        status,
        contentType: headers["content-type"] ?? "application/json",
        headers: () => new Headers(headers),
        async read() {
          const value = parts.shift();
          if (value !== undefined) return { done: false, value };
          if (body.close === "hang") return aborted.promise;
          if (body.close === "cut") throw new HttpError("ECONNRESET", "cut");
          return { done: true };
        },
        whole: () => Buffer.concat(parts),
        async cancel() {
          given.up += 1;
        },
      };
    },
    close() {},
  };
  return { transport, given };
}

interface Circumstances {
  readonly credential?: Credential;
  readonly authorize?: Authorize;
  readonly totalMs?: number;
  readonly stream?: boolean;
  readonly callerSignal?: AbortSignal;
  readonly request?: ModelRequest;
  readonly deployment?: Partial<Deployment>;
}

function send(answered: Answered, circumstances: Circumstances = {}) {
  const { credential = { type: "none" }, totalMs = 30_000, stream = false } = circumstances;
  const clock = new FakeClock();
  const { transport, given } = transportOf(answered);
  const timeouts = { connect: 1_000, firstToken: totalMs, idle: totalMs, total: totalMs };
  const sent = sendToProvider(
    {
      request: circumstances.request ?? bareRequest({ stream }),
      deployment: { ...BASE, credential, ...circumstances.deployment },
      timeouts,
      committedTotalMs: totalMs,
      traceparent: "00-0-0-00",
      tracestate: null,
      callerSignal: circumstances.callerSignal ?? null,
    },
    { clock, transport, authorize: circumstances.authorize ?? (() => undefined) },
  );
  const faultAfter = async (ms: number): Promise<Fault | null> => {
    await clock.advance(ms);
    const pending = Symbol();
    const outcome = await Promise.race([sent, Promise.resolve(pending)]);
    if (typeof outcome === "symbol") return null;
    if (outcome.ok) throw new Error("answered");
    return outcome.fault;
  };
  return { clock, given, sent, faultAfter };
}

describe("an error whose body does not end", () => {
  const RATE_LIMIT = { status: 429, headers: { "retry-after": "1" } };
  const HALF = ['{"error"'];

  test.each([false, true])("hangs: its status and headers say what it is (stream: %p)", async (stream) => {
    const { clock, given, faultAfter } = send(
      { ...RATE_LIMIT, body: { parts: HALF, close: "hang" } },
      { stream },
    );
    expect(await faultAfter(999)).toBeNull();
    expect(await faultAfter(1)).toMatchObject({
      kind: "throttled",
      retryAfterMs: 1_000,
      cause: { status: 429 },
    });
    expect(given.up).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test("says when to come back by the machine's clock", async () => {
    const date = new Date(1_700_000_120_000).toUTCString();
    const answer = {
      status: 429,
      headers: { "retry-after": date },
      body: { parts: HALF, close: "cut" },
    } as const;
    const { clock, faultAfter } = send(answer);
    clock.aheadMs = 3_600_000;
    expect(await faultAfter(0)).toMatchObject({ retryAfterMs: 120_000 + clock.aheadMs });
  });

  test.each([
    [429, "throttled"],
    [400, "invalid"],
    [401, "provider_auth"],
    [503, "outage"],
  ] as const)("is cut: %d", async (status, kind) => {
    const { faultAfter } = send({ ...RATE_LIMIT, status, body: { parts: HALF, close: "cut" } });
    expect(await faultAfter(0)).toMatchObject({ kind, cause: { status } });
  });

  test("has said enough before: what was read counts", async () => {
    const said = JSON.stringify({ error: { code: "context_length_exceeded", message: "too long" } });
    const { faultAfter } = send({ status: 400, body: { parts: [said], close: "hang" } });
    expect(await faultAfter(1_000)).toMatchObject({ kind: "context_overflow" });
  });

  test("is waited for no longer than the attempt lasts", async () => {
    const { faultAfter } = send({ ...RATE_LIMIT, body: { parts: HALF, close: "hang" } }, { totalMs: 300 });
    expect(await faultAfter(300)).toMatchObject({ kind: "throttled", retryAfterMs: 1_000 });
  });

  test("is nobody's any more when the caller has left", async () => {
    const caller = new AbortController();
    const { faultAfter } = send(
      { ...RATE_LIMIT, body: { parts: HALF, close: "hang" } },
      { callerSignal: caller.signal },
    );
    await faultAfter(0);
    caller.abort();
    expect(await faultAfter(900)).toMatchObject({ kind: "cancelled", code: "caller_left" });
  });
});

describe("what had come before a fault", () => {
  const STARTED = 'data: {"id":"c","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":0}}\n\n';
  const EVENTS = { "content-type": "text/event-stream" };
  const came = async (sent: ReturnType<typeof sendToProvider>) => {
    const outcome = await sent;
    if (outcome.ok) throw new Error("answered");
    return outcome.came;
  };

  test("is told of a stream that breaks before its first content", async () => {
    const body: Body = { parts: [STARTED], close: "cut" };
    const { sent } = send({ status: 200, headers: EVENTS, body }, { stream: true });
    expect(await came(sent)).toContainEqual(expect.objectContaining({ type: "usage" }));
  });

  test("is nothing, and yet asked for, where the call was ended", async () => {
    const { sent, clock } = send(
      { status: 200, headers: EVENTS, body: { parts: [], close: "hang" } },
      { stream: true, totalMs: 500 },
    );
    await clock.advance(500);
    expect(await came(sent)).toEqual([
      { type: "fault", fault: expect.objectContaining({ kind: "timeout" }) },
    ]);
  });

  test("is not told of a call that was not made, or that failed by itself", async () => {
    expect(await came(send({ status: 503 }).sent)).toBeUndefined();
    const gone = AbortSignal.abort();
    expect(await came(send({ status: 200 }, { callerSignal: gone }).sent)).toBeUndefined();
  });
});

describe("a refusal of who calls", () => {
  const TOKEN: Credential = { type: "token", issuer: { type: "google" }, scope: "s" };
  const AWS: Credential = { type: "aws", service: "bedrock", region: "us-east-1", identity: {} };
  const KEY: Credential = { type: "bearer", secret: new Secret("k"), file: "/k" };
  const said = (code: string): Body => ({
    parts: [JSON.stringify({ error: { code, message: "no" } })],
    close: "end",
  });

  test.each<[string, Credential, Answered, number]>([
    ["a token that is not good", TOKEN, { status: 401 }, 1],
    ["a token whose holder may not", TOKEN, { status: 403 }, 0],
    ["keys that ended", AWS, { status: 403, body: said("ExpiredTokenException") }, 1],
    ["keys that nobody knows", AWS, { status: 403, body: said("UnrecognizedClientException") }, 1],
    ["keys whose holder may not", AWS, { status: 403, body: said("AccessDeniedException") }, 0],
    ["a key of a file", KEY, { status: 401 }, 1],
    ["a key of a file that may not", KEY, { status: 403 }, 1],
    ["a request that is wrong", KEY, { status: 400 }, 0],
    ["too many of them", TOKEN, { status: 429 }, 0],
  ])("%s", async (_what, credential, answered, doubts) => {
    let doubted = 0;
    const authorize: Authorize = (_deployment, call) => {
      call.doubt = () => {
        doubted += 1;
      };
    };
    expect(await send(answered, { credential, authorize }).faultAfter(0)).not.toBeNull();
    expect(doubted).toBe(doubts);
  });

  test("of a key that can be had nowhere else is a fault and no more", async () => {
    expect(await send({ status: 401 }).faultAfter(0)).toMatchObject({ kind: "provider_auth" });
  });

  test("a token that does not come within the attempt is not the model's silence", async () => {
    const authorize: Authorize = (_deployment, _call, ending) =>
      new Promise((_resolve, reject) => {
        ending?.signal.addEventListener("abort", () => reject(ending.signal.reason));
      });
    const { faultAfter } = send({ status: 200 }, { credential: TOKEN, authorize, totalMs: 2_000 });
    const fault = await faultAfter(2_000);
    expect(fault).toMatchObject({ kind: "outage", code: "credentials_unavailable" });
    expect(fault?.cause?.detail).toBe(
      "No credentials of Google could be had. Nobody answered within the attempt's limit.",
    );
  });
});

test("vectors of Cohere on Bedrock are billed by the header, since their body says nothing", async () => {
  const body = JSON.stringify({ id: "e", embeddings: [[0.5, 1]], response_type: "embeddings_floats" });
  const { sent } = send(
    {
      status: 200,
      headers: { "x-amzn-bedrock-input-token-count": "4321" },
      body: { parts: [body], close: "end" },
    },
    {
      request: bareRequest({ operation: "embed", embedding: { inputs: ["hello there"] } }),
      deployment: { embeddingWire: "bedrock-invoke", modelId: "cohere.embed-english-v3" },
    },
  );
  const reply = await sent;
  if (!reply.ok || reply.value.kind !== "whole") throw new Error("not answered");
  expect(reply.value.events.at(-1)).toMatchObject({
    type: "finish",
    usage: { ...NO_USAGE, inputTokens: 4321 },
  });
});

test("a stream of as many answers as the dialect takes is over with the last of them", async () => {
  const candidates = Array.from({ length: 8 }, (_, index) => ({
    index,
    content: { role: "model", parts: [{ text: "Yes." }] },
    finishReason: "STOP",
  }));
  const usageMetadata = { promptTokenCount: 1, candidatesTokenCount: 8 };
  const data = `data: ${JSON.stringify({ candidates, usageMetadata })}\n\n`;
  await loadWire("gemini");
  const { sent } = send(
    { status: 200, headers: { "content-type": "text/event-stream" }, body: { parts: [data], close: "end" } },
    {
      request: bareRequest({ stream: true, sampling: { choices: 9 } }),
      deployment: { wire: "gemini", modelId: "gemini-2.5-flash", kind: "gemini" },
    },
  );
  const reply = await sent;
  if (!reply.ok || reply.value.kind !== "stream") throw new Error("not answered");
  const events = [...reply.value.head];
  for (let last = events.at(-1); last?.type !== "finish" && last?.type !== "fault"; last = events.at(-1)) {
    events.push(...((await reply.value.rest?.next()) ?? []));
  }
  expect(events.at(-1)).toMatchObject({ type: "finish" });
});
