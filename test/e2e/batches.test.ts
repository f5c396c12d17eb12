/** Files and batches with the official OpenAI client: uploaded, answered by the gateway itself, fetched again. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { hash } from "node:crypto";
import OpenAI from "openai";
import type { Batch } from "openai/resources/batches";
import { endToEnd } from "./end-to-end.ts";
import { eventually, KEY, listDecisions, type RunningGateway, startGateway } from "./harness.ts";
import { KEYS, PROVIDER_SECRET, testPolicy, withUpstream } from "./policies.ts";
import { type RecordingUpstream, startUpstream } from "./recording-upstream.ts";

endToEnd();

const MEBIBYTE = 1024 * 1024;
const POLICY = testPolicy({ firstToken: "30s", idle: "30s", total: "60s", deadline: "60s" });

let upstream: RecordingUpstream;
let gateway: RunningGateway;
let client: OpenAI;
/** A key of another tenant. */
let stranger: OpenAI;

beforeAll(async () => {
  upstream = startUpstream();
  gateway = await start();
  client = clientWith(KEY);
  stranger = clientWith(KEYS.scoped);
});
afterAll(() => upstream.stop());
afterEach(() => upstream.behave({}));

function start(directory?: string): Promise<RunningGateway> {
  return startGateway({
    policy: directory === undefined ? withUpstream(POLICY, upstream.baseUrl) : null,
    env: { [PROVIDER_SECRET.name]: PROVIDER_SECRET.value },
    ...(directory !== undefined && { directory }),
  });
}

function clientWith(apiKey: string): OpenAI {
  return new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0 });
}

interface OutputRecord {
  readonly id: string;
  readonly custom_id: string;
  readonly response: {
    readonly status_code: number;
    readonly request_id: string;
    readonly body: OpenAI.ChatCompletion & { readonly error?: { readonly code: string } };
  } | null;
  readonly error: { readonly code: string } | null;
}

function requestLine(customId: string, body: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    custom_id: customId,
    method: "POST",
    url: "/v1/chat/completions",
    body: { model: "support-chat", messages: [{ role: "user", content: `Hello ${customId}` }], ...body },
  });
}

async function upload(lines: readonly string[], as: OpenAI = client) {
  return as.files.create({
    file: new File([`${lines.join("\n")}\n`], "requests.jsonl"),
    purpose: "batch",
  });
}

async function createBatch(lines: readonly string[], more: Partial<OpenAI.BatchCreateParams> = {}) {
  const input = await upload(lines);
  return client.batches.create({
    input_file_id: input.id,
    endpoint: "/v1/chat/completions",
    completion_window: "24h",
    ...more,
  });
}

function ended(id: string, withinMs = 30_000): Promise<Batch> {
  return eventually(async () => {
    const batch = await client.batches.retrieve(id);
    return ["completed", "failed", "expired", "cancelled"].includes(batch.status) && batch;
  }, withinMs);
}

async function recordsIn(fileId: string | null | undefined): Promise<OutputRecord[]> {
  if (!fileId) return [];
  const text = await (await client.files.content(fileId)).text();
  return text
    .split("\n")
    .slice(0, -1)
    .map((line): OutputRecord => JSON.parse(line));
}

async function refusal(call: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const thrown = await call.then(
    () => null,
    (error: unknown) => error,
  );
  if (thrown instanceof OpenAI.APIError) return thrown;
  throw new Error(`expected a refusal, got ${String(thrown)}`);
}

