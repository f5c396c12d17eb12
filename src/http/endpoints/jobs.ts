/** Jobs: requests that can wait. Each belongs to the tenant of the key that submitted it. */
import { z } from "@hono/zod-openapi";
import { cancelJob } from "../../control/jobs/cancel.ts";
import { DEFAULT_DEADLINE_SECONDS, MAX_DEADLINE_SECONDS, unknownJob } from "../../control/jobs/job-ports.ts";
import { jobView } from "../../control/jobs/job-view.ts";
import { redeliverJob } from "../../control/jobs/redeliver.ts";
import { type Submission, submitJob } from "../../control/jobs/submit.ts";
import { type Fault, failed, ok, type Result } from "../../core/faults.ts";
import { JOB_ENDPOINTS, JOB_STATUSES, type Job } from "../../core/jobs.ts";
import { MAX_JOB_PAGE } from "../../store/job-store.ts";
import type { ControlPorts } from "../control-ports.ts";
import { define, type Endpoint } from "../endpoint.ts";
import { conflict, type Problem } from "../problem.ts";
import { idCursor } from "./cursor.ts";
import { pageOf } from "./files.ts";
import { jsonOf, refusal } from "./response-docs.ts";

const text = z.string().nullable();
const time = z.number().nullable();

export const jobObject = z.object({
  id: z.string(),
  object: z.literal("job"),
  status: z.enum(JOB_STATUSES),
  endpoint: z.enum(JOB_ENDPOINTS),
  use_case: z.string(),
  created_at: z.number().describe("Seconds since 1970, like every time here."),
  started_at: time,
  ended_at: time,
  expires_at: z.number(),
  attempts: z.number().describe("Tries that were begun."),
  next_attempt_at: time,
  error: z.object({ kind: z.string(), code: z.string(), message: z.string() }).nullable(),
  dead_letter: z.boolean().describe("Given up after its tries; an operator can put it back."),
  response: z
    .object({
      status_code: z.number(),
      request_id: text,
      decision_id: text,
      degraded: text,
      micro_batch: z
        .object({ jobs: z.number(), total_tokens: z.number(), remainder_tokens: z.number() })
        .nullable(),
      body: z.unknown().optional().describe("Absent in lists."),
    })
    .nullable(),
  accept_degraded: z.boolean(),
  metadata: z.record(z.string(), z.string()).nullable(),
  webhook: z
    .object({
      url: z.string(),
      status: z.enum(["waiting", "due", "delivered", "dead"]),
      message_id: text,
      attempts: z.number(),
      next_attempt_at: time,
      last_error: text,
    })
    .nullable(),
});

const key = z.string().min(1).max(255);

const newJob = z.strictObject({
  endpoint: z.enum(JOB_ENDPOINTS),
  body: z.record(z.string(), z.unknown()).describe("The request, in the endpoint's dialect."),
  webhook: z.strictObject({ url: z.string().min(1).max(2000) }).optional(),
  metadata: z
    .record(z.string().max(64), z.string().max(512))
    .refine((pairs) => Object.keys(pairs).length <= 16, { message: "at most 16 pairs" })
    .optional(),
  deadline_seconds: z.int().min(1).max(MAX_DEADLINE_SECONDS).default(DEFAULT_DEADLINE_SECONDS),
  delay_seconds: z
    .int()
    .min(0)
    .max(MAX_DEADLINE_SECONDS - 1)
    .default(0),
  accept_degraded: z.boolean().default(false),
  idempotency_key: key.optional().describe("Or the header Idempotency-Key."),
});

const listQuery = z.object({
  after: idCursor("job", "cursor: the last id of the page before"),
  limit: z.coerce.number().int().min(1).max(MAX_JOB_PAGE).default(20),
  status: z.enum(JOB_STATUSES).optional(),
  use_case: z.string().max(64).optional(),
});

const jobParams = z.object({ id: z.string().max(64) });
const one = { 200: jsonOf("How it stands.", jobObject), 404: refusal };

