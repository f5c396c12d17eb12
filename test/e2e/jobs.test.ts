/** Jobs over HTTP: submitted, done in the background by the one path, told by webhook, and what survives what. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { createHmac, hash, timingSafeEqual } from "node:crypto";
import { endToEnd } from "./end-to-end.ts";
import {
  clearFaults,
  command,
  eventually,
  inject,
  KEY,
  type RunningGateway,
  startGateway,
} from "./harness.ts";

endToEnd();

const STRANGER = "pm_stranger_key_of_the_jobs_suite";
const HOOK_KEY = Buffer.from("a secret of the jobs suite, 32 b");
const HOOK_SECRET = `whsec_${HOOK_KEY.toString("base64")}`;

interface Call {
  readonly model: string;
  /** What it was asked, to tell calls apart. */
  readonly text: string;
  readonly inputs: number;
  aborted: boolean;
}

/** An upstream of our own: it keeps what it was asked, and answers as it is told. */
const calls: Call[] = [];
const open: string[] = [];
let mostOpen: Record<string, number> = {};
let answerDelayMs = 0;
/** Consulted for each call; a Response of its own, or null for a good answer. */
let behave: (call: Call) => Response | null = () => null;
const upstream = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  idleTimeout: 0,
  async fetch(request) {
    const body = (await request.json()) as {
      model: string;
      input?: string | string[];
      messages?: { content: string }[];
    };
    const inputs = body.input === undefined ? [] : [body.input].flat();
    const text = inputs.join("|") || (body.messages?.at(-1)?.content ?? "");
    const call: Call = { model: body.model, text, inputs: inputs.length, aborted: false };
    calls.push(call);
    open.push(body.model);
    mostOpen[body.model] = Math.max(
      mostOpen[body.model] ?? 0,
      open.filter((model) => model === body.model).length,
    );
    const delay = text.includes("forever") ? 600_000 : answerDelayMs;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delay);
      request.signal.addEventListener("abort", () => {
        call.aborted = true;
        clearTimeout(timer);
        resolve();
      });
    });
    open.splice(open.indexOf(body.model), 1);
    const own = behave(call);
    if (own) return own;
    return Response.json(inputs.length > 0 ? vectorsFor(inputs, body.model) : wordsFor(text, body.model));
  },
});

function wordsFor(text: string, model: string) {
  const choices = [
    { index: 0, message: { role: "assistant", content: `Heard: ${text}` }, finish_reason: "stop" },
  ];
  const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
  return { id: "c", object: "chat.completion", created: 1, model, choices, usage };
}

/** The vector says how long its input was. */
function vectorsFor(inputs: readonly string[], model: string) {
  const data = inputs.map((input, index) => ({ object: "embedding", index, embedding: [input.length, 1] }));
  // No multiple of anything: it cannot be parted evenly.
  const tokens = inputs.length * 10 + 7;
  return {
    object: "list",
    data: data.toReversed(),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** The application that is told of ends. */
const told: { readonly headers: Headers; readonly body: string }[] = [];
let hookStatus = 200;
const application = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    told.push({ headers: request.headers, body: await request.text() });
    return new Response("", { status: hookStatus, headers: { location: `${upstream.url}stolen` } });
  },
});