describe("files", () => {
  test("are kept, described, listed, read and deleted", async () => {
    const content = new Uint8Array(3 * MEBIBYTE + 5).map((_, i) => (i * 7) % 253);
    const file = await client.files.create({
      file: new File([content], "größe.bin"),
      purpose: "user_data",
      expires_after: { anchor: "created_at", seconds: 7200 },
    });
    expect(file.id).toMatch(/^file_[0-9a-z]{19}$/);
    expect<unknown>(file).toEqual({
      id: file.id,
      object: "file",
      bytes: content.byteLength,
      created_at: file.created_at,
      expires_at: file.created_at + 7200,
      filename: "größe.bin",
      purpose: "user_data",
      status: "processed",
      status_details: null,
    });
    expect(await client.files.retrieve(file.id)).toEqual(file);
    const response = await client.files.content(file.id);
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const received = await response.bytes();
    expect(hash("sha256", received, "hex")).toBe(hash("sha256", content, "hex"));
    expect(await client.files.delete(file.id)).toEqual({ id: file.id, object: "file", deleted: true });
    expect((await refusal(client.files.retrieve(file.id))).status).toBe(404);
    expect((await refusal(client.files.content(file.id))).status).toBe(404);
    expect((await refusal(client.files.delete(file.id))).status).toBe(404);
  });

  test("are listed page by page, either way, by purpose, also while they are deleted", async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i++) {
      const file = await client.files.create({ file: new File(["x"], `${i}.txt`), purpose: "evals" });
      made.push(file.id);
    }
    const page = await client.files.list({ purpose: "evals", limit: 2 });
    expect(page.data.map(({ id }) => id)).toEqual([made[4], made[3]] as string[]);
    expect(page.has_more).toBe(true);
    const oldestFirst: string[] = [];
    for await (const { id } of client.files.list({ purpose: "evals", limit: 2, order: "asc" })) {
      oldestFirst.push(id);
    }
    expect(oldestFirst).toEqual(made);
    for await (const { id } of client.files.list({ purpose: "evals", limit: 2 }))
      await client.files.delete(id);
    expect((await client.files.list({ purpose: "evals" })).data).toEqual([]);
  });

  test("of another tenant are not there", async () => {
    const file = await upload([requestLine("secret")]);
    for (const call of [
      () => stranger.files.retrieve(file.id),
      () => stranger.files.content(file.id),
      () => stranger.files.delete(file.id),
      () =>
        stranger.batches.create({
          input_file_id: file.id,
          endpoint: "/v1/chat/completions",
          completion_window: "24h",
        }),
    ]) {
      const refused = await refusal(call());
      expect(refused.status).toBe(404);
      expect(refused.code).toBe("unknown_file");
    }
    for await (const { id } of stranger.files.list()) expect(id).not.toBe(file.id);
    expect((await client.files.retrieve(file.id)).bytes).toBe(file.bytes);
  });

  test("that are refused say why, in OpenAI's shape", async () => {
    const wrong = await refusal(
      client.files.create({ file: new File(["x"], "x"), purpose: "profit" as "batch" }),
    );
    expect(wrong).toMatchObject({ status: 400, code: "invalid_value", param: "purpose" });
    const noForm = await fetch(`${gateway.url}/v1/files`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: "{}",
    });
    expect(noForm.status).toBe(400);
    expect(await noForm.json()).toMatchObject({ error: { code: "unsupported_content_type" } });
    const noKey = await fetch(`${gateway.url}/v1/files`, { method: "POST", body: new FormData() });
    expect(noKey.status).toBe(401);
  });

  test("that are too large are refused while they come, and leave nothing", async () => {
    const before = (await client.files.list({ purpose: "vision" })).data.length;
    const piece = new Uint8Array(MEBIBYTE);
    let sent = 0;
    const head = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n';
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(sent++ === 0 ? new TextEncoder().encode(head) : piece);
        if (sent > 300) controller.close();
      },
    });
    const response = await fetch(`${gateway.url}/v1/files`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "multipart/form-data; boundary=b" },
      body: endless,
    });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: { code: "file_too_large" } });
    expect(sent).toBeLessThan(200);
    expect((await client.files.list({ purpose: "vision" })).data).toHaveLength(before);
  });
});

