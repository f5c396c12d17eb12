import { beforeEach, describe, expect, test } from "bun:test";
import type { Caller } from "../../core/caller.ts";
import { failed, ok } from "../../core/faults.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import { memoryJobQueue } from "../../store/memory/job-queue.ts";
import { StoreError } from "../../store/store-error.ts";
import { createFakeJobs, type FakeJobs } from "./fake-jobs.ts";
import type { JobPorts } from "./job-ports.ts";
import { readMessage } from "./message.ts";
import { type Submission, submitJob } from "./submit.ts";

const caller: Caller = { keyId: "k", tenant: "acme", tier: "t", role: "caller", useCases: null };
const wanted: Submission = {
  endpoint: "/v1/chat/completions",
  body: { model: "chat", b: 1, a: 2 },
  headers: { "x-pointsman-residency": "eu-*" },
  webhookUrl: null,
  metadata: null,
  acceptDegraded: false,
  deadlineMs: 60_000,
  delayMs: 0,
  idempotencyKey: null,
};

let work: FakeJobs;
let ids = 0;
beforeEach(() => {
  work = createFakeJobs();
});

function ports(change: Partial<JobPorts> = {}): JobPorts {
  const useCases = new Map([
    ["chat", { id: "chat" }],
    ["alias", { id: "chat" }],
  ]);
  const limits = { maxWaiting: 2, maxWaitingBytes: 1_000_000 };
  return {
    jobs: work.store.jobs,
    queue: work.store.queue,
    clock: work.clock,
    nextId: (prefix) => `${prefix}_${++ids}`,
    sharedQueue: false,
    // Submitting looks at nothing else of the policy.
    snapshot: () => ({ useCases, jobs: limits, webhooks: null }) as unknown as ConfigSnapshot,
    check: async (_endpoint, body) => ok({ target: String(body.model), stream: body.stream === true }),
    changed: () => {},
    ended: () => {},
    cancelled: () => {},
    ...change,
  };
}
const submit = (change: Partial<Submission> = {}, of: Partial<JobPorts> = {}) =>
  submitJob(ports(of), caller, { ...wanted, ...change });
const away = () => Promise.reject(new StoreError("busy", "away"));

describe("submitting", () => {
  test("puts everything that is needed on the queue, under the use case's own id", async () => {
    const submitted = await submit({ body: { model: "alias" }, delayMs: 500 });
    if (submitted.type !== "accepted") throw new Error(submitted.type);
    expect(await work.store.queue.receive(1, 1)).toEqual([]);
    await work.clock.advance(500);
    const [delivery] = await work.store.queue.receive(1, 1);
    expect(delivery?.group).toBe("chat");
    expect(readMessage(delivery?.body ?? "")).toMatchObject({
      id: submitted.job.id,
      keyId: "k",
      tenant: "acme",
      useCase: "chat",
      body: { model: "alias" },
      headers: wanted.headers,
    });
    expect(await work.store.jobs.unsent(work.clock.now() + 1, 9)).toEqual([]);
  });

  test("is refused for what the request itself would be, before anything is kept", async () => {
    const check = async () => failed("invalid", "missing_field", "No.");
    expect(await submit({}, { check })).toMatchObject({ type: "refused", fault: { code: "missing_field" } });
    expect(await submit({ body: { model: "nope" } })).toMatchObject({ fault: { code: "model_not_found" } });
    expect(await submit({ body: { model: "chat", stream: true } })).toMatchObject({
      fault: { code: "stream_not_supported" },
    });
    expect(await submit({ webhookUrl: "https://h.example/" })).toMatchObject({
      fault: { code: "webhook_not_allowed" },
    });
    expect((await work.store.jobs.list({ tenant: null, limit: 9 })).jobs).toEqual([]);
  });

  test("is refused where the queue takes no message of that size, and where too many wait", async () => {
    const queue = memoryJobQueue({ clock: work.clock, maxBodyBytes: 600 });
    const long = { model: "chat", text: "ü".repeat(300) };
    expect(await submit({ body: long }, { queue })).toMatchObject({ fault: { code: "job_too_large" } });
    for (const _ of [1, 2]) expect(await submit()).toMatchObject({ type: "accepted" });
    expect(await submit()).toMatchObject({ type: "refused", fault: { kind: "rate_limited" } });
  });

  test("one key is one job, whatever the order of its fields; anything else under it is a conflict", async () => {
    const keyed = { idempotencyKey: "once" };
    const first = await submit(keyed);
    const again = await submit({ ...keyed, body: { a: 2, b: 1, model: "chat" } });
    expect([first.type, again]).toEqual(["accepted", first]);
    expect(await submit({ ...keyed, acceptDegraded: true })).toEqual({ type: "conflict" });
    expect(await submit({ ...keyed, headers: {} })).toEqual({ type: "conflict" });
    expect(await work.store.queue.depth()).toMatchObject({ ready: 1 });
  });

  test("with the queue away is refused, and never done; under a key it is sent when it comes again", async () => {
    const queue = { ...work.store.queue, send: away };
    expect(await submit({}, { queue })).toMatchObject({ fault: { code: "queue_unavailable" } });
    expect((await work.store.jobs.list({ tenant: null, limit: 9 })).jobs).toMatchObject([
      { status: "cancelled" },
    ]);
    expect(await submit({ idempotencyKey: "k" }, { queue })).toMatchObject({
      fault: { code: "queue_unavailable" },
    });
    expect(await submit({ idempotencyKey: "k" })).toMatchObject({
      type: "accepted",
      job: { status: "queued" },
    });
    expect(await work.store.queue.depth()).toMatchObject({ ready: 1 });
  });
});
