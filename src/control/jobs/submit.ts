/**
 * Takes a job in. Owns the order that loses nothing: it is kept first, then put on the queue, then acknowledged.
 * What was kept and not sent, because a process died between the two, is sent by the next look (outbox.ts).
 */
import { createHash } from "node:crypto";
import type { Caller } from "../../core/caller.ts";
import { type Fault, failed, ok, type Result } from "../../core/faults.ts";
import type { Job, JobEndpoint, JobOrder } from "../../core/jobs.ts";
import { isRecord } from "../../core/json.ts";
import { resolveUseCase } from "../../policy/routing/plan.ts";
import type { UnsentJob } from "../../store/job-store.ts";
import { StoreError } from "../../store/store-error.ts";
import type { JobPorts } from "./job-ports.ts";
import { writeMessage } from "./message.ts";

const COME_BACK_MS = 5_000;
/** What went to a queue that others empty counts as waiting for so long. */
const SHARED_WINDOW_MS = 60 * 60_000;

export interface Submission {
  readonly endpoint: JobEndpoint;
  readonly body: Readonly<Record<string, unknown>>;
  /** `x-pointsman-*` of the submission. */
  readonly headers: Readonly<Record<string, string>>;
  readonly webhookUrl: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly acceptDegraded: boolean;
  readonly deadlineMs: number;
  readonly delayMs: number;
  readonly idempotencyKey: string | null;
}

export type Submitted =
  | { readonly type: "accepted"; readonly job: Job }
  /** The idempotency key was used for something else. */
  | { readonly type: "conflict" }
  | { readonly type: "refused"; readonly fault: Fault };

/**
 * Faults: those of the request itself, `invalid` with the field, `too_large`, `rate_limited` where too many wait,
 * `unavailable` where the queue does not take it.
 */
export async function submitJob(ports: JobPorts, caller: Caller, wanted: Submission): Promise<Submitted> {
  const { jobs, clock, nextId, snapshot } = ports;
  const useCase = await checkSubmission(ports, caller, wanted);
  if (!useCase.ok) return { type: "refused", fault: useCase.fault };
  const createdAt = clock.now();
  const { endpoint, body, headers, webhookUrl, metadata, acceptDegraded, delayMs } = wanted;
  const order: JobOrder = {
    id: nextId("job"),
    keyId: caller.keyId,
    tenant: caller.tenant,
    useCase: useCase.value,
    endpoint,
    webhookUrl,
    metadata,
    acceptDegraded,
    createdAt,
    expiresAt: createdAt + wanted.deadlineMs,
    body,
    headers,
  };
  const size = Buffer.byteLength(writeMessage(order));
  if (size > ports.queue.maxBodyBytes) return { type: "refused", fault: tooLarge(size, ports) };
  const { maxWaiting: maxLive, maxWaitingBytes: maxLiveBytes } = snapshot().jobs;
  const fingerprint = fingerprintOf(wanted);
  const { idempotencyKey } = wanted;
  const created = await jobs.create(
    { order, idempotencyKey, fingerprint, delayMs },
    { maxLive, maxLiveBytes, countedSince: ports.sharedQueue ? createdAt - SHARED_WINDOW_MS : 0 },
  );
  if (created.type === "full") return { type: "refused", fault: full(maxLive, maxLiveBytes) };
  if (created.type === "exists") {
    if (created.fingerprint !== fingerprint) return { type: "conflict" };
    if (created.unsent) return sent(ports, created.job, created.unsent, idempotencyKey);
    return { type: "accepted", job: created.job };
  }
  return sent(ports, created.job, { order, delayMs }, idempotencyKey);
}

/** The queue may be away. What has no key is not taken then: whoever sends it again must not have it done twice. */
async function sent(
  ports: JobPorts,
  job: Job,
  unsent: UnsentJob,
  idempotencyKey: string | null,
): Promise<Submitted> {
  try {
    await send(ports, unsent);
    return { type: "accepted", job };
  } catch (thrown) {
    if (!(thrown instanceof StoreError)) throw thrown;
    const advice = idempotencyKey === null ? "Send it again later." : "Send it again under the same key.";
    const message = `The queue of jobs cannot be reached, and the job was not taken. ${advice}`;
    const { fault } = failed("unavailable", "queue_unavailable", message, { retryAfterMs: COME_BACK_MS });
    if (idempotencyKey === null) await withdraw(ports, job.id);
    return { type: "refused", fault };
  }
}

/** Its message may be on the queue all the same: whoever receives it finds the job over. */
async function withdraw({ jobs, clock, nextId }: JobPorts, id: string): Promise<void> {
  await jobs.conclude(id, {
    status: "cancelled",
    at: clock.now(),
    fault: { kind: "cancelled", code: "queue_unavailable", message: "It was not taken." },
    answer: null,
    result: null,
    dead: false,
    tell: false,
    messageId: nextId("msg"),
  });
}

/** Puts a job on the queue that was kept before; twice does no harm. */
export async function send(
  { queue, jobs, clock, changed }: Pick<JobPorts, "queue" | "jobs" | "clock" | "changed">,
  { order, delayMs }: UnsentJob,
): Promise<void> {
  const left = Math.max(0, order.createdAt + delayMs - clock.now());
  await queue.send([{ id: order.id, group: order.useCase, body: writeMessage(order), delayMs: left }]);
  await jobs.markSent(order.id);
  changed();
}

/** The use case by its id. */
async function checkSubmission(
  { check, snapshot }: JobPorts,
  caller: Caller,
  { endpoint, body, headers, webhookUrl, delayMs, deadlineMs }: Submission,
): Promise<Result<string>> {
  const request = await check(endpoint, body, headers);
  if (!request.ok) return request;
  if (request.value.stream) {
    return failed("invalid", "stream_not_supported", "A job has no stream. Leave `stream` out of its body.", {
      param: "body.stream",
    });
  }
  if (delayMs >= deadlineMs) {
    return failed("invalid", "invalid_value", "delay_seconds must be shorter than deadline_seconds.", {
      param: "delay_seconds",
    });
  }
  if (webhookUrl !== null) {
    // With it comes node:net, which no start should wait for.
    const { findDestination } = await import("../webhooks/destination.ts");
    const allowed = findDestination(snapshot().webhooks, webhookUrl, caller.tenant);
    if (!allowed.ok) return allowed;
  }
  const useCase = resolveUseCase(snapshot(caller), request.value.target, caller);
  return useCase.ok ? ok(useCase.value.id) : useCase;
}

/** Of everything that makes it another request; order of keys is none of it. */
function fingerprintOf(wanted: Submission): string {
  const { idempotencyKey: _key, ...rest } = wanted;
  return createHash("sha256").update(canonical(rest)).digest("hex");
}

/** JSON with its keys in order. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isRecord(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

function tooLarge(size: number, { queue }: Pick<JobPorts, "queue">): Fault {
  const message =
    `The job has ${size} bytes with what is noted of it, and this gateway's queue takes ${queue.maxBodyBytes}. ` +
    "Shorten the request, or send it as one of a batch.";
  return failed("too_large", "job_too_large", message).fault;
}

function full(count: number, bytes: number): Fault {
  const message =
    `This tenant has as many jobs waiting as it may: ${count}, or ${Math.floor(bytes / (1024 * 1024))} MiB of ` +
    "requests. Wait until some are done, or cancel them.";
  return failed("rate_limited", "too_many_jobs", message).fault;
}
