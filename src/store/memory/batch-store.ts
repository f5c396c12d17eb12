/** Batches that end with the process, for `--data :memory:` and tests. Every step is synchronous, so atomic. */
import {
  type Batch,
  type BatchOrder,
  type BatchResult,
  CONCLUDED_FROM,
  isFinal,
  NO_USAGE,
} from "../../core/batches.ts";
import {
  type BatchEnd,
  type BatchHolder,
  type BatchStart,
  type BatchStore,
  MAX_BATCH_PAGE,
} from "../batch-store.ts";
import { boundedLimit } from "../paging.ts";
import {
  appendPart,
  isSeen,
  type MemoryFile,
  type MemoryFiles,
  newMemoryFile,
  OUTPUT_PURPOSE,
} from "./file-store.ts";

interface MemoryBatch {
  batch: Batch;
  owner: string | null;
  leaseUntil: number;
  outputFileId: string | null;
  errorFileId: string | null;
  readonly recorded: Set<number>;
}

export type MemoryBatches = Map<string, MemoryBatch>;

export interface MemoryBatchPorts {
  readonly files: MemoryFiles;
  readonly batches: MemoryBatches;
  assertOpen(): void;
}

/** Whether a batch that is not over reads the file, or writes it. */
export function readsOrWrites(batches: MemoryBatches, fileId: string): boolean {
  for (const { batch, outputFileId, errorFileId } of batches.values()) {
    if (isFinal(batch.status)) continue;
    if (batch.inputFileId === fileId || outputFileId === fileId || errorFileId === fileId) return true;
  }
  return false;
}

export function memoryBatches(ports: MemoryBatchPorts): BatchStore {
  const { batches, assertOpen } = ports;
  const held = (id: string, owner: string): MemoryBatch | null => {
    assertOpen();
    const kept = batches.get(id);
    return kept?.owner === owner ? kept : null;
  };
  return {
    async create(order, maxLive) {
      assertOpen();
      return create(ports, order, maxLive);
    },
    async get(tenant, id) {
      assertOpen();
      const kept = batches.get(id);
      return kept?.batch.caller.tenant === tenant ? kept.batch : null;
    },
    async list(tenant, limit, after) {
      assertOpen();
      const found = [...batches.values()]
        .map(({ batch }) => batch)
        .filter(({ caller, id }) => caller.tenant === tenant && (after === undefined || id < after))
        .toSorted((a, b) => (a.id < b.id ? 1 : -1));
      const count = boundedLimit(limit, MAX_BATCH_PAGE);
      return { batches: found.slice(0, count), more: found.length > count };
    },
    async cancel(tenant, id, at) {
      assertOpen();
      const kept = batches.get(id);
      if (kept?.batch.caller.tenant !== tenant) return null;
      const { status, times } = kept.batch;
      if (status !== "validating" && status !== "in_progress") return null;
      return change(kept, { status: "cancelling", times: { ...times, cancellingAt: at } });
    },
    async claim(holder, busyTenants) {
      assertOpen();
      return claim(batches, holder, busyTenants);
    },
    async renew({ owner, leaseUntil }) {
      assertOpen();
      const mine = [...batches.values()].filter((kept) => kept.owner === owner);
      for (const kept of mine) kept.leaseUntil = leaseUntil;
      return mine.map(({ batch: { id, status } }) => ({ id, status }));
    },
    async release(id, owner) {
      const kept = held(id, owner);
      if (kept) kept.owner = null;
    },
    async start(id, owner, begin) {
      const kept = held(id, owner);
      return kept?.batch.status === "validating" ? start(ports, kept, begin) : null;
    },
    async record(id, results) {
      assertOpen();
      const kept = batches.get(id);
      if (kept) for (const result of results) record(ports, kept, result);
    },
    async recorded(id, from, to) {
      assertOpen();
      const lines = [...(batches.get(id)?.recorded ?? [])];
      return lines.filter((line) => line >= from && line <= to).sort((a, b) => a - b);
    },
    async finalize(id, owner, at, expired) {
      const kept = held(id, owner);
      if (kept?.batch.status !== "in_progress") return null;
      const times = { ...kept.batch.times, finalizingAt: at, ...(expired && { expiredAt: at }) };
      return change(kept, { status: "finalizing", times });
    },
    async conclude(id, owner, end) {
      const kept = held(id, owner);
      const allowed = CONCLUDED_FROM[end.status];
      return kept && allowed.some((status) => status === kept.batch.status)
        ? conclude(ports, kept, end)
        : null;
    },
    async sweep(expiredBefore) {
      assertOpen();
      const old = [...batches.values()].filter(
        ({ batch }) => isFinal(batch.status) && batch.times.expiresAt < expiredBefore,
      );
      for (const { batch } of old) batches.delete(batch.id);
      return old.length;
    },
  };
}

