/** A job as a message of the queue. Owns the form and that what is no such message is noticed. */
import { z } from "zod";
import { JOB_ENDPOINTS, type JobOrder } from "../../core/jobs.ts";

const text = z.string().min(1);

const order = z.strictObject({
  id: text.max(64),
  keyId: text,
  tenant: text,
  useCase: text,
  endpoint: z.enum(JOB_ENDPOINTS),
  webhookUrl: z.string().nullable(),
  metadata: z.record(z.string(), z.string()).nullable(),
  acceptDegraded: z.boolean(),
  createdAt: z.number(),
  expiresAt: z.number(),
  body: z.record(z.string(), z.unknown()),
  headers: z.record(z.string(), z.string()),
});

export function writeMessage(job: JobOrder): string {
  return JSON.stringify({ v: 1, job });
}

const message = z.object({ v: z.literal(1), job: order });

/** Null where it is not one of ours, or of a newer release. */
export function readMessage(body: string): JobOrder | null {
  try {
    const parsed = message.safeParse(JSON.parse(body));
    return parsed.success ? parsed.data.job : null;
  } catch {
    return null;
  }
}

/**
 * Epoch milliseconds, for who has no record of it. A message that was sent when half of its time was over is a dead
 * letter that was put back, and has as much time as it was given at first; one that waited for its queue so long is none,
 * and a little more time does it no harm.
 */
export function deadlineOf({ createdAt, expiresAt }: JobOrder, sentAt: number): number {
  const givenMs = expiresAt - createdAt;
  return sentAt - createdAt < givenMs / 2 ? expiresAt : sentAt + givenMs;
}
