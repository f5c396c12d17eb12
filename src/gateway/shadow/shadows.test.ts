import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { seededRandom } from "../../core/clock.ts";
import type { Decision } from "../../core/decision.ts";
import { FakeClock } from "../../core/fake-clock.ts";
import { createIds } from "../../core/ids.ts";
import type { ModelRequest } from "../../core/request.ts";
import {
  BASE_POLICY,
  FAKE_CALLER,
  FAKE_HEALTH,
  FAKE_REQUEST,
  routeInput,
  snapshotOf,
} from "../../policy/fake-policy.ts";
import { draftRoute } from "../../policy/routing/plan.ts";
import { fetchTransport } from "../../providers/fetch-transport.ts";
import type { LiveRequest, ShadowPorts } from "./shadow-port.ts";
import { createShadows } from "./shadows.ts";

const received: { readonly body: Record<string, unknown>; readonly headers: Headers }[] = [];
/** What the candidate answers; it may wait. */
let answer: (body: Record<string, unknown>) => Response | Promise<Response> = () => whole("Hi");

const upstream = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    const body = (await request.json()) as Record<string, unknown>;
    received.push({ body, headers: request.headers });
    return answer(body);
  },
});
afterAll(() => upstream.stop(true));

const USAGE = { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 };

function whole(content: string): Response {
  const message = { role: "assistant", content };
  const choices = [{ index: 0, message, finish_reason: "stop" }];
  return Response.json({ id: "c", object: "chat.completion", created: 1, model: "m", choices, usage: USAGE });
}

function streamed(...pieces: readonly string[]): Response {
  const chunk = (choices: unknown, more = {}) =>
    `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices, ...more })}\n\n`;
  const text = [
    ...pieces.map((content) => chunk([{ index: 0, delta: { content } }])),
    chunk([{ index: 0, delta: {}, finish_reason: "stop" }]),
    chunk([], { usage: USAGE }),
    "data: [DONE]\n\n",
  ];
  return new Response(text.join(""), { headers: { "content-type": "text/event-stream" } });
}

const OUTSIDE = BASE_POLICY.replace(
  "models:\n",
  `  out: { kind: openai-compatible, base_url: "http://127.0.0.1:${upstream.port}/v1" }
models:
  new: { context_window: 1000, max_output_tokens: 500, capabilities: [json_mode, json_schema, tools], prices: { input: 10, output: 20 } }
`,
)
  .replace(
    "deployments:\n",
    "deployments:\n  new-here: { model: new, provider: out, model_id: new-1, region: on-prem }\n",
  )
  .replace("capabilities: [tools, vision]", "capabilities: [tools, vision, json_mode]");

const policy = (shadow: string) => `${OUTSIDE}rollouts:\n  - { name: s, shadow: ${shadow} }\n`;

interface World {
  readonly ports: ShadowPorts;
  readonly clock: FakeClock;
  readonly skipped: string[];
  readonly counted: Decision[];
  readonly internal: unknown[];
  /** The next record that is written. */
  record(): Promise<Decision>;
}

