/** Jobs over HTTP: submitted, done in the background by the one path, tried again, cancelled, and many at once. */
import { describe, expect, test } from "bun:test";
import { endToEnd } from "./end-to-end.ts";
import { clearFaults, eventually, inject, KEY } from "./harness.ts";
import { chatJob, type JobView, STRANGER, startJobsWorld, vectorsFor } from "./jobs-world.ts";

endToEnd();

const world = startJobsWorld();
const { behaviour, call, calls, ended, look, mostOpen, submit } = world;

type Vectors = ReturnType<typeof vectorsFor>["data"];

/** How an upstream gets its vectors wrong. */
const SPOILED: readonly (readonly [string, (data: Vectors) => Vectors])[] = [
  ["too few", (data) => data.slice(1)],
  ["too many", (data) => [...data, { object: "embedding", index: data.length, embedding: [1, 1] }]],
  ["doubled", (data) => [...data.slice(1), ...data.slice(1, 2)]],
];

function spoiled(text: string, model: string, spoil: (data: Vectors) => Vectors): Response {
  const answer = vectorsFor(text.split("|"), model);
  return Response.json({ ...answer, data: spoil(answer.data) });
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
    behaviour.answer = () =>
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
    behaviour.answer = () => Response.json({ error: { message: "bad", code: "bad_value" } }, { status: 400 });
    const job = await ended(await submit(chatJob("flood-chat", "wrong")));
    expect(job).toMatchObject({
      status: "failed",
      attempts: 1,
      dead_letter: false,
      response: { status_code: 400 },
    });
  });

  test("one that never succeeds becomes a dead letter, and is done when it is put back", async () => {
    behaviour.answer = () => Response.json({ error: { message: "down" } }, { status: 503 });
    const id = await submit(chatJob("talk-chat", "unlucky"));
    expect(await ended(id)).toMatchObject({ status: "failed", attempts: 2, dead_letter: true });
    const dead = await eventually(async () => {
      const { body } = await call("/admin/jobs/dead");
      return body.jobs.find((job: { readonly id: string }) => job.id === id);
    });
    expect(dead).toMatchObject({ tenant: "demo", use_case: "talk-chat" });
    behaviour.answer = () => null;
    expect((await call("/admin/jobs/dead/replay", { ids: [id, "job_nope"] })).body).toEqual({
      replayed: [id],
      more: false,
    });
    expect(await ended(id)).toMatchObject({ status: "succeeded", attempts: 1, dead_letter: false });
    expect((await call("/admin/jobs/dead")).body.jobs).toEqual([]);
    behaviour.answer = () => Response.json({ error: { message: "down" } }, { status: 503 });
    const hopeless = await submit(chatJob("talk-chat", "hopeless"));
    await ended(hopeless);
    await eventually(async () => (await call("/admin/jobs/queue")).body.depth.dead === 1);
    expect((await call("/admin/jobs/dead/discard", { ids: [hopeless] })).body).toEqual({
      discarded: [hopeless],
    });
    expect((await call("/admin/jobs/queue")).body).toMatchObject({ depth: { dead: 0 }, problem: null });
    expect(await look(hopeless)).toMatchObject({ status: "failed", dead_letter: false });
    const { entries } = (await call("/admin/audit?limit=2")).body;
    expect(
      entries.map(({ action, details }: { action: string; details: unknown }) => [action, details]),
    ).toEqual([
      ["jobs.discarded", { count: 1, jobs: [hopeless] }],
      ["jobs.replayed", { count: 1, jobs: [id] }],
    ]);
    expect((await call("/admin/jobs/dead/replay", { ids: [hopeless] })).body.replayed).toEqual([]);
    expect(await look(hopeless)).toMatchObject({ status: "failed", error: { kind: expect.any(String) } });
  });

  test("an answer without a model is none, unless it is accepted", async () => {
    await inject(world.gateway(), { fault: { status: 503 }, match: { deployment: "atlas-us" } });
    const patient = await submit(chatJob("sim-chat", "a model, please"));
    const easy = await submit(chatJob("sim-chat", "anything", { accept_degraded: true }));
    expect(await ended(easy)).toMatchObject({ status: "succeeded", response: { degraded: "template" } });
    await eventually(async () => (await look(patient)).status === "retrying");
    expect(await look(patient)).toMatchObject({ error: { kind: "exhausted", code: "all_attempts_failed" } });
    await clearFaults(world.gateway());
    expect(await ended(patient)).toMatchObject({ status: "succeeded", response: { degraded: null } });
  });

  test("a job that can wait leaves no ticket, however often it is tried; one that takes it leaves one", async () => {
    const tickets = async () => (await call("/admin/tickets?status=open")).body.tickets;
    await inject(world.gateway(), { fault: { status: 503 }, match: { deployment: "atlas-us" } });
    const patient = await submit(chatJob("desk-chat", "a model, please"));
    expect(await ended(patient)).toMatchObject({ status: "failed", attempts: 2, dead_letter: true });
    expect(await tickets()).toEqual([]);
    const easy = await submit(chatJob("desk-chat", "anybody", { accept_degraded: true }));
    expect(await ended(easy)).toMatchObject({ status: "succeeded", response: { degraded: "human" } });
    expect(await tickets()).toHaveLength(1);
  });

  test("a job that no model may serve fails at once, whatever would stand in", async () => {
    const id = (await call("/v1/jobs", chatJob("desk-chat", "x"), KEY, { "x-pointsman-residency": "eu-*" }))
      .body.id;
    expect(await ended(id)).toMatchObject({
      status: "failed",
      attempts: 1,
      dead_letter: false,
      error: { kind: "unavailable", code: "no_candidate" },
    });
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
    const late = await submit(chatJob("talk-chat", "much later", { delay_seconds: 50_000 }));
    expect((await call("/admin/jobs/queue")).body.depth.delayed).toBe(1);
    await call(`/v1/jobs/${late}/cancel`, {});
    expect((await call("/admin/jobs/queue")).body.depth.delayed).toBe(0);
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
    behaviour.answerDelayMs = 150;
    const flood = await Promise.all(
      Array.from({ length: 60 }, (_, n) => submit(chatJob("flood-chat", `flood ${n}`))),
    );
    const other = await submit(chatJob("talk-chat", "hello"));
    expect(await ended(other)).toMatchObject({ status: "succeeded" });
    const left = (await call("/v1/jobs?status=queued&use_case=flood-chat&limit=100")).body.data.length;
    expect(left).toBeGreaterThan(10);
    for (const id of flood) expect(await ended(id)).toMatchObject({ status: "succeeded", attempts: 1 });
    expect(mostOpen.get("flood-1")).toBe(2);
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

  test("embeddings are too long by themselves alone, not together", async () => {
    // 2,000 tokens each: twelve thousand together, for a model that holds eight.
    const long = "some words ".repeat(727);
    const live = await call("/v1/embeddings", { model: "vectors", input: new Array(6).fill(long) });
    expect([live.status, live.body.data?.length]).toEqual([200, 6]);
    calls.length = 0;
    const embed = (input: unknown) => ({ endpoint: "/v1/embeddings", body: { model: "vectors", input } });
    const ids = await Promise.all(Array.from({ length: 6 }, () => submit(embed(long))));
    const jobs = await Promise.all(ids.map((id) => ended(id)));
    expect(jobs.map(({ status }) => status)).toEqual(new Array(6).fill("succeeded"));
    expect(calls.map(({ inputs }) => inputs)).toEqual([6]);
    const one = await call("/v1/embeddings", { model: "vectors", input: ["short", long.repeat(9)] });
    expect([one.status, one.body.error.code]).toEqual([400, "context_length_exceeded"]);
    expect(one.body.error.message).toContain("Cut the longest text");
  });

  test.each(SPOILED)("vectors that are %s are no answer: the next model is asked", async (_what, spoil) => {
    behaviour.answer = ({ text, model }) => (model === "lexis-1" ? spoiled(text, model, spoil) : null);
    const input = ["a", "bb", "ccc"];
    const { status, headers, body } = await call("/v1/embeddings", { model: "spared-vectors", input });
    expect([status, headers.get("x-pointsman-model")]).toEqual([200, "spare"]);
    expect(body.data.map(({ embedding }: { embedding: number[] }) => embedding[0])).toEqual([1, 2, 3]);
    const alone = await call("/v1/embeddings", { model: "vectors", input });
    expect(alone.status).toBeGreaterThanOrEqual(502);
  });

  test.each(SPOILED)("together, vectors that are %s have each asked for by itself", async (_what, spoil) => {
    behaviour.answer = ({ text, model, inputs }) => (inputs > 1 ? spoiled(text, model, spoil) : null);
    const embed = (input: unknown) => ({ endpoint: "/v1/embeddings", body: { model: "vectors", input } });
    const ids = await Promise.all(["a", "bb", "ccc"].map((input) => submit(embed(input))));
    const jobs = await Promise.all(ids.map((id) => ended(id)));
    expect(jobs.map(({ status, attempts }) => [status, attempts])).toEqual(
      new Array(3).fill(["succeeded", 1]),
    );
    expect(jobs.map((job) => job.response?.body.data[0].embedding[0])).toEqual([1, 2, 3]);
    // All of them once more, as the policy has it for a malformed answer, and then each.
    expect(calls.map(({ inputs }) => inputs)).toEqual([3, 3, 1, 1, 1]);
  });

  test("one bad embedding does not fail those it was asked for with", async () => {
    behaviour.answer = ({ text }) =>
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
