/** Batches, in the shape of OpenAI's API. Each belongs to the tenant of the key that made it. */
import { z } from "@hono/zod-openapi";
import { cancelBatch, unknownBatch } from "../../control/batches/cancel.ts";
import { createBatch } from "../../control/batches/create.ts";
import { BATCH_ENDPOINTS, type Batch, type BatchUsage } from "../../core/batches.ts";
import type { ControlPorts } from "../control-ports.ts";
import { define, type Endpoint } from "../endpoint.ts";
import { idCursor } from "./cursor.ts";
import { pageOf, seconds } from "./files.ts";
import { jsonOf, refusal } from "./response-docs.ts";

const time = z.number().nullable();

const batchObject = z.object({
  id: z.string(),
  object: z.literal("batch"),
  endpoint: z.enum(BATCH_ENDPOINTS),
  model: z.string().nullable(),
  errors: z
    .object({
      object: z.literal("list"),
      data: z.array(
        z.object({
          code: z.string(),
          message: z.string(),
          param: z.string().nullable(),
          line: z.number().nullable(),
        }),
      ),
    })
    .nullable()
    .describe("What is wrong with the input file; what became of single requests is in the error file."),
  input_file_id: z.string(),
  completion_window: z.literal("24h"),
  status: z.string(),
  output_file_id: z.string().nullable(),
  error_file_id: z.string().nullable(),
  created_at: z.number().describe("Seconds since 1970, like every time here."),
  in_progress_at: time,
  expires_at: z.number(),
  finalizing_at: time,
  completed_at: time,
  failed_at: time,
  expired_at: time,
  cancelling_at: time,
  cancelled_at: time,
  request_counts: z.object({ total: z.number(), completed: z.number(), failed: z.number() }),
  usage: z.looseObject({ input_tokens: z.number(), output_tokens: z.number(), total_tokens: z.number() }),
  metadata: z.record(z.string(), z.string()).nullable(),
});

const newBatch = z.object({
  input_file_id: z.string().min(1).max(64),
  endpoint: z.enum(BATCH_ENDPOINTS),
  completion_window: z.literal("24h"),
  metadata: z
    .record(z.string().max(64), z.string().max(512))
    .refine((pairs) => Object.keys(pairs).length <= 16, { message: "at most 16 pairs" })
    .nullish(),
  output_expires_after: z
    .object({ anchor: z.literal("created_at"), seconds: z.number().int().min(3_600).max(2_592_000) })
    .optional(),
});

const listQuery = z.object({
  after: idCursor("batch", "cursor: the last id of the page before"),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

const batchParams = z.object({ id: z.string().max(64) });

export function batchEndpoints({ batching }: Pick<ControlPorts, "batching">): readonly Endpoint[] {
  const { batches } = batching;
  return [
    define({
      method: "POST",
      path: "/v1/batches",
      body: newBatch,
      responses: {
        200: jsonOf("Made; it is validated next.", batchObject),
        400: refusal,
        404: refusal,
        429: refusal,
      },
      async handle({ caller, body }) {
        const { output_expires_after: expiry } = body;
        const created = await createBatch(batching, caller, {
          inputFileId: body.input_file_id,
          endpoint: body.endpoint,
          metadata: body.metadata ?? null,
          outputExpiresAfterMs: expiry ? expiry.seconds * 1000 : null,
        });
        return created.ok ? Response.json(rendered(created.value)) : created.fault;
      },
    }),
    define({
      method: "GET",
      path: "/v1/batches",
      query: listQuery,
      responses: {
        200: jsonOf(
          "A page.",
          z.object({ object: z.literal("list"), data: z.array(batchObject), has_more: z.boolean() }),
        ),
        400: refusal,
      },
      async handle({ caller, query: { limit, after } }) {
        const page = await batches.list(caller.tenant, limit, after);
        return Response.json(pageOf(page.batches.map(rendered), page.more));
      },
    }),
    define({
      method: "GET",
      path: "/v1/batches/{id}",
      params: batchParams,
      responses: { 200: jsonOf("How it stands.", batchObject), 404: refusal },
      async handle({ caller, params }) {
        const batch = await batches.get(caller.tenant, params.id);
        return batch ? Response.json(rendered(batch)) : unknownBatch();
      },
    }),
    define({
      method: "POST",
      path: "/v1/batches/{id}/cancel",
      params: batchParams,
      responses: { 200: jsonOf("It is being cancelled.", batchObject), 400: refusal, 404: refusal },
      async handle({ caller, params }) {
        const cancelled = await cancelBatch(batching, caller.tenant, params.id);
        return cancelled.ok ? Response.json(rendered(cancelled.value)) : cancelled.fault;
      },
    }),
  ];
}

function rendered(batch: Batch): z.infer<typeof batchObject> {
  const { times, issues } = batch;
  return {
    id: batch.id,
    object: "batch",
    endpoint: batch.endpoint,
    model: batch.model,
    errors: issues.length === 0 ? null : { object: "list", data: issues.map((issue) => ({ ...issue })) },
    input_file_id: batch.inputFileId,
    completion_window: "24h",
    status: batch.status,
    output_file_id: batch.outputFileId,
    error_file_id: batch.errorFileId,
    created_at: seconds(times.createdAt),
    in_progress_at: secondsOrNull(times.inProgressAt),
    expires_at: seconds(times.expiresAt),
    finalizing_at: secondsOrNull(times.finalizingAt),
    completed_at: secondsOrNull(times.completedAt),
    failed_at: secondsOrNull(times.failedAt),
    expired_at: secondsOrNull(times.expiredAt),
    cancelling_at: secondsOrNull(times.cancellingAt),
    cancelled_at: secondsOrNull(times.cancelledAt),
    request_counts: batch.counts,
    usage: renderedUsage(batch.usage),
    metadata: batch.metadata,
  };
}

function renderedUsage({ inputTokens, cachedTokens, outputTokens, reasoningTokens }: BatchUsage) {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cachedTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: inputTokens + outputTokens,
  };
}

function secondsOrNull(ms: number | null): number | null {
  return ms === null ? null : seconds(ms);
}