function create(
  { files, batches }: MemoryBatchPorts,
  order: BatchOrder,
  maxLive: number,
): "created" | "no_file" | "too_many" {
  const { createdAt, expiresAt, ...stated } = order;
  const { tenant } = order.caller;
  const input = files.get(order.inputFileId);
  if (input?.tenant !== tenant || input.purpose !== "batch" || !isSeen(input, createdAt)) return "no_file";
  const live = [...batches.values()].filter(
    ({ batch }) => batch.caller.tenant === tenant && !isFinal(batch.status),
  );
  if (live.length >= maxLive) return "too_many";
  const batch: Batch = {
    ...stated,
    status: "validating",
    model: null,
    issues: [],
    outputFileId: null,
    errorFileId: null,
    counts: { total: 0, completed: 0, failed: 0 },
    usage: NO_USAGE,
    times: { createdAt, expiresAt, ...NEVER },
  };
  const unheld = { owner: null, leaseUntil: 0, outputFileId: null, errorFileId: null };
  batches.set(order.id, { batch, ...unheld, recorded: new Set() });
  return "created";
}

const NEVER = {
  inProgressAt: null,
  finalizingAt: null,
  completedAt: null,
  failedAt: null,
  expiredAt: null,
  cancellingAt: null,
  cancelledAt: null,
};

function claim(
  batches: MemoryBatches,
  { owner, now, leaseUntil }: BatchHolder,
  busyTenants: readonly string[],
): Batch | null {
  const wanted = [...batches.values()]
    .filter(({ batch }) => !isFinal(batch.status))
    .filter((kept) => kept.owner === null || kept.leaseUntil <= now)
    .filter(({ batch }) => endsAtOnce(batch, now) || !busyTenants.includes(batch.caller.tenant))
    .toSorted((a, b) => (a.batch.id < b.batch.id ? -1 : 1))[0];
  if (!wanted) return null;
  Object.assign(wanted, { owner, leaseUntil });
  return wanted.batch;
}

function endsAtOnce({ status, times }: Batch, now: number): boolean {
  return status === "cancelling" || status === "finalizing" || times.expiresAt <= now;
}

function start(
  { files }: MemoryBatchPorts,
  kept: MemoryBatch,
  { at, total, model, outputFileId, errorFileId }: BatchStart,
): Batch {
  const { id, caller, counts, times } = kept.batch;
  const output = newMemoryFile(outputFileId, caller.tenant, OUTPUT_PURPOSE, `${id}_output.jsonl`, at);
  const errors = newMemoryFile(errorFileId, caller.tenant, OUTPUT_PURPOSE, `${id}_error.jsonl`, at);
  files.set(outputFileId, output);
  files.set(errorFileId, errors);
  Object.assign(kept, { outputFileId, errorFileId });
  return change(kept, {
    status: "in_progress",
    model,
    counts: { ...counts, total },
    times: { ...times, inProgressAt: at },
  });
}

function record({ files }: MemoryBatchPorts, kept: MemoryBatch, result: BatchResult): void {
  const { status, counts, usage } = kept.batch;
  if (status !== "in_progress" && status !== "cancelling") return;
  const file = files.get((result.answered ? kept.outputFileId : kept.errorFileId) ?? "");
  if (!file || kept.recorded.has(result.line)) return;
  appendPart(files, file, { part: result.line, bytes: result.record });
  kept.recorded.add(result.line);
  change(kept, {
    counts: {
      ...counts,
      completed: counts.completed + (result.answered ? 1 : 0),
      failed: counts.failed + (result.answered ? 0 : 1),
    },
    usage: {
      inputTokens: usage.inputTokens + result.usage.inputTokens,
      cachedTokens: usage.cachedTokens + result.usage.cachedTokens,
      outputTokens: usage.outputTokens + result.usage.outputTokens,
      reasoningTokens: usage.reasoningTokens + result.usage.reasoningTokens,
    },
  });
}

function conclude(
  { files }: MemoryBatchPorts,
  kept: MemoryBatch,
  { status, at, issues = [] }: BatchEnd,
): Batch {
  const expiresAt = at + kept.batch.outputExpiresAfterMs;
  const close = (id: string | null): string | null => {
    const file: MemoryFile | undefined = files.get(id ?? "");
    if (!file) return null;
    if (file.bytes === 0) {
      files.delete(file.id);
      return null;
    }
    Object.assign(file, { state: "complete", createdAt: at, expiresAt });
    return file.id;
  };
  kept.owner = null;
  kept.recorded.clear();
  return change(kept, {
    status,
    issues,
    outputFileId: close(kept.outputFileId),
    errorFileId: close(kept.errorFileId),
    times: { ...kept.batch.times, [`${status}At`]: at },
  });
}

function change(kept: MemoryBatch, to: Partial<Batch>): Batch {
  kept.batch = { ...kept.batch, ...to };
  return kept.batch;
}
