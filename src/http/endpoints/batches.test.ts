/** Files and batches as the official OpenAI client sees them, without a socket. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { DEFAULT_WORK_LIMITS } from "../../control/batches/batch-ports.ts";
import { type BatchRunner, startBatchRunner } from "../../control/batches/batch-runner.ts";
import { DEFAULT_UPLOAD_LIMITS } from "../../control/files/file-ports.ts";
import { fakeDesk } from "../../control/policy/fake-desk.ts";
import { FakeClock } from "../../core/fake-clock.ts";
import { createIds } from "../../core/ids.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import { fakeControlApp } from "../fake-control.ts";

let clock: FakeClock;
let runner: BatchRunner;
let app: (request: Request) => Response | Promise<Response>;
let client: OpenAI;
let stranger: OpenAI;
/** Answers of the model wait for it. */
let held: Promise<void>;

beforeEach(() => {
  clock = new FakeClock();
  const store = createMemoryStore();
  const ids = createIds(clock, () => 0.5);
  held = Promise.resolve();
  const shared = { files: store.files, batches: store.batches, clock, nextId: ids.next };
  runner = startBatchRunner({
    ...shared,
    random: () => 0,
    async infer(_, body) {
      await held;
      return { status: 200, requestId: "req_x", body: { echo: body.n } };
    },
    limits: DEFAULT_WORK_LIMITS,
    report: () => {},
  });
  app = fakeControlApp(fakeDesk({ clock }), {
    callerOf(headers) {
      const tenant = headers.get("authorization")?.replace("Bearer ", "");
      return tenant ? { keyId: "k", tenant, tier: "standard", role: "caller", useCases: null } : null;
    },
    batching: { ...shared, uploads: DEFAULT_UPLOAD_LIMITS, serves: () => true, changed: () => runner.wake() },
  });
  client = clientOf("acme");
  stranger = clientOf("globex");
});
afterEach(async () => {
  const stopping = runner.stop(0);
  await clock.advance(1);
  await stopping;
});

function clientOf(tenant: string): OpenAI {
  return new OpenAI({
    apiKey: tenant,
    baseURL: "http://localhost/v1",
    maxRetries: 0,
    fetch: async (url, init) => app(new Request(String(url), init as RequestInit)),
  });
}

function upload(text: string, as = client) {
  return as.files.create({ file: new File([text], "in.jsonl"), purpose: "batch" });
}

const line = (n: number) =>
  `${JSON.stringify({ custom_id: `r${n}`, method: "POST", url: "/v1/chat/completions", body: { model: "m", n } })}\n`;

const of = (input_file_id: string) =>
  ({ input_file_id, endpoint: "/v1/chat/completions", completion_window: "24h" }) as const;

async function refused(call: Promise<unknown>) {
  const thrown = await call.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof OpenAI.APIError)) throw new Error(`expected a refusal, got ${String(thrown)}`);
  return { status: thrown.status, code: thrown.code, param: thrown.param ?? null };
}

describe("files", () => {
  test("come back as they went in", async () => {
    const file = await upload("line\n");
    expect<unknown>(file).toEqual({
      id: file.id,
      object: "file",
      bytes: 5,
      created_at: Math.floor(clock.now() / 1000),
      expires_at: Math.floor(clock.now() / 1000) + 30 * 86_400,
      filename: "in.jsonl",
      purpose: "batch",
      status: "processed",
      status_details: null,
    });
    expect(await client.files.retrieve(file.id)).toEqual(file);
    expect(await (await client.files.content(file.id)).text()).toBe("line\n");
    expect(await client.files.delete(file.id)).toEqual({ id: file.id, object: "file", deleted: true });
    expect(await refused(client.files.retrieve(file.id))).toEqual({
      status: 404,
      code: "unknown_file",
      param: null,
    });
  });

  test("are walked page by page", async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i++) made.push((await upload("x")).id);
    const walk = async (order: "asc" | "desc") => {
      const ids: string[] = [];
      for await (const file of client.files.list({ limit: 2, order })) ids.push(file.id);
      return ids;
    };
    expect(await walk("asc")).toEqual(made);
    expect(await walk("desc")).toEqual(made.toReversed());
    expect((await client.files.list({ limit: 10_000, purpose: "vision" })).data).toEqual([]);
    expect(await refused(client.files.list({ limit: 0 }))).toMatchObject({ status: 400, param: "limit" });
  });

  test("of another tenant do not exist", async () => {
    const { id } = await upload("x");
    const unknown = { status: 404, code: "unknown_file", param: null };
    expect(await refused(stranger.files.retrieve(id))).toEqual(unknown);
    expect(await refused(stranger.files.content(id))).toEqual(unknown);
    expect(await refused(stranger.files.delete(id))).toEqual(unknown);
    expect((await stranger.files.list()).data).toEqual([]);
    expect(await refused(stranger.batches.create(of(id)))).toEqual({ ...unknown, param: "input_file_id" });
  });
});