describe("a batch", () => {
  test("is answered by the gateway, request by request, each with a record of its own", async () => {
    const lines = ["a", "b", "c"].map((id) => requestLine(id));
    lines.splice(1, 0, requestLine("bad", { model: "nobody-knows-this" }));
    const made = await createBatch(lines, { metadata: { run: "nightly" } });
    expect(made.id).toMatch(/^batch_[0-9a-z]{19}$/);
    expect(made).toMatchObject({
      object: "batch",
      status: "validating",
      endpoint: "/v1/chat/completions",
      completion_window: "24h",
      metadata: { run: "nightly" },
      request_counts: { total: 0, completed: 0, failed: 0 },
    });
    expect(made.expires_at).toBe(made.created_at + 86_400);
    const batch = await ended(made.id);
    expect(batch).toMatchObject({
      status: "completed",
      request_counts: { total: 4, completed: 3, failed: 1 },
    });
    expect(batch.usage?.total_tokens).toBeGreaterThan(0);
    const outputs = await recordsIn(batch.output_file_id);
    expect(outputs.map((record) => record.custom_id)).toEqual(["a", "b", "c"]);
    for (const { id, custom_id: customId, response, error } of outputs) {
      expect(id).toMatch(/^batch_req_/);
      expect(error).toBeNull();
      expect(response?.status_code).toBe(200);
      expect(response?.body.choices[0]?.message.content).toContain(`Hello ${customId}`);
    }
    const [bad] = await recordsIn(batch.error_file_id);
    expect(bad).toMatchObject({ custom_id: "bad", error: null });
    expect(bad?.response?.status_code).toBeGreaterThanOrEqual(400);
    expect(bad?.response?.body.error?.code).toBeString();
    await eventually(async () => {
      const { decisions } = await listDecisions(gateway, "limit=50");
      const recorded = decisions.map((decision) => decision.requestId);
      return outputs.every((record) => recorded.includes(record.response?.request_id ?? ""));
    });
    const output = await client.files.retrieve(batch.output_file_id ?? "");
    expect(output).toMatchObject({ purpose: "batch_output", filename: `${batch.id}_output.jsonl` });
  });

  test("goes the one path in the latency tier of batches, for the key that made it", async () => {
    const made = await createBatch([requestLine("tier")]);
    const [record] = await recordsIn((await ended(made.id)).output_file_id);
    const decision = await eventually(async () => {
      const { decisions } = await listDecisions(gateway, "limit=50");
      return decisions.find((one) => one.requestId === record?.response?.request_id);
    });
    expect(decision).toMatchObject({ keyId: "demo", tenant: "demo", contract: { latencyTier: "batch" } });
  });

  test("whose input does not fit fails, and says at which lines", async () => {
    const made = await createBatch([requestLine("a"), "no json", requestLine("a"), '{"custom_id":"x"}']);
    const batch = await ended(made.id);
    expect(batch.status).toBe("failed");
    expect(batch.failed_at).toBeNumber();
    expect(batch.errors?.data).toEqual([
      { code: "invalid_json_line", line: 2, message: expect.any(String), param: null },
      { code: "duplicate_custom_id", line: 3, message: expect.any(String), param: "custom_id" },
      { code: "missing_required_parameter", line: 4, message: expect.any(String), param: "method" },
    ]);
    expect(batch.output_file_id ?? null).toBeNull();
  });

  test("that cannot be made is refused with the field at fault", async () => {
    const input = await upload([requestLine("a")]);
    const params = {
      input_file_id: input.id,
      endpoint: "/v1/chat/completions",
      completion_window: "24h",
    } as const;
    const cases: [Partial<Record<keyof OpenAI.BatchCreateParams, unknown>>, number, string][] = [
      [{ input_file_id: "file_nothing" }, 404, "input_file_id"],
      [{ endpoint: "/v1/videos" }, 400, "endpoint"],
      [{ completion_window: "1h" }, 400, "completion_window"],
      [{ metadata: { a: "x".repeat(513) } }, 400, "metadata.a"],
    ];
    for (const [change, status, param] of cases) {
      const refused = await refusal(client.batches.create({ ...params, ...change } as typeof params));
      expect({ status: refused.status, param: refused.param }).toEqual({ status, param });
    }
  });

  test("that is cancelled starts nothing new, and keeps what is finished", async () => {
    upstream.behave({ delayMs: 300 });
    const before = upstream.calls.length;
    const lines = Array.from({ length: 200 }, (_, i) => requestLine(`r${i}`, { model: "recorded-chat" }));
    const made = await createBatch(lines);
    await eventually(async () => upstream.calls.length >= before + 12);
    const cancelling = await client.batches.cancel(made.id);
    expect(cancelling.status).toBe("cancelling");
    expect((await refusal(stranger.batches.cancel(made.id))).status).toBe(404);
    const batch = await ended(made.id);
    const asked = upstream.calls.length - before;
    expect(batch.status).toBe("cancelled");
    expect(asked).toBeLessThan(100);
    expect(upstream.mostOpen).toBeLessThanOrEqual(8);
    expect(await recordsIn(batch.output_file_id)).toHaveLength(asked);
    expect(batch.request_counts).toEqual({ total: 200, completed: asked, failed: 0 });
    expect((await client.batches.cancel(made.id)).status).toBe("cancelled");
  });

  test("holds on to its input while it runs", async () => {
    upstream.behave({ delayMs: 500 });
    const made = await createBatch([requestLine("slow", { model: "recorded-chat" })]);
    expect(await refusal(client.files.delete(made.input_file_id))).toMatchObject({ code: "file_in_use" });
    await ended(made.id);
    expect((await client.files.delete(made.input_file_id)).deleted).toBe(true);
  });

  test("of another tenant is not there, and lists are one's own, newest first", async () => {
    const made = await createBatch([requestLine("mine")]);
    const refused = await refusal(stranger.batches.retrieve(made.id));
    expect(refused).toMatchObject({ status: 404, code: "unknown_batch" });
    expect((await stranger.batches.list()).data).toEqual([]);
    const listed: string[] = [];
    for await (const { id } of client.batches.list({ limit: 2 })) listed.push(id);
    expect(listed[0]).toBe(made.id);
    expect(listed).toEqual(listed.toSorted().toReversed());
    await ended(made.id);
    expect(await refusal(client.batches.cancel(made.id))).toMatchObject({
      status: 400,
      code: "batch_not_cancellable",
    });
  });
});

