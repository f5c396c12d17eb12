/** Where jobs of this process wait: which driver, and what the log says of it. */
import type { Clock, Random } from "../core/clock.ts";
import type { QueueAddress } from "../store/job-queue/queue-address.ts";
import type { JobQueue } from "../store/job-queue.ts";
import { describeThrown, type Log } from "./log.ts";

export interface OpenedQueue {
  readonly queue: JobQueue;
  /** Gives up what is under way at the latest when its own time limit is over. Before the store is closed. */
  close(): Promise<void>;
}

export interface JobQueueOptions {
  readonly address: QueueAddress;
  /** The store's own. */
  readonly embedded: JobQueue;
  /** In place of the SQS queue's own host; null: that. */
  readonly endpoint: string | null;
  /** Whose messages are received; null: those of gateways of none. */
  readonly environment: string | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Never waits for SQS: a queue that is missing or out of reach is logged, and the gateway serves without it. */
export async function openJobQueue(options: JobQueueOptions): Promise<OpenedQueue> {
  const { address, embedded, endpoint, environment, clock, random, log } = options;
  if (address.kind === "embedded") return { queue: embedded, close: () => embedded.close() };
  const { url, deadUrl } = address;
  const { createSqsQueue } = await import("../store/sqs/sqs-queue.ts");
  const queue = createSqsQueue({ url, deadUrl, endpoint, environment, clock, random });
  const looked = queue.depth().then(
    (depth) => log("info", "job_queue_ready", { queue: url, ...depth }),
    (thrown: unknown) => log("error", "job_queue_failed", { queue: url, ...describeThrown(thrown) }),
  );
  return {
    queue,
    async close() {
      await queue.close();
      await looked;
    },
  };
}

/** What AWS's clients call an endpoint in place of the service's own. */
export function sqsEndpoint(env: Readonly<Record<string, string | undefined>>): string | null {
  return env.AWS_ENDPOINT_URL_SQS?.trim() || env.AWS_ENDPOINT_URL?.trim() || null;
}
