/** Work that waits, and who may be told of it, as they are written: jobs and webhooks. Owns their written form. */
import { z } from "zod";
import { secretSource } from "./credentials.ts";
import { count, duration, id, longDuration } from "./fields.ts";

const microBatch = z
  .strictObject({
    max: z.int().min(2).max(256).prefault(64).describe("Jobs that are asked for together, at most."),
    wait: duration.prefault("50ms").describe("How long one that could be waits for company."),
  })
  .describe("Jobs on /v1/embeddings of one key with the same parameters become one request of many inputs.");

export const useCaseJobs = z
  .strictObject({
    concurrency: z
      .int()
      .min(1)
      .max(1000)
      .prefault(4)
      .describe("Requests of its jobs at once, in one process; a micro-batch is one."),
    max_attempts: z
      .int()
      .min(1)
      .max(100)
      .prefault(5)
      .describe("Tries of one job; then it is among the dead letters."),
    micro_batch: microBatch.optional(),
  })
  .describe("How jobs that ask for it are worked on.");

export const jobs = z
  .strictObject({
    concurrency: z
      .int()
      .min(1)
      .max(10_000)
      .prefault(16)
      .describe("Requests of jobs at once, in one process."),
    max_waiting: count.prefault(10_000).describe("Jobs of one tenant that may wait and run."),
    max_waiting_mib: count.prefault(256).describe("MiB of their requests together."),
    keep: longDuration.prefault("7d").describe("How long a job that is over is remembered, with its result."),
  })
  .describe("Bounds of jobs, over all use cases.");

const hostPattern = z
  .string()
  .min(1)
  .max(253)
  .refine(
    (text) =>
      /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text) ||
      (text.includes(":") && URL.canParse(`http://[${text}]/`)),
    "must be a host in lower case, such as hooks.example.com or *.example.com, or an address",
  )
  .refine((text) => !text.startsWith("*.") || text.slice(2).includes("."), "must name more than a top domain")
  .refine(
    (text) => !/^[\d.]+$/.test(text) || new URL(`http://${text}/`).hostname === text,
    "must be a whole IPv4 address",
  );

const destination = z
  .strictObject({
    host: hostPattern.describe("Host's name or address; `*.example.com` is every name below example.com."),
    port: z.int().min(1).max(65_535).prefault(443).describe("Port."),
    private: z
      .boolean()
      .prefault(false)
      .describe(
        "Whether it may be an address of this machine or its network, and plain http. For your own alone.",
      ),
    tenants: z.array(id).min(1).optional().describe("Tenants that may name it; absent: all."),
    secret: secretSource.optional().describe("Secret that signs what is sent there; default: `secret`."),
  })
  .describe("A place that callers may have things sent to.");

export const webhooks = z
  .strictObject({
    secret: secretSource.optional().describe("Secret that signs, as `whsec_` and base64."),
    destinations: z
      .array(destination)
      .max(1000)
      .describe("Where callers may have things sent; nothing else is called."),
    give_up_after: longDuration
      .prefault("24h")
      .describe("For so long a delivery is tried; then it can be asked for again."),
  })
  .describe("Webhooks that callers may name.");
