/** Jobs that end with the process, for `--data :memory:` and tests. Every step is synchronous, so atomic. */
import { isJobOver, type Job, type JobTerms, type LiveJobStatus, NOT_DONE_HERE } from "../../core/jobs.ts";
import {
  type JobCount,
  type JobStore,
  MAX_JOB_PAGE,
  type UnsentJob,
  type WebhookOutcome,
} from "../job-store.ts";
import { boundedLimit } from "../paging.ts";
import { receiverOf } from "../receiver-of.ts";

interface MemoryJob {
  job: Job;
  /** From its submission to its first deadline. */
  readonly timeMs: number;
  /** Origin of its webhook. */
  readonly receiver: string;
  result: string | null;
  unsent: UnsentJob | null;
  readonly bytes: number;
  readonly idempotencyKey: string | null;
  readonly fingerprint: string;
}

export function memoryJobs(assertOpen: () => void): JobStore {
  const jobs = new Map<string, MemoryJob>();
  const find = (id: string): MemoryJob | null => {
    assertOpen();
    return jobs.get(id) ?? null;
  };
  const live = (id: string): MemoryJob | null => {
    const kept = find(id);
    return kept && !isJobOver(kept.job.status) ? kept : null;
  };
  /** The job, where it runs and this is its try. */
  const trying = (id: string, attempt: number): MemoryJob | null => {
    const kept = find(id);
    return kept?.job.status === "running" && kept.job.attempts === attempt ? kept : null;
  };
  /** The job, where it is dead since then. */
  const died = (id: string, at: number): MemoryJob | null => {
    const kept = find(id);
    return kept?.job.dead && kept.job.endedAt === at ? kept : null;
  };
  /** The same of one that may have been done elsewhere, too. */
  const canComeBack = (id: string, at: number): MemoryJob | null => {
    const kept = find(id);
    return kept?.job.fault?.code === NOT_DONE_HERE && kept.job.endedAt === at ? kept : died(id, at);
  };
  /** Whose webhook is due, the longest waiting first. */
  const due = (now: number): MemoryJob[] =>
    [...jobs.values()]
      .filter(({ job: { webhook } }) => webhook?.status === "due" && (webhook.nextAttemptAt ?? 0) <= now)
      .sort((a, b) => (a.job.webhook?.nextAttemptAt ?? 0) - (b.job.webhook?.nextAttemptAt ?? 0));
  const all = (): Job[] => [...jobs.values()].map(({ job }) => job);
  return {
    async create({ order, idempotencyKey, fingerprint, delayMs }, bounds) {
      assertOpen();
      const { body, headers, ...terms } = order;
      const mine = [...jobs.values()].filter(({ job }) => job.tenant === terms.tenant);
      const earlier = mine.find((kept) => idempotencyKey !== null && kept.idempotencyKey === idempotencyKey);
      if (earlier) {
        const { job, unsent } = earlier;
        return { type: "exists", job, fingerprint: earlier.fingerprint, unsent };
      }
      const bytes = Buffer.byteLength(JSON.stringify({ body, headers }));
      const waiting = mine.filter(
        ({ job, unsent }) =>
          !isJobOver(job.status) &&
          (job.createdAt >= bounds.countedSince || job.attempts > 0 || unsent !== null),
      );
      const heldBytes = waiting.reduce((sum, kept) => sum + kept.bytes, 0);
      if (waiting.length >= bounds.maxLive || heldBytes + bytes > bounds.maxLiveBytes)
        return { type: "full" };
      const job = begun(terms);
      jobs.set(job.id, {
        job,
        timeMs: timeOf(terms),
        receiver: receiverOf(terms.webhookUrl ?? ""),
        result: null,
        unsent: { order, delayMs },
        bytes,
        idempotencyKey,
        fingerprint,
      });
      return { type: "created", job };
    },
    async markSent(id) {
      const kept = find(id);
      if (kept) kept.unsent = null;
    },
    async unsent(createdBefore, limit) {
      assertOpen();
      return [...jobs.values()]
        .filter(({ job, unsent }) => unsent && !isJobOver(job.status) && job.createdAt < createdBefore)
        .sort((a, b) => a.job.createdAt - b.job.createdAt)
        .slice(0, limit)
        .flatMap(({ unsent }) => unsent ?? []);
    },
    async adopt(order, expiresAt = order.expiresAt) {
      const kept = find(order.id);
      if (kept) return kept.job;
      const {
        body: _body,
        headers: _headers,
        ...terms
      } = order as JobTerms & {
        readonly body?: unknown;
        readonly headers?: unknown;
      };
      const job = { ...begun(terms), expiresAt };
      const unkeyed = { bytes: 0, idempotencyKey: null, fingerprint: "", result: null, unsent: null };
      const receiver = receiverOf(terms.webhookUrl ?? "");
      jobs.set(job.id, { job, timeMs: timeOf(terms), receiver, ...unkeyed });
      return job;
    },
    async get(tenant, id) {
      const job = find(id)?.job;
      return job && (tenant === null || job.tenant === tenant) ? job : null;
    },
    result: async (id) => find(id)?.result ?? null,
    async list({ tenant, limit, after, status, useCase }) {
      assertOpen();
      const count = boundedLimit(limit, MAX_JOB_PAGE);
      const found = all()
        .filter((job) => tenant === null || job.tenant === tenant)
        .filter((job) => after === undefined || job.id < after)
        .filter((job) => status === undefined || job.status === status)
        .filter((job) => useCase === undefined || job.useCase === useCase)
        .sort((a, b) => (a.id < b.id ? 1 : -1));
      return { jobs: found.slice(0, count), more: found.length > count };
    },
    async statuses(ids) {
      const found = ids.flatMap((id) => find(id)?.job ?? []);
      return new Map(found.map(({ id, status }) => [id, status]));
    },
    async begin(id, at) {
      const kept = live(id);
      if (!kept) return null;
      const { attempts, startedAt } = kept.job;
      const running = { status: "running", attempts: attempts + 1, nextAttemptAt: null } as const;
      return change(kept, { ...running, startedAt: startedAt ?? at });
    },
    async retry(id, attempt, at, fault) {
      const kept = trying(id, attempt);
      if (kept) change(kept, { status: "retrying", nextAttemptAt: at, fault });
      return kept !== null;
    },
    async giveBack(id, attempt) {
      const kept = trying(id, attempt);
      if (kept) change(kept, { status: "queued", attempts: attempt - 1 });
      return kept !== null;
    },
    async conclude(id, { status, at, fault, answer, result, dead, tell, messageId }) {
      const kept = live(id);
      if (!kept) return null;
      kept.result = result;
      const { webhook } = kept.job;
      const told = webhook && { ...webhook, messageId, attempts: 0, lastError: null, nextAttemptAt: at };
      const due = told && tell ? ({ ...told, status: "due" } as const) : webhook;
      return change(kept, { status, endedAt: at, nextAttemptAt: null, fault, answer, dead, webhook: due });
    },
    async revive(id, diedAt, now) {
      const kept = canComeBack(id, diedAt);
      if (!kept) return false;
      kept.result = null;
      const { webhook } = kept.job;
      change(kept, { ...FRESH, expiresAt: now + kept.timeMs, webhook: webhook && untold(webhook.url) });
      return true;
    },
    async abandon(id, diedAt) {
      const kept = died(id, diedAt);
      if (kept) change(kept, { dead: false });
      return kept !== null;
    },
    async dueReceivers(now) {
      assertOpen();
      return [...new Set(due(now).map(({ receiver }) => receiver))];
    },
    async takeDueWebhooks(receiver, now, heldUntil, limit) {
      assertOpen();
      const mine = due(now).filter((kept) => kept.receiver === receiver);
      return mine.slice(0, limit).map((kept) => changeWebhook(kept, { nextAttemptAt: heldUntil }));
    },
    async noteWebhook(id, messageId, outcome) {
      const kept = find(id);
      const webhook = kept?.job.webhook;
      if (!kept || webhook?.messageId !== messageId || webhook.status !== "due") return;
      changeWebhook(kept, { attempts: webhook.attempts + 1, ...noted(outcome) });
    },
    async redeliver(tenant, id, now) {
      const kept = find(id);
      if (kept?.job.tenant !== tenant || !kept.job.webhook?.messageId) return null;
      return changeWebhook(kept, { status: "due", nextAttemptAt: now, attempts: 0, lastError: null });
    },
    async overdue(before, limit) {
      assertOpen();
      return all()
        .filter(({ status }) => !isJobOver(status))
        .filter((job) => job.expiresAt <= (job.status === "running" ? before.running : before.waiting))
        .slice(0, limit);
    },
    async sweep(endedBefore, diedBefore = endedBefore) {
      assertOpen();
      const isOld = ({ dead, endedAt }: Job) =>
        endedAt !== null && endedAt < endedBefore && (!dead || endedAt < diedBefore);
      const old = all().filter((job) => isOld(job) && job.webhook?.status !== "due");
      for (const { id } of old) jobs.delete(id);
      return old.length;
    },
    async counts() {
      assertOpen();
      return counted(all().filter(({ status }) => !isJobOver(status)));
    },
  };
}

