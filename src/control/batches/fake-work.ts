/** A store, a clock and a model for tests of the work on batches. Owns what was asked, and answers when told. */
import { type Batch, type BatchOrder, isFinal } from "../../core/batches.ts";
import type { Caller } from "../../core/caller.ts";
import { seededRandom } from "../../core/clock.ts";
import { FakeClock } from "../../core/fake-clock.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import type { Store } from "../../store/ports.ts";
import type { Infer, InferAnswer } from "../background/infer.ts";
import { DEFAULT_WORK_LIMITS, type WorkLimits, type WorkPorts } from "./batch-ports.ts";
import { type BatchRunner, startBatchRunner } from "./batch-runner.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** One request that was made and has no answer yet. */
export interface PendingAsk {
  readonly customId: string;
  readonly signal: AbortSignal;
  answer(answer: Partial<InferAnswer>): void;
  fail(thrown: unknown): void;
}

export interface FakeWork {
  readonly store: Store;
  readonly clock: FakeClock;
  /** Every request that was made, by the `custom_id` that its body repeats, in order. */
  readonly asked: string[];
  readonly pending: PendingAsk[];
  /** Of requests under way at the same moment. */
  readonly peak: () => number;
  readonly reports: unknown[];
  ports(overrides?: Partial<WorkPorts> & { readonly bounds?: Partial<WorkLimits> }): WorkPorts;
  /** A batch of these requests, validating. */
  add(n: number, customIds: readonly string[], order?: Partial<BatchOrder>): Promise<string>;
  addText(n: number, text: string, order?: Partial<BatchOrder>): Promise<string>;
  batch(id: string): Promise<Batch>;
  /** The records of the output and error files, once the batch is over. */
  outputs(id: string): Promise<readonly OutputRecord[]>;
  errors(id: string): Promise<readonly OutputRecord[]>;
  /** Lets time pass in small steps until it is so. */
  until(condition: () => boolean | Promise<boolean>, stepMs?: number): Promise<void>;
}

export interface OutputRecord {
  readonly id: string;
  readonly custom_id: string;
  readonly response: { status_code: number; request_id: string; body: unknown } | null;
  readonly error: { code: string; message: string } | null;
}

export const ids = (count: number, prefix = "r"): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** Of another tenant than batches are by default. */
export const globex: Caller = {
  keyId: "g",
  tenant: "globex",
  tier: "standard",
  role: "caller",
  useCases: null,
};

export function start(work: FakeWork, overrides?: Parameters<FakeWork["ports"]>[0]): BatchRunner {
  return startBatchRunner(work.ports(overrides));
}

export function isOver(work: FakeWork, id: string): () => Promise<boolean> {
  return async () => isFinal((await work.batch(id)).status);
}

/** Stops them. Throws when a timer is left. */
export async function stopped(work: FakeWork, ...runners: readonly BatchRunner[]): Promise<void> {
  const all = Promise.all(runners.map((runner) => runner.stop(0)));
  await work.clock.advance(1);
  await all;
  if (work.clock.pending > 0) throw new Error(`${work.clock.pending} timers are left`);
}

export function inputLine(customId: string, body: Readonly<Record<string, unknown>> = {}): string {
  const request = { model: "support-chat", custom: customId, ...body };
  return `${JSON.stringify({ custom_id: customId, method: "POST", url: "/v1/chat/completions", body: request })}\n`;
}