export function jobEndpoints({ jobs: desk }: Pick<ControlPorts, "jobs">): readonly Endpoint[] {
  const { jobs } = desk;
  const told = async (changed: Result<Job>): Promise<Response | Fault> => {
    if (!changed.ok) return changed.fault;
    return Response.json(jobView(changed.value, await jobs.result(changed.value.id)));
  };
  return [
    define({
      method: "POST",
      path: "/v1/jobs",
      body: newJob,
      responses: {
        202: jsonOf("Kept, and on the queue.", jobObject),
        400: refusal,
        404: refusal,
        409: refusal,
        413: refusal,
        429: refusal,
        503: refusal,
      },
      async handle({ caller, headers, body }) {
        const keyed = idempotencyKeyOf(headers, body.idempotency_key);
        if (!keyed.ok) return keyed.fault;
        const wanted: Submission = {
          endpoint: body.endpoint,
          body: body.body,
          headers: contractOf(headers),
          webhookUrl: body.webhook?.url ?? null,
          metadata: body.metadata ?? null,
          acceptDegraded: body.accept_degraded,
          deadlineMs: body.deadline_seconds * 1000,
          delayMs: body.delay_seconds * 1000,
          idempotencyKey: keyed.value,
        };
        const submitted = await submitJob(desk, caller, wanted);
        if (submitted.type === "refused") return submitted.fault;
        if (submitted.type === "conflict") return reusedKey();
        const { job } = submitted;
        const view = jobView(job, await jobs.result(job.id));
        return Response.json(view, { status: 202, headers: { location: `/v1/jobs/${job.id}` } });
      },
    }),
    define({
      method: "GET",
      path: "/v1/jobs",
      query: listQuery,
      responses: {
        200: jsonOf(
          "A page, newest first.",
          z.object({ object: z.literal("list"), data: z.array(jobObject), has_more: z.boolean() }),
        ),
        400: refusal,
      },
      async handle({ caller, query: { limit, after, status, use_case: useCase } }) {
        const page = await jobs.list({
          tenant: caller.tenant,
          limit,
          ...(after !== undefined && { after }),
          ...(status !== undefined && { status }),
          ...(useCase !== undefined && { useCase }),
        });
        return Response.json(
          pageOf(
            page.jobs.map((job) => jobView(job)),
            page.more,
          ),
        );
      },
    }),
    define({
      method: "GET",
      path: "/v1/jobs/{id}",
      params: jobParams,
      responses: one,
      async handle({ caller, params }) {
        const job = await jobs.get(caller.tenant, params.id);
        return job ? told(ok(job)) : unknownJob();
      },
    }),
    define({
      method: "POST",
      path: "/v1/jobs/{id}/cancel",
      params: jobParams,
      responses: { ...one, 400: refusal },
      handle: async ({ caller, params }) => told(await cancelJob(desk, caller.tenant, params.id)),
    }),
    define({
      method: "POST",
      path: "/v1/jobs/{id}/redeliver",
      params: jobParams,
      responses: { ...one, 400: refusal },
      handle: async ({ caller, params }) => told(await redeliverJob(desk, caller.tenant, params.id)),
    }),
  ];
}

/** The header that HTTP APIs agree on, or the field; both must say the same. */
function idempotencyKeyOf(headers: Headers, stated: string | undefined): Result<string | null> {
  const header = headers.get("idempotency-key");
  if (header === null) return ok(stated ?? null);
  const read = key.safeParse(header);
  const isSame = stated === undefined || stated === header;
  if (read.success && isSame) return ok(header);
  const message = isSame
    ? "Idempotency-Key must have 1 to 255 characters."
    : "The header Idempotency-Key and the field idempotency_key differ. Send one of them.";
  return failed("invalid", "invalid_value", message, { param: "idempotency_key" });
}

/** The contract of the request that the job will make. */
function contractOf(headers: Headers): Readonly<Record<string, string>> {
  const contract: Record<string, string> = {};
  headers.forEach((value, name) => {
    if (name.startsWith("x-pointsman-")) contract[name] = value;
  });
  return contract;
}

function reusedKey(): Problem {
  const message =
    "This idempotency key was used for another job of this tenant. Send what was sent then, or use another key.";
  return conflict("idempotency_key_reused", message, { param: "idempotency_key" });
}
