/** Making and cancelling batches, and what answers count for. */
import { beforeEach, describe, expect, test } from "bun:test";
import type { Caller } from "../../core/caller.ts";
import { FakeClock } from "../../core/fake-clock.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import type { Store } from "../../store/ports.ts";
import { DEFAULT_UPLOAD_LIMITS } from "../files/file-ports.ts";
import type { BatchPorts } from "./batch-ports.ts";
import { cancelBatch } from "./cancel.ts";
import { createBatch, type NewBatch } from "./create.ts";
import { usageOf } from "./records.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const caller: Caller = { keyId: "k", tenant: "acme", tier: "standard", role: "caller", useCases: ["chat"] };
let store: Store;
let clock: FakeClock;
let ports: BatchPorts;
let changes: number;

beforeEach(async () => {
  store = createMemoryStore();
  clock = new FakeClock();
  changes = 0;
  let n = 0;
  ports = {
    files: store.files,
    batches: store.batches,
    clock,
    nextId: (prefix) => `${prefix}_${(n++).toString().padStart(4, "0")}`,
    uploads: DEFAULT_UPLOAD_LIMITS,
    serves: (endpoint) => endpoint !== "/v1/messages",
    changed: () => void changes++,
  };
  await addFile("in", "batch");
});

async function addFile(id: string, purpose: string, tenant = "acme"): Promise<void> {
  await store.files.begin({ id, tenant, createdAt: clock.now() });
  await store.files.finish(id, { purpose, filename: "in.jsonl", expiresAt: null });
}

const wanted = (change: Partial<NewBatch> = {}): NewBatch => ({
  inputFileId: "in",
  endpoint: "/v1/chat/completions",
  metadata: { a: "b" },
  outputExpiresAfterMs: null,
  ...change,
});

describe("making a batch", () => {
  test("it waits to be validated, and whoever works is told", async () => {
    const made = await createBatch(ports, caller, wanted());
    expect(made).toMatchObject({
      ok: true,
      value: {
        id: "batch_0000",
        status: "validating",
        caller,
        metadata: { a: "b" },
        outputExpiresAfterMs: 30 * DAY_MS,
        times: { createdAt: clock.now(), expiresAt: clock.now() + DAY_MS },
      },
    });
    expect(changes).toBe(1);
  });

  test.each([
    ["a file that is not there", { inputFileId: "nothing" }, "not_found", "unknown_file", "input_file_id"],
    ["another tenant's file", { inputFileId: "theirs" }, "not_found", "unknown_file", "input_file_id"],
    ["a file of another purpose", { inputFileId: "data" }, "invalid", "invalid_value", "input_file_id"],
    ["an endpoint that is not served", { endpoint: "/v1/messages" }, "invalid", "invalid_value", "endpoint"],
  ] as const)("refused: %s", async (_, change, kind, code, param) => {
    await addFile("theirs", "batch", "globex");
    await addFile("data", "user_data");
    expect(await createBatch(ports, caller, wanted(change))).toMatchObject({
      ok: false,
      fault: { kind, code, param },
    });
    expect(changes).toBe(0);
  });

  test("a tenant cannot pile up more than a hundred", async () => {
    for (let i = 0; i < 100; i++) expect((await createBatch(ports, caller, wanted())).ok).toBe(true);
    expect(await createBatch(ports, caller, wanted())).toMatchObject({
      ok: false,
      fault: { kind: "rate_limited", code: "too_many_batches" },
    });
  });
});

describe("cancelling a batch", () => {
  test("once, and again changes nothing", async () => {
    await createBatch(ports, caller, wanted());
    const first = await cancelBatch(ports, "acme", "batch_0000");
    expect(first).toMatchObject({ ok: true, value: { status: "cancelling" } });
    await clock.advance(1000);
    expect(await cancelBatch(ports, "acme", "batch_0000")).toEqual(first);
    expect(changes).toBe(2);
  });

  test("of another tenant is not there", async () => {
    await createBatch(ports, caller, wanted());
    expect(await cancelBatch(ports, "globex", "batch_0000")).toMatchObject({
      ok: false,
      fault: { kind: "not_found", code: "unknown_batch" },
    });
  });

  test("that is over is refused", async () => {
    await createBatch(ports, caller, wanted());
    await store.batches.claim({ owner: "me", now: clock.now(), leaseUntil: clock.now() + 1 }, []);
    await store.batches.conclude("batch_0000", "me", { status: "failed", at: clock.now() });
    expect(await cancelBatch(ports, "acme", "batch_0000")).toMatchObject({
      ok: false,
      fault: { kind: "invalid", code: "batch_not_cancellable" },
    });
  });
});

test.each([
  [
    "Chat Completions",
    {
      prompt_tokens: 10,
      completion_tokens: 5,
      prompt_tokens_details: { cached_tokens: 3 },
      completion_tokens_details: { reasoning_tokens: 2 },
    },
    [10, 3, 5, 2],
  ],
  [
    "Responses",
    {
      input_tokens: 10,
      output_tokens: 5,
      input_tokens_details: { cached_tokens: 3 },
      output_tokens_details: { reasoning_tokens: 2 },
    },
    [10, 3, 5, 2],
  ],
  ["Embeddings", { prompt_tokens: 8, total_tokens: 8 }, [8, 0, 0, 0]],
  [
    "Messages",
    { input_tokens: 4, cache_read_input_tokens: 100, cache_creation_input_tokens: 20, output_tokens: 5 },
    [124, 100, 5, 0],
  ],
  ["nonsense", { prompt_tokens: "many", completion_tokens: -1, prompt_tokens_details: null }, [0, 0, 0, 0]],
  ["nothing", undefined, [0, 0, 0, 0]],
] as const)("usage of %s", (_, usage, [inputTokens, cachedTokens, outputTokens, reasoningTokens]) => {
  expect(usageOf({ usage })).toEqual({ inputTokens, cachedTokens, outputTokens, reasoningTokens });
});