function policy(): string {
  const digest = hash("sha256", STRANGER, "hex");
  return `version: 1
name: jobs
providers:
  sim: { kind: simulator }
  up: { kind: openai-compatible, base_url: "http://127.0.0.1:${upstream.port}/v1", credential: none }
models:
  talk: { context_window: 32000 }
  lexis: { context_window: 8000, capabilities: [embeddings] }
  atlas: { context_window: 32000, prices: { input: 3, output: 15 } }
deployments:
  talk-here: { model: talk, provider: up, model_id: talk-1, region: here }
  flood-here: { model: talk, provider: up, model_id: flood-1, region: there }
  lexis-here: { model: lexis, provider: up, model_id: lexis-1, region: here }
  atlas-us: { model: atlas, provider: sim, model_id: atlas-1, region: us-east-1 }
use_cases:
  talk-chat: { jobs: { max_attempts: 2 }, ladder: { primary: { deployments: [talk-here] }, cross_region: none } }
  flood-chat: { jobs: { concurrency: 2 }, ladder: { primary: { deployments: [flood-here] }, cross_region: none } }
  sim-chat:
    max_attempts: 1
    ladder: { primary: atlas, degraded: [{ template: { message: Resting. } }] }
  vectors:
    task_type: embedding
    jobs: { concurrency: 2, micro_batch: { max: 6, wait: 400ms } }
    ladder: { primary: lexis }
keys:
  - { id: stranger, sha256: "${digest}", tenant: globex, tier: premium }
circuit: { consecutive_failures: 1000, minimum_calls: 1000 }
retry: { budget_per_second: 100, backoff_base: 10ms, backoff_max: 50ms }
jobs: { max_waiting: 300 }
webhooks:
  secret: { env: JOBS_HOOK_SECRET }
  destinations:
    - { host: 127.0.0.1, port: ${application.port}, private: true }
    - { host: hooks.example.com }
`;
}

let gateway: RunningGateway;
const start = (directory?: string) =>
  startGateway({
    policy: directory === undefined ? policy() : null,
    env: { JOBS_HOOK_SECRET: HOOK_SECRET },
    ...(directory !== undefined && { directory }),
  });

beforeAll(async () => {
  gateway = await start();
});
afterAll(async () => {
  await upstream.stop(true);
  await application.stop(true);
});
afterEach(async () => {
  behave = () => null;
  answerDelayMs = 0;
  hookStatus = 200;
  calls.length = 0;
  told.length = 0;
  mostOpen = {};
  await clearFaults(gateway);
});

interface JobView {
  readonly id: string;
  readonly status: string;
  readonly attempts: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly dead_letter: boolean;
  readonly error: { readonly kind: string; readonly code: string } | null;
  readonly response: {
    readonly status_code: number;
    readonly request_id: string;
    readonly decision_id: string;
    readonly degraded: string | null;
    readonly micro_batch: {
      readonly jobs: number;
      readonly total_tokens: number;
      readonly remainder_tokens: number;
    } | null;
    // biome-ignore lint/suspicious/noExplicitAny: a body of any dialect
    readonly body: any;
  } | null;
  readonly webhook: {
    readonly status: string;
    readonly attempts: number;
    readonly last_error: string | null;
  } | null;
}

