/** Batches to store, and a batch on its way. */
import { type BatchOrder, type BatchResult, NO_USAGE } from "../../../src/core/batches.ts";
import type { Caller } from "../../../src/core/caller.ts";
import type { Store } from "../../../src/store/ports.ts";
import { AT, addFile, bytesOf, fileId } from "./file-fixture.ts";

export const DAY_MS = 24 * 60 * 60 * 1000;

/** The id of batch `n`; ids sort as their numbers do. */
export function batchId(n: number): string {
  return `batch_${n.toString().padStart(19, "0")}`;
}

export function aCaller(overrides: Partial<Caller> = {}): Caller {
  return { keyId: "k1", tenant: "acme", tier: "standard", role: "caller", useCases: null, ...overrides };
}

export function aBatchOrder(n: number, overrides: Partial<BatchOrder> = {}): BatchOrder {
  return {
    id: batchId(n),
    caller: aCaller(),
    endpoint: "/v1/chat/completions",
    inputFileId: fileId(n),
    metadata: { run: "nightly ✓" },
    outputExpiresAfterMs: 30 * DAY_MS,
    createdAt: AT,
    expiresAt: AT + DAY_MS,
    ...overrides,
  };
}

/** What came of a line: `text` and a line feed. */
export function aResult(line: number, text: string, overrides: Partial<BatchResult> = {}): BatchResult {
  return { line, answered: true, record: bytesOf(`${text}\n`), usage: NO_USAGE, ...overrides };
}

export function outputIdOf(n: number): string {
  return fileId(n * 1000 + 1);
}

export function errorIdOf(n: number): string {
  return fileId(n * 1000 + 2);
}

export function holder(owner: string, now = AT, leaseMs = 10_000) {
  return { owner, now, leaseUntil: now + leaseMs };
}

/** Batch `n` with a file of its own, validating and held by nobody. */
export async function addBatch(
  store: Store,
  n: number,
  overrides: Partial<BatchOrder> = {},
  texts: readonly string[] = ["{}\n"],
): Promise<string> {
  const order = aBatchOrder(n, overrides);
  await addFile(store.files, n, texts, { tenant: order.caller.tenant });
  const created = await store.batches.create(order, 1000);
  if (created !== "created") throw new Error(`not created: ${created}`);
  return order.id;
}

/** Batch `n`, in progress and held by `owner`. */
export async function startBatch(store: Store, n: number, owner = "me", total = 5): Promise<string> {
  const id = await addBatch(store, n);
  const claimed = await store.batches.claim(holder(owner), []);
  if (claimed?.id !== id) throw new Error("another batch was claimed");
  const start = { at: AT + 1, total, model: "m", outputFileId: outputIdOf(n), errorFileId: errorIdOf(n) };
  await store.batches.start(id, owner, start);
  return id;
}