const FRESH = {
  status: "queued",
  attempts: 0,
  startedAt: null,
  endedAt: null,
  nextAttemptAt: null,
  fault: null,
  answer: null,
  dead: false,
} as const;

function timeOf({ createdAt, expiresAt }: JobTerms): number {
  return expiresAt - createdAt;
}

function begun({ webhookUrl, ...terms }: JobTerms): Job {
  return { ...terms, ...FRESH, webhook: webhookUrl === null ? null : untold(webhookUrl) };
}

function untold(url: string): NonNullable<Job["webhook"]> {
  return { url, status: "waiting", messageId: null, attempts: 0, nextAttemptAt: null, lastError: null };
}

function noted(outcome: WebhookOutcome): Partial<NonNullable<Job["webhook"]>> {
  if (outcome.type === "delivered") return { status: "delivered", nextAttemptAt: null, lastError: null };
  if (outcome.type === "again") return { status: "due", nextAttemptAt: outcome.at, lastError: outcome.error };
  return { status: "dead", nextAttemptAt: null, lastError: outcome.error };
}

function change(kept: MemoryJob, to: Partial<Job>): Job {
  kept.job = { ...kept.job, ...to };
  return kept.job;
}

function changeWebhook(kept: MemoryJob, to: Partial<NonNullable<Job["webhook"]>>): Job {
  const { webhook } = kept.job;
  return webhook ? change(kept, { webhook: { ...webhook, ...to } }) : kept.job;
}

function counted(live: readonly Job[]): readonly JobCount[] {
  const counts = new Map<string, JobCount>();
  for (const { useCase, status, createdAt } of live) {
    const key = `${useCase}\n${status}`;
    const { count, oldestAt } = counts.get(key) ?? { count: 0, oldestAt: createdAt };
    const of = { useCase, status: status as LiveJobStatus };
    counts.set(key, { ...of, count: count + 1, oldestAt: Math.min(oldestAt, createdAt) });
  }
  return [...counts.values()];
}