function world(change: Partial<ShadowPorts> = {}): World {
  const clock = new FakeClock();
  const skipped: string[] = [];
  const counted: Decision[] = [];
  const internal: unknown[] = [];
  const written: Decision[] = [];
  let wake: (() => void) | null = null;
  const ports: ShadowPorts = {
    clock,
    random: seededRandom(1),
    ids: createIds(clock, seededRandom(2)),
    authorize: () => undefined,
    transport: fetchTransport,
    health: FAKE_HEALTH,
    decisions: {
      push(decision) {
        written.push(decision);
        wake?.();
      },
    },
    metrics: {
      shadow: (decision) => void counted.push(decision),
      shadowSkipped: (rollout, why) => void skipped.push(`${rollout}:${why}`),
    },
    reportInternal: (_id, thrown) => void internal.push(thrown),
    ...change,
  };
  return {
    ports,
    clock,
    skipped,
    counted,
    internal,
    async record() {
      await clock.advance(0);
      while (written.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const [first] = written.splice(0, 1);
      if (!first) throw new Error("no record");
      return first;
    },
  };
}

function liveOf(text: string, request: ModelRequest = FAKE_REQUEST): LiveRequest {
  const snapshot = snapshotOf(text);
  return {
    wire: { id: "openai-chat" },
    snapshot,
    requestId: "req_1",
    decisionId: "dec_live",
    traceId: "a".repeat(32),
    traceFlags: "01",
    tracestate: null,
    caller: FAKE_CALLER,
    plan: draftRoute(routeInput(snapshot, { request })),
  };
}

const ALWAYS = "{ candidate: new, share: 100, max_cost_usd_per_hour: 1 }";
const JSON_REQUEST: ModelRequest = { ...FAKE_REQUEST, responseFormat: { type: "json" } };

beforeEach(() => {
  received.length = 0;
  answer = () => whole("Hi");
});

describe("a copy", () => {
  test("is answered beside the live answer and leaves a record of its own", async () => {
    const { ports, record, counted } = world();
    createShadows().mirror(ports, liveOf(policy(ALWAYS)), FAKE_REQUEST);
    const decision = await record();
    expect(decision).toMatchObject({
      shadowOf: "dec_live",
      requestId: "req_1",
      outcome: "answered",
      experiment: { rollout: "s", arm: "candidate" },
      model: "new",
      useCase: "chat",
      rung: null,
      finish: { unified: "stop" },
      usage: { inputTokens: 100, outputTokens: 50 },
      cost: 2_000_000,
      firstTokenMs: null,
    });
    expect(decision.id).not.toBe("dec_live");
    expect(decision.attempts).toHaveLength(1);
    expect(decision).not.toHaveProperty("formatValid");
    expect(JSON.stringify(decision)).not.toContain("Hi");
    expect(counted).toEqual([decision]);
    expect(received[0]?.headers.get("traceparent")).toStartWith(`00-${"a".repeat(32)}-`);
  });

  test("of a stream is a stream, read to its end", async () => {
    const { ports, record } = world();
    const request = { ...FAKE_REQUEST, stream: true };
    answer = () => streamed("H", "i");
    createShadows().mirror(ports, liveOf(policy(ALWAYS), request), request);
    const decision = await record();
    expect(received[0]?.body.stream).toBe(true);
    expect(decision).toMatchObject({ stream: true, outcome: "answered", usage: { outputTokens: 50 } });
    expect(decision.firstTokenMs).toBeGreaterThanOrEqual(0);
  });

  test.each([
    ['{"a":1}', true, false],
    ["not JSON", false, false],
    ['{"a":1}', true, true],
    ["not JSON", false, true],
  ])("says whether %s is what was asked for: %p (streamed: %p)", async (text, valid, stream) => {
    const { ports, record } = world();
    const request = { ...JSON_REQUEST, stream };
    answer = () => (stream ? streamed(text.slice(0, 3), text.slice(3)) : whole(text));
    createShadows().mirror(ports, liveOf(policy(ALWAYS), request), request);
    expect((await record()).formatValid).toBe(valid);
  });

  test("that fails is recorded with its fault, and is not tried again", async () => {
    const { ports, record } = world();
    answer = () => Response.json({ error: { message: "down" } }, { status: 503 });
    createShadows().mirror(ports, liveOf(policy(ALWAYS)), FAKE_REQUEST);
    const decision = await record();
    expect(decision).toMatchObject({ outcome: "failed", fault: { kind: "outage" }, cost: 0 });
    expect(decision.attempts[0]).toMatchObject({ result: "fault", fault: { kind: "outage" } });
    expect(received).toHaveLength(1);
  });

  test("carries nothing that the provider would do twice: only what the contract says", async () => {
    const { ports, record } = world();
    const body = { store: true, tools: [{ type: "mcp" }], messages: [], previous_response_id: "r" };
    const request: ModelRequest = {
      ...FAKE_REQUEST,
      tools: [{ name: "look_up", parameters: { type: "object" } }],
      origin: { wire: "openai-chat", body, rewritten: new Set() },
    };
    createShadows().mirror(ports, liveOf(policy(ALWAYS), request), request);
    await record();
    expect(received[0]?.body.tools).toEqual([
      { type: "function", function: { name: "look_up", parameters: { type: "object" } } },
    ]);
    expect(received[0]?.body.messages).toHaveLength(1);
    for (const field of ["store", "previous_response_id"])
      expect(received[0]?.body).not.toHaveProperty(field);
  });

  test("is held to the limits of a live call, and its record says so", async () => {
    const { ports, record } = world();
    const request: ModelRequest = { ...FAKE_REQUEST, sampling: { maxTokens: 600 } };
    createShadows().mirror(ports, liveOf(policy(ALWAYS), request), request);
    expect((await record()).warnings).toEqual(["max_tokens"]);
    expect(received[0]?.body.max_tokens).toBe(40);
  });

  test("is not sent where its model could not give what a strict caller asks for", async () => {
    const { ports, record } = world();
    const request: ModelRequest = { ...FAKE_REQUEST, strict: true, sampling: { maxTokens: 600 } };
    createShadows().mirror(ports, liveOf(policy(ALWAYS), request), request);
    expect(await record()).toMatchObject({
      outcome: "failed",
      fault: { kind: "invalid", code: "unsupported_control" },
    });
    expect(received).toHaveLength(0);
  });

  test("has its own prompt and parameters", async () => {
    const { ports, record } = world();
    const candidate =
      '{ model: new, system_prompt: { id: p, version: 2, text: "Be kind." }, parameters: { temperature: 0 } }';
    createShadows().mirror(ports, liveOf(policy(ALWAYS.replace("new", candidate))), FAKE_REQUEST);
    expect((await record()).experiment).toEqual({ rollout: "s", arm: "candidate", prompt: "p@2" });
    expect(received[0]?.body).toMatchObject({
      temperature: 0,
      messages: [{ role: "system" }, { role: "user" }],
    });
  });
});

describe("what bounds copies", () => {
  test("at most sixteen at once, and none waits", async () => {
    const { ports, clock, skipped, record } = world();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    answer = async () => {
      await held;
      return whole("Hi");
    };
    const shadows = createShadows();
    const live = liveOf(policy(ALWAYS));
    for (let i = 0; i < 20; i++) shadows.mirror(ports, live, FAKE_REQUEST);
    expect(skipped).toEqual(Array(4).fill("s:busy"));
    await clock.advance(0);
    shadows.mirror(ports, live, FAKE_REQUEST);
    expect(skipped).toHaveLength(5);
    release();
    for (let i = 0; i < 16; i++) expect((await record()).outcome).toBe("answered");
    shadows.mirror(ports, live, FAKE_REQUEST);
    expect(skipped).toHaveLength(5);
    await record();
  });

  test("a cost in an hour: what it did cost counts, and the next hour begins anew", async () => {
    const { ports, clock, skipped, record } = world();
    const shadows = createShadows();
    // Each is expected to cost 0.0009 and does cost 0.002.
    const live = liveOf(policy("{ candidate: new, share: 100, max_cost_usd_per_hour: 0.0035 }"));
    shadows.mirror(ports, live, FAKE_REQUEST);
    expect((await record()).cost).toBe(2_000_000);
    shadows.mirror(ports, live, FAKE_REQUEST);
    await record();
    shadows.mirror(ports, live, FAKE_REQUEST);
    expect(skipped).toEqual(["s:cost"]);
    await clock.advance(3_600_000);
    shadows.mirror(ports, live, FAKE_REQUEST);
    await record();
    expect(skipped).toHaveLength(1);
  });

  test("what a copy cost is told to whoever sums up spending, once", async () => {
    const spent: Decision[] = [];
    const { ports, record } = world({ spend: { count: (decision) => spent.push(decision) } });
    createShadows().mirror(ports, liveOf(policy(ALWAYS)), FAKE_REQUEST);
    const decision = await record();
    expect(spent).toEqual([decision]);
    expect(decision).toMatchObject({ tenant: FAKE_CALLER.tenant, keyId: FAKE_CALLER.keyId, cost: 2_000_000 });
  });

  test("a candidate that is ill is left alone", () => {
    const { ports, skipped } = world({ health: { ...FAKE_HEALTH, healthy: () => false } });
    createShadows().mirror(ports, liveOf(policy(ALWAYS)), FAKE_REQUEST);
    expect(skipped).toEqual(["s:unhealthy"]);
  });

  test("stopping ends those under way with a record, and makes no more", async () => {
    const { ports, clock, skipped, counted } = world();
    answer = () => new Promise<Response>(() => {});
    const shadows = createShadows();
    shadows.mirror(ports, liveOf(policy(ALWAYS)), FAKE_REQUEST);
    await clock.advance(0);
    shadows.mirror(ports, liveOf(policy(ALWAYS)), FAKE_REQUEST);
    const stopped = shadows.stop();
    // The call that is under way looks for who left when its watchdog does.
    await clock.advance(5_000);
    await stopped;
    expect(counted.map(({ outcome }) => outcome)).toEqual(["cancelled", "cancelled"]);
    shadows.mirror(ports, liveOf(policy(ALWAYS)), FAKE_REQUEST);
    expect(skipped).toEqual(["s:stopped"]);
    expect(clock.pending).toBe(0);
  });

  test("one that takes too long is ended by its own limit", async () => {
    const { ports, clock, record } = world();
    answer = () => new Promise<Response>(() => {});
    createShadows().mirror(ports, liveOf(policy(ALWAYS)), FAKE_REQUEST);
    await clock.advance(600_000);
    const decision = await record();
    expect(decision.outcome).toBe("failed");
    expect(decision.fault?.code).toEndWith("_timeout");
  });
});

test("what goes wrong in it is the operator's to know and no caller's", async () => {
  const broken = () => {
    throw new Error("boom");
  };
  const { ports, internal } = world({ health: { ...FAKE_HEALTH, healthy: broken } });
  createShadows().mirror(ports, liveOf(policy(ALWAYS)), FAKE_REQUEST);
  expect(internal).toHaveLength(1);
});