describe("batches", () => {
  test("are made, worked off and described", async () => {
    const input = await upload(line(1) + line(2));
    const made = await client.batches.create({ ...of(input.id), metadata: { a: "b" } });
    expect(made).toMatchObject({ object: "batch", status: "validating", metadata: { a: "b" }, errors: null });
    for (let i = 0; i < 10; i++) await clock.advance(100);
    const batch = await client.batches.retrieve(made.id);
    const at = Math.floor(clock.now() / 1000);
    expect<unknown>(batch).toEqual({
      id: made.id,
      object: "batch",
      endpoint: "/v1/chat/completions",
      model: "m",
      errors: null,
      input_file_id: input.id,
      completion_window: "24h",
      status: "completed",
      output_file_id: batch.output_file_id,
      error_file_id: null,
      created_at: made.created_at,
      in_progress_at: batch.in_progress_at,
      expires_at: made.created_at + 86_400,
      finalizing_at: batch.finalizing_at,
      completed_at: batch.completed_at,
      failed_at: null,
      expired_at: null,
      cancelling_at: null,
      cancelled_at: null,
      request_counts: { total: 2, completed: 2, failed: 0 },
      usage: {
        input_tokens: 0,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: 0,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 0,
      },
      metadata: { a: "b" },
    });
    for (const time of [batch.in_progress_at, batch.finalizing_at, batch.completed_at]) {
      expect(time).toBeWithin(made.created_at, at + 1);
    }
    const text = await (await client.files.content(batch.output_file_id ?? "")).text();
    expect(
      text
        .trim()
        .split("\n")
        .map((record) => JSON.parse(record).response.body),
    ).toEqual([{ echo: 1 }, { echo: 2 }]);
  });

  test("that fail say at which line", async () => {
    const input = await upload(`${line(1)}{}\n`);
    const made = await client.batches.create(of(input.id));
    for (let i = 0; i < 5; i++) await clock.advance(100);
    expect((await client.batches.retrieve(made.id)).errors).toEqual({
      object: "list",
      data: [
        {
          code: "missing_required_parameter",
          line: 2,
          message: "The line has no custom_id.",
          param: "custom_id",
        },
      ],
    });
  });

  test("can be cancelled, and are walked newest first", async () => {
    const answering = Promise.withResolvers<void>();
    held = answering.promise;
    const input = await upload(line(1));
    const made: string[] = [];
    for (let i = 0; i < 3; i++) made.push((await client.batches.create(of(input.id))).id);
    expect((await client.batches.cancel(made[2] ?? "")).status).toBe("cancelling");
    answering.resolve();
    const listed: string[] = [];
    for await (const { id } of client.batches.list({ limit: 2 })) listed.push(id);
    expect(listed).toEqual(made.toReversed());
    expect((await stranger.batches.list()).data).toEqual([]);
    const unknown = { status: 404, code: "unknown_batch", param: null };
    expect(await refused(stranger.batches.retrieve(made[0] ?? ""))).toEqual(unknown);
    expect(await refused(stranger.batches.cancel(made[0] ?? ""))).toEqual(unknown);
  });

  test.each([
    [{ completion_window: "1h" }, "completion_window"],
    [{ endpoint: "/v1/completions" }, "endpoint"],
    [{ input_file_id: "" }, "input_file_id"],
    [{ metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [i, "x"])) }, "metadata"],
    [{ output_expires_after: { anchor: "created_at", seconds: 60 } }, "output_expires_after.seconds"],
  ])("%j is refused", async (change, param) => {
    const input = await upload(line(1));
    const params = { ...of(input.id), ...change } as unknown as OpenAI.BatchCreateParams;
    expect(await refused(client.batches.create(params))).toMatchObject({ status: 400, param });
  });
});

test("without a key that the policy knows nothing is given", async () => {
  for (const path of ["/v1/files", "/v1/batches", "/v1/batches/x"]) {
    expect((await app(new Request(`http://localhost${path}`))).status).toBe(401);
  }
});