test("a batch outlives a kill -9: the next start goes on, and every request has one result", async () => {
  upstream.behave({ delayMs: 100 });
  const before = upstream.calls.length;
  const ids = Array.from({ length: 80 }, (_, i) => `r${i}`);
  const made = await createBatch(ids.map((id) => requestLine(id, { model: "recorded-chat" })));
  await eventually(async () => upstream.calls.length >= before + 30);
  const { completed = 0 } = (await client.batches.retrieve(made.id)).request_counts ?? {};
  expect(completed).toBeGreaterThan(0);
  const { directory } = gateway;
  gateway.crash();
  await gateway.stop();
  gateway = await start(directory);
  client = clientWith(KEY);
  stranger = clientWith(KEYS.scoped);
  upstream.behave({});
  const batch = await ended(made.id);
  expect(batch).toMatchObject({
    status: "completed",
    request_counts: { total: 80, completed: 80, failed: 0 },
  });
  const outputs = await recordsIn(batch.output_file_id);
  expect(outputs.map((record) => record.custom_id)).toEqual(ids);
  expect(upstream.calls.length - before).toBeLessThanOrEqual(80 + 8);
});

test("a clean stop gives batches back at once, and finishes what is under way", async () => {
  upstream.behave({ delayMs: 400 });
  const before = upstream.calls.length;
  const ids = Array.from({ length: 24 }, (_, i) => `r${i}`);
  const made = await createBatch(ids.map((id) => requestLine(id, { model: "recorded-chat" })));
  await eventually(async () => upstream.calls.length >= before + 8);
  const { directory } = gateway;
  await gateway.stop();
  const asked = upstream.calls.length - before;
  gateway = await start(directory);
  client = clientWith(KEY);
  stranger = clientWith(KEYS.scoped);
  const batch = await ended(made.id, 8_000);
  expect(batch.request_counts).toEqual({ total: 24, completed: 24, failed: 0 });
  expect(asked).toBeLessThan(24);
  expect(upstream.calls.length - before).toBe(24);
});

test("the paths are described in the OpenAPI document", async () => {
  const document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { requestBody?: { content: Record<string, unknown> } }>>;
  };
  expect(Object.keys(document.paths["/v1/files"]?.post?.requestBody?.content ?? {})).toEqual([
    "multipart/form-data",
  ]);
  expect(Object.keys(document.paths["/v1/files/{id}"] ?? {}).sort()).toEqual(["delete", "get"]);
  expect(document.paths["/v1/batches/{id}/cancel"]?.post).toBeDefined();
});
