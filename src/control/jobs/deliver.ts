/** The end of a job on its way to its application. Owns what is sent, and which answers to it mean what. */
import type { Clock } from "../../core/clock.ts";
import type { Job } from "../../core/jobs.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import type { JobStore, WebhookOutcome } from "../../store/job-store.ts";
import { type DeliveryRunner, startDeliveries } from "../webhooks/delivery-runner.ts";
import type { PostPorts } from "../webhooks/post.ts";
import { signedHeaders } from "../webhooks/sign.ts";
import { jobView } from "./job-view.ts";

/** Waits double from the first to the longest. */
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 60 * 60_000;
/** Of a result that travels with the message; a longer one is to be fetched. */
const MAX_TOLD_CHARS = 1024 * 1024;

export interface TellPorts extends PostPorts {
  readonly jobs: JobStore;
  readonly clock: Clock;
  snapshot(): ConfigSnapshot;
  /** For metrics. */
  told(outcome: WebhookOutcome["type"]): void;
  /** Told once, until the store is back. */
  report(thrown: unknown): void;
}

/** Delivers what an earlier process left at once. */
export function startTelling(ports: TellPorts): DeliveryRunner {
  const { jobs, clock, report } = ports;
  return startDeliveries<Job, string>({
    clock,
    report,
    dueLines: jobs.dueReceivers,
    receiverOf: (receiver) => receiver,
    takeDue: jobs.takeDueWebhooks,
    deliver: (job) => tell(job, ports),
    // Jobs are forgotten by whoever works on them.
    sweep: async () => undefined,
  });
}

/** Epoch milliseconds of the next try; null: none, or not by us. */
async function tell(job: Job, ports: TellPorts): Promise<number | null> {
  const { jobs, clock, told } = ports;
  const outcome = await tryOnce(job, ports);
  if (outcome === null || !job.webhook?.messageId) return null;
  await jobs.noteWebhook(job.id, job.webhook.messageId, outcome);
  told(outcome.type);
  return outcome.type === "again" ? Math.max(outcome.at, clock.now()) : null;
}

/** Null: it waits for its secret, is held until then, and is looked at again. */
async function tryOnce(job: Job, ports: TellPorts): Promise<WebhookOutcome | null> {
  const { jobs, clock, snapshot } = ports;
  const { webhook } = job;
  if (!webhook?.messageId) return null;
  const settings = snapshot().webhooks;
  // With it comes node:net, which no start should wait for.
  const { findDestination } = await import("../webhooks/destination.ts");
  const destination = findDestination(settings, webhook.url, job.tenant);
  if (!destination.ok || settings === null) {
    return { type: "dead", error: "the policy in force does not allow this address" };
  }
  const { url, rule } = destination.value;
  if (rule.secret === null) return null;
  const body = messageOf(job, await jobs.result(job.id));
  const headers = signedHeaders(webhook.messageId, body, rule.secret, clock.wall());
  const { post } = await import("../webhooks/post.ts");
  const outcome = await post({ url, body, headers, allowPrivate: rule.private }, ports);
  if (outcome.type === "answered") {
    if (outcome.status >= 200 && outcome.status < 300) return { type: "delivered" };
    // Gone: the application says that it wants none any more.
    if (outcome.status === 410) return { type: "dead", error: "the application answered 410" };
    const error = `the application answered ${outcome.status}`;
    return afterFailure(webhook.attempts, error, outcome.retryAfterMs, settings.giveUpAfterMs, clock.now());
  }
  return afterFailure(webhook.attempts, outcome.error, null, settings.giveUpAfterMs, clock.now());
}

/** By the tries so far and not by the clock: one that is asked for again later has its whole time. */
function afterFailure(
  attempts: number,
  error: string,
  retryAfterMs: number | null,
  giveUpAfterMs: number,
  now: number,
): WebhookOutcome {
  let waited = 0;
  for (let nth = 0; nth <= attempts; nth++) waited += waitAfter(nth);
  if (waited > giveUpAfterMs) return { type: "dead", error };
  const wish = Math.min(retryAfterMs ?? 0, LONGEST_WAIT_MS);
  return { type: "again", at: now + Math.max(waitAfter(attempts), wish), error };
}

function waitAfter(attempts: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempts, 30));
}

/** The job as it would be fetched now; without the webhook's own state, which this message changes. */
function messageOf(job: Job, result: string | null): string {
  const isLong = result !== null && result.length > MAX_TOLD_CHARS;
  const { webhook: _webhook, ...data } = jobView(job, isLong ? null : result);
  const timestamp = new Date(job.endedAt ?? job.createdAt).toISOString();
  return JSON.stringify({
    type: `job.${job.status}`,
    timestamp,
    data,
    ...(isLong && { body_omitted: true }),
  });
}