async function call(path: string, body?: unknown, key = KEY, headers: Record<string, string> = {}) {
  const response = await fetch(`${gateway.url}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: an answer of any path
  return { status: response.status, headers: response.headers, body: (await response.json()) as any };
}

function chatJob(model: string, text: string, more: Readonly<Record<string, unknown>> = {}) {
  const body = { model, messages: [{ role: "user", content: text }] };
  return { endpoint: "/v1/chat/completions", body, ...more };
}

async function submit(job: unknown): Promise<string> {
  const { status, body } = await call("/v1/jobs", job);
  expect({ status, body }).toMatchObject({ status: 202, body: { object: "job" } });
  return body.id;
}

const look = async (id: string): Promise<JobView> => (await call(`/v1/jobs/${id}`)).body;

function ended(id: string, withinMs = 30_000): Promise<JobView> {
  return eventually(async () => {
    const job = await look(id);
    return ["succeeded", "failed", "cancelled", "expired"].includes(job.status) && job;
  }, withinMs);
}

describe("a job", () => {
  test("is taken, done by the one path and fetched; its record is that of a request", async () => {
    const submitted = await call("/v1/jobs", chatJob("sim-chat", "Hello", { metadata: { invoice: "17" } }));
    expect(submitted.status).toBe(202);
    const { id } = submitted.body;
    expect(submitted.headers.get("location")).toBe(`/v1/jobs/${id}`);
    expect(submitted.body).toMatchObject({ status: "queued", attempts: 0, metadata: { invoice: "17" } });
    const job = await ended(id);
    expect(job).toMatchObject({
      status: "succeeded",
      attempts: 1,
      error: null,
      response: { status_code: 200 },
    });
    expect(job.response?.body.choices[0].message.content).toContain("Hello");
    const decision = await eventually(async () => {
      const found = await call(`/admin/decisions/${job.response?.decision_id}`);
      return found.status === 200 && found.body;
    });
    expect(decision).toMatchObject({
      useCase: "sim-chat",
      outcome: "answered",
      requestId: job.response?.request_id,
    });
  });

  test.each<[string, unknown, (body: { readonly [field: string]: unknown }) => unknown]>([
    ["/v1/responses", { model: "sim-chat", input: "Hello" }, (body) => body.output],
    [
      "/v1/messages",
      { model: "sim-chat", max_tokens: 50, messages: [{ role: "user", content: "Hello" }] },
      (body) => body.content,
    ],
    ["/v1/embeddings", { model: "vectors", input: "Hello" }, (body) => body.data],
    ["/v1/invoke", { use_case: "sim-chat", input: "Hello" }, (body) => body.output ?? body],
  ])("of %s is answered in its dialect", async (endpoint, body, part) => {
    const job = await ended(await submit({ endpoint, body }));
    expect(job).toMatchObject({ status: "succeeded", response: { status_code: 200 } });
    expect(JSON.stringify(part(job.response?.body)).length).toBeGreaterThan(5);
  });

  test("submitted twice under one key is one job; another body under it is refused", async () => {
    const wanted = chatJob("talk-chat", "once", { idempotency_key: "invoice-17" });
    const [first, second] = await Promise.all([submit(wanted), submit(wanted)]);
    expect(second).toBe(first);
    const byHeader = await call("/v1/jobs", chatJob("talk-chat", "once"), KEY, {
      "idempotency-key": "invoice-17",
    });
    expect([byHeader.status, byHeader.body.id]).toEqual([202, first]);
    const other = await call("/v1/jobs", chatJob("talk-chat", "twice", { idempotency_key: "invoice-17" }));
    expect(other).toMatchObject({ status: 409, body: { error: { code: "idempotency_key_reused" } } });
    await ended(first);
    expect(calls.filter(({ text }) => text === "once")).toHaveLength(1);
    const strangers = await call("/v1/jobs", wanted, STRANGER);
    expect([strangers.status, strangers.body.id === first]).toEqual([202, false]);
  });

  test("of another tenant is not there", async () => {
    const id = await submit(chatJob("talk-chat", "mine"));
    await ended(id);
    for (const [path, body] of [
      [`/v1/jobs/${id}`],
      [`/v1/jobs/${id}/cancel`, {}],
      [`/v1/jobs/${id}/redeliver`, {}],
    ] as const) {
      expect(await call(path, body, STRANGER)).toMatchObject({
        status: 404,
        body: { error: { code: "unknown_job" } },
      });
    }
    const theirs = await call("/v1/jobs", undefined, STRANGER);
    expect(theirs.body.data.map((job: JobView) => job.id)).not.toContain(id);
    expect((await call("/admin/jobs/dead", undefined, STRANGER)).status).toBe(403);
  });

  test("is listed page by page and by status", async () => {
    const ids = [];
    for (const n of [1, 2, 3]) ids.push(await submit(chatJob("talk-chat", `page ${n}`)));
    for (const id of ids) await ended(id);
    const page = await call("/v1/jobs?limit=2&status=succeeded&use_case=talk-chat");
    expect(page.body.data.map((job: JobView) => job.id)).toEqual([ids[2], ids[1]]);
    expect(page.body.has_more).toBe(true);
    const next = await call(`/v1/jobs?limit=1&after=${page.body.last_id}&use_case=talk-chat`);
    expect(next.body.data[0]).toMatchObject({ id: ids[0], response: { status_code: 200 } });
    expect("body" in next.body.data[0].response).toBe(false);
  });

  test.each<[string, unknown, number, string]>([
    ["a model that there is none of", chatJob("nope", "x"), 404, "model_not_found"],
    [
      "a stream",
      chatJob("talk-chat", "x", {
        body: { model: "talk-chat", messages: [{ role: "user", content: "x" }], stream: true },
      }),
      400,
      "stream_not_supported",
    ],
    [
      "a request that its dialect refuses",
      { endpoint: "/v1/chat/completions", body: { model: "talk-chat" } },
      400,
      "missing_field",
    ],
    ["another endpoint", { endpoint: "/v1/files", body: {} }, 400, "invalid_value"],
    ["an unknown field", chatJob("talk-chat", "x", { priority: 1 }), 400, "invalid_value"],
    [
      "a delay beyond its deadline",
      chatJob("talk-chat", "x", { delay_seconds: 9, deadline_seconds: 5 }),
      400,
      "invalid_value",
    ],
  ])("with %s is refused at once", async (_, job, status, code) => {
    expect(await call("/v1/jobs", job)).toMatchObject({ status, body: { error: { code } } });
  });

  test("that would have a contract the policy cannot read is refused, and one it can is kept to", async () => {
    const job = chatJob("flood-chat", "x");
    const bad = await call("/v1/jobs", job, KEY, { "x-pointsman-safety-level": "none" });
    expect(bad).toMatchObject({ status: 400, body: { error: { code: "invalid_header" } } });
    const good = await call("/v1/jobs", job, KEY, { "x-pointsman-residency": "eu-*" });
    expect(await ended(good.body.id)).toMatchObject({ status: "failed", attempts: 1, dead_letter: false });
  });

  test("that waits is not done before", async () => {
    const id = await submit(chatJob("talk-chat", "later", { delay_seconds: 2 }));
    await Bun.sleep(1000);
    expect(calls).toHaveLength(0);
    expect(await look(id)).toMatchObject({ status: "queued" });
    expect(await ended(id)).toMatchObject({ status: "succeeded" });
  });
});

describe("trying again", () => {
  test("a throttled job is tried again, not before it was told, and succeeds", async () => {
    behave = () =>
      calls.length <= 1
        ? Response.json({ error: { message: "slow down" } }, { status: 429, headers: { "retry-after": "4" } })
        : null;
    const id = await submit(chatJob("flood-chat", "patience"));
    const waiting = await eventually(async () => {
      const job = await look(id);
      return job.status === "retrying" && job;
    });
    expect(waiting).toMatchObject({ attempts: 1, error: { kind: expect.any(String) } });
    expect(calls).toHaveLength(1);
    const job = await ended(id);
    expect(job).toMatchObject({ status: "succeeded", attempts: 2, error: null });
    expect(Number(job.ended_at) - Number(job.started_at)).toBeGreaterThanOrEqual(3);
  });

  test("a permanent refusal ends it at once, and is no dead letter", async () => {
    behave = () => Response.json({ error: { message: "bad", code: "bad_value" } }, { status: 400 });
    const job = await ended(await submit(chatJob("flood-chat", "wrong")));
    expect(job).toMatchObject({
      status: "failed",
      attempts: 1,
      dead_letter: false,
      response: { status_code: 400 },
    });
  });

  test("one that never succeeds becomes a dead letter, and is done when it is put back", async () => {
    behave = () => Response.json({ error: { message: "down" } }, { status: 503 });
    const id = await submit(chatJob("talk-chat", "unlucky"));
    expect(await ended(id)).toMatchObject({ status: "failed", attempts: 2, dead_letter: true });
    const dead = await eventually(async () => {
      const { body } = await call("/admin/jobs/dead");
      return body.jobs.find((job: { readonly id: string }) => job.id === id);
    });
    expect(dead).toMatchObject({ tenant: "demo", use_case: "talk-chat" });
    behave = () => null;
    expect((await call("/admin/jobs/dead/replay", { ids: [id, "job_nope"] })).body).toEqual({
      replayed: [id],
      more: false,
    });
    expect(await ended(id)).toMatchObject({ status: "succeeded", attempts: 1, dead_letter: false });
    expect((await call("/admin/jobs/dead")).body.jobs).toEqual([]);
    behave = () => Response.json({ error: { message: "down" } }, { status: 503 });
    const hopeless = await submit(chatJob("talk-chat", "hopeless"));
    await ended(hopeless);
    await eventually(async () => (await call("/admin/jobs/queue")).body.depth.dead === 1);
    expect((await call("/admin/jobs/dead/discard", { ids: [hopeless] })).body).toEqual({
      discarded: [hopeless],
    });
    expect((await call("/admin/jobs/queue")).body).toMatchObject({ depth: { dead: 0 }, problem: null });
  });

  test("an answer without a model is none, unless it is accepted", async () => {
    await inject(gateway, { fault: { status: 503 }, match: { deployment: "atlas-us" } });
    const patient = await submit(chatJob("sim-chat", "a model, please"));
    const easy = await submit(chatJob("sim-chat", "anything", { accept_degraded: true }));
    expect(await ended(easy)).toMatchObject({ status: "succeeded", response: { degraded: "template" } });
    await eventually(async () => (await look(patient)).status === "retrying");
    expect(await look(patient)).toMatchObject({ error: { kind: "degraded", code: "template" } });
    await clearFaults(gateway);
    expect(await ended(patient)).toMatchObject({ status: "succeeded", response: { degraded: null } });
  });

  test("a deadline ends it, also in the middle of its call", async () => {
    const id = await submit(chatJob("talk-chat", "forever", { deadline_seconds: 1 }));
    expect(await ended(id)).toMatchObject({ status: "expired", error: { code: "deadline_exceeded" } });
    await eventually(async () => calls[0]?.aborted);
  });
});

describe("cancelling", () => {
  test("one that runs has its call given up within a second", async () => {
    const id = await submit(chatJob("talk-chat", "forever"));
    await eventually(async () => calls.length === 1);
    expect(await call(`/v1/jobs/${id}/cancel`, {})).toMatchObject({
      status: 200,
      body: { status: "cancelled" },
    });
    await eventually(async () => calls[0]?.aborted, 1_500);
    await Bun.sleep(100);
    expect(await look(id)).toMatchObject({ status: "cancelled", response: null });
  });

  test("one that waits never runs, and one that is over cannot be", async () => {
    const id = await submit(chatJob("talk-chat", "never", { delay_seconds: 1 }));
    await call(`/v1/jobs/${id}/cancel`, {});
    await Bun.sleep(2_500);
    expect(calls).toEqual([]);
    expect((await call(`/v1/jobs/${id}/cancel`, {})).body).toMatchObject({ status: "cancelled" });
    const done = await submit(chatJob("talk-chat", "done"));
    await ended(done);
    expect(await call(`/v1/jobs/${done}/cancel`, {})).toMatchObject({
      status: 400,
      body: { error: { code: "job_not_cancellable" } },
    });
  });
});

describe("many at once", () => {
  test("a use case keeps its bound, and its flood holds up no other", async () => {
    answerDelayMs = 150;
    const flood = await Promise.all(
      Array.from({ length: 60 }, (_, n) => submit(chatJob("flood-chat", `flood ${n}`))),
    );
    const other = await submit(chatJob("talk-chat", "hello"));
    expect(await ended(other)).toMatchObject({ status: "succeeded" });
    const left = (await call("/v1/jobs?status=queued&use_case=flood-chat&limit=100")).body.data.length;
    expect(left).toBeGreaterThan(10);
    for (const id of flood) expect(await ended(id)).toMatchObject({ status: "succeeded", attempts: 1 });
    expect(mostOpen["flood-1"]).toBe(2);
    expect(calls.filter(({ model }) => model === "flood-1")).toHaveLength(60);
  });

  test("embeddings are asked for together, and each has its own vectors and tokens", async () => {
    const texts = ["a", "bb", "ccc", "dddd", "eeeee", "ffffff", "ggggggg"];
    const embed = (input: unknown) => ({ endpoint: "/v1/embeddings", body: { model: "vectors", input } });
    const ids = await Promise.all(texts.map((text) => submit(embed(text))));
    const jobs = await Promise.all(ids.map((id) => ended(id)));
    expect(calls.map(({ inputs }) => inputs).toSorted()).toEqual([1, 6]);
    for (const [at, job] of jobs.entries()) {
      expect(job.response?.body.data).toEqual([
        { object: "embedding", index: 0, embedding: [texts[at]?.length, 1] },
      ]);
    }
    const together = jobs.filter((job) => job.response?.micro_batch?.jobs === 6);
    expect(together).toHaveLength(6);
    const sum = together.reduce((all, job) => all + job.response?.body.usage.total_tokens, 0);
    expect(sum).toBe(67);
    expect(new Set(together.map((job) => job.response?.request_id)).size).toBe(1);
  });

  test("one bad embedding does not fail those it was asked for with", async () => {
    behave = ({ text }) =>
      text.includes("poison") ? Response.json({ error: { message: "bad" } }, { status: 400 }) : null;
    const embed = (input: unknown) => ({ endpoint: "/v1/embeddings", body: { model: "vectors", input } });
    const ids = await Promise.all(["one", "poison", ["two", "three"]].map((input) => submit(embed(input))));
    const jobs = await Promise.all(ids.map((id) => ended(id)));
    expect(jobs.map(({ status }) => status)).toEqual(["succeeded", "failed", "succeeded"]);
    expect(jobs[2]?.response?.body.data).toHaveLength(2);
    expect(calls.map(({ inputs }) => inputs)).toContain(4);
  });

  test("a tenant that has too many waiting is told so", async () => {
    const wanted = chatJob("talk-chat", "x", { delay_seconds: 600 });
    const answers = await Promise.all(Array.from({ length: 310 }, () => call("/v1/jobs", wanted, STRANGER)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(5);
    expect(refused[0]?.body).toMatchObject({ error: { code: "too_many_jobs" } });
    await ended(await submit(chatJob("talk-chat", "of another tenant")));
  });
});

describe("webhooks", () => {
  const hook = () => ({ webhook: { url: `http://127.0.0.1:${application.port}/jobs` } });

  /** Written against the specification of Standard Webhooks, not against the gateway's code. */
  function verify({ headers, body }: (typeof told)[number]): boolean {
    const signed = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${body}`;
    const expected = createHmac("sha256", HOOK_KEY).update(signed).digest();
    const age = Math.abs(Date.now() / 1000 - Number(headers.get("webhook-timestamp")));
    return (headers.get("webhook-signature") ?? "").split(" ").some((part) => {
      const [version, signature = ""] = part.split(",");
      const given = Buffer.from(signature, "base64");
      return (
        version === "v1" && given.length === expected.length && timingSafeEqual(given, expected) && age < 300
      );
    });
  }

  test("tell the end, signed; a refused one is told again under the same id", async () => {
    hookStatus = 302;
    const id = await submit(chatJob("talk-chat", "tell me", hook()));
    await ended(id);
    await eventually(async () => told.length === 1);
    const failing = await eventually(async () => {
      const job = await look(id);
      return job.webhook?.attempts === 1 && job;
    });
    expect(failing.webhook).toMatchObject({ status: "due", last_error: expect.stringContaining("302") });
    hookStatus = 200;
    await eventually(async () => (await look(id)).webhook?.status === "delivered", 20_000);
    expect(told).toHaveLength(2);
    const [first, second] = told;
    if (!first || !second) throw new Error("not told twice");
    expect([verify(first), verify(second)]).toEqual([true, true]);
    expect(second.headers.get("webhook-id")).toBe(first.headers.get("webhook-id") ?? "");
    expect(verify({ ...first, body: first.body.replace("tell", "sell") })).toBe(false);
    const message = JSON.parse(second.body);
    expect(message).toMatchObject({ type: "job.succeeded", data: { id, status: "succeeded" } });
    expect(message.data.response.body.choices[0].message.content).toBe("Heard: tell me");
    // A redirect is not followed: it leads to the upstream.
    expect(calls.map(({ text }) => text)).toEqual(["tell me"]);
    await call(`/v1/jobs/${id}/redeliver`, {});
    await eventually(async () => told.length === 3);
  });

  test.each([
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1:1/",
    "https://127.0.0.1/",
    "https://localhost/",
    "http://[::1]/",
    "http://2130706433/",
    "https://hooks.example.com:8443/",
    "http://hooks.example.com/",
    "https://evil.example.com/",
    "https://hooks.example.com@evil.com/",
    "file:///etc/passwd",
  ])("to %s are refused", async (url) => {
    expect(await call("/v1/jobs", chatJob("talk-chat", "x", { webhook: { url } }))).toMatchObject({
      status: 400,
      body: { error: { code: "webhook_not_allowed", param: "webhook.url" } },
    });
  });
});

test("a job outlives a kill -9 in the middle of its call; the next start goes on, and tells of it", async () => {
  const running = await submit(
    chatJob("talk-chat", "survivor", { webhook: { url: `http://127.0.0.1:${application.port}/jobs` } }),
  );
  const cancelled = await submit(chatJob("talk-chat", "cancelled before", { delay_seconds: 2 }));
  answerDelayMs = 600_000;
  const hung = await submit(chatJob("talk-chat", "hung"));
  await eventually(async () => calls.some(({ text }) => text === "hung"));
  await call(`/v1/jobs/${cancelled}/cancel`, {});
  const waiting = await submit(chatJob("talk-chat", "waiting", { delay_seconds: 1 }));
  gateway.crash();
  await gateway.stop();
  answerDelayMs = 0;
  const { directory } = gateway;
  gateway = await start(directory);
  expect(await ended(running)).toMatchObject({ status: "succeeded" });
  expect(await ended(waiting)).toMatchObject({ status: "succeeded", attempts: 1 });
  // Its message is in the dead process's hand until the visibility timeout is over.
  expect(await ended(hung, 45_000)).toMatchObject({ status: "succeeded", attempts: 2 });
  expect(await look(cancelled)).toMatchObject({ status: "cancelled" });
  await eventually(async () => told.some(({ body }) => JSON.parse(body).data.id === running));
  expect(calls.some(({ text }) => text === "cancelled before")).toBe(false);
});

test("the command line submits, shows, lists, cancels and replays", async () => {
  const run = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await command(gateway, "jobs", ...args, "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return JSON.parse(stdout);
  };
  const body = JSON.stringify({
    model: "talk-chat",
    messages: [{ role: "user", content: "from the shell" }],
  });
  const job = await run("submit", "/v1/chat/completions", body, "--wait");
  expect(job).toMatchObject({ status: "succeeded" });
  expect(await run("show", job.id)).toMatchObject({ id: job.id });
  expect((await run("list", "--limit", "1")).data[0].id).toBe(job.id);
  const late = await run("submit", "/v1/chat/completions", body, "--delay", "1h");
  expect(await run("cancel", late.id)).toMatchObject({ status: "cancelled" });
  expect(await run("dead")).toMatchObject({ jobs: [] });
  expect(await run("replay", "--all")).toEqual({ replayed: [], more: false });
});