/** `answer`: null leaves every request pending until the test answers it. */
export function createFakeWork(
  answer: ((customId: string, nth: number) => Partial<InferAnswer>) | null,
): FakeWork {
  const store = createMemoryStore();
  const clock = new FakeClock();
  const asked: string[] = [];
  const pending: PendingAsk[] = [];
  const reports: unknown[] = [];
  let underway = 0;
  let peak = 0;
  let ids = 0;

  const infer: Infer = async (_endpoint, body, _caller, signal) => {
    const customId = String(body.custom);
    asked.push(customId);
    peak = Math.max(peak, ++underway);
    const nth = asked.filter((other) => other === customId).length;
    try {
      const given = answer ? answer(customId, nth) : await pendingAnswer(pending, customId, signal);
      return { status: 200, requestId: `req_${asked.length}`, body: { echo: customId }, ...given };
    } finally {
      underway--;
    }
  };
  const fileOf = async (batch: Batch, which: "outputFileId" | "errorFileId") =>
    batch[which] === null ? [] : recordsOf(store, batch[which]);
  const work: FakeWork = {
    store,
    clock,
    asked,
    pending,
    peak: () => peak,
    reports,
    ports: ({ bounds, ...overrides } = {}) => ({
      files: store.files,
      batches: store.batches,
      clock,
      nextId: (prefix) => `${prefix}_${(ids++).toString().padStart(6, "0")}`,
      random: seededRandom(7),
      infer,
      limits: { ...DEFAULT_WORK_LIMITS, ...bounds },
      report: (batchId, thrown) => reports.push({ batchId, thrown }),
      ...overrides,
    }),
    add: (n, customIds, order) => work.addText(n, customIds.map((id) => inputLine(id)).join(""), order),
    addText: (n, text, order) => addBatch(store, clock, n, text, order),
    async batch(id) {
      for (const tenant of ["acme", "globex"]) {
        const found = await store.batches.get(tenant, id);
        if (found) return found;
      }
      throw new Error(`no batch ${id}`);
    },
    outputs: async (id) => fileOf(await work.batch(id), "outputFileId"),
    errors: async (id) => fileOf(await work.batch(id), "errorFileId"),
    async until(condition, stepMs = 50) {
      for (let step = 0; step < 5_000; step++) {
        if (await condition()) return;
        await clock.advance(stepMs);
      }
      throw new Error("It never came to that.");
    },
  };
  return work;
}

function pendingAnswer(
  pending: PendingAsk[],
  customId: string,
  signal: AbortSignal,
): Promise<Partial<InferAnswer>> {
  return new Promise((resolve, reject) => {
    const take = (): void => void pending.splice(pending.indexOf(ask), 1);
    const ask: PendingAsk = {
      customId,
      signal,
      answer: (given) => {
        take();
        resolve(given);
      },
      fail: (thrown) => {
        take();
        reject(thrown);
      },
    };
    pending.push(ask);
  });
}

async function addBatch(
  store: Store,
  clock: FakeClock,
  n: number,
  text: string,
  overrides: Partial<BatchOrder> = {},
): Promise<string> {
  const caller = { keyId: "k", tenant: "acme", tier: "standard", role: "caller", useCases: null } as const;
  const order: BatchOrder = {
    id: `batch_${n.toString().padStart(4, "0")}`,
    caller,
    endpoint: "/v1/chat/completions",
    inputFileId: `file_input_${n}`,
    metadata: null,
    outputExpiresAfterMs: DAY_MS,
    createdAt: clock.now(),
    expiresAt: clock.now() + DAY_MS,
    ...overrides,
  };
  const { inputFileId: id } = order;
  await store.files.begin({ id, tenant: order.caller.tenant, createdAt: clock.now() });
  // In small parts, so that lines cross their borders.
  const bytes = new TextEncoder().encode(text);
  for (let part = 0; part * 64 < bytes.length; part++) {
    await store.files.append(id, { part, bytes: bytes.subarray(part * 64, part * 64 + 64) });
  }
  await store.files.finish(id, { purpose: "batch", filename: "in.jsonl", expiresAt: null });
  const created = await store.batches.create(order, 1000);
  if (created !== "created") throw new Error(created);
  return order.id;
}

async function recordsOf(store: Store, fileId: string): Promise<OutputRecord[]> {
  let text = "";
  const decoder = new TextDecoder();
  for (let after = -1, parts = await store.files.read(fileId, after); parts.length > 0; ) {
    for (const { part, bytes } of parts) {
      text += decoder.decode(bytes, { stream: true });
      after = part;
    }
    parts = await store.files.read(fileId, after);
  }
  return text
    .split("\n")
    .slice(0, -1)
    .map((line): OutputRecord => JSON.parse(line));
}
