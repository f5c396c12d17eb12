/** The queue of jobs and its dead letters, for operators. */
import { z } from "@hono/zod-openapi";
import {
  type DeadJob,
  discardDead,
  listDead,
  MAX_REPLAYED,
  replayDead,
} from "../../control/jobs/dead-letters.ts";
import { reportQueue } from "../../store/job-queue/queue-report.ts";
import type { QueueDepth } from "../../store/job-queue.ts";
import type { ControlPorts } from "../control-ports.ts";
import { define, type Endpoint } from "../endpoint.ts";
import { jsonOf, refusal } from "./response-docs.ts";

const text = z.string().nullable();

const deadJob = z.object({
  id: z.string(),
  tenant: text,
  use_case: z.string(),
  created_at: z.number().nullable().openapi({ description: "Seconds since 1970, like every time here." }),
  died_at: z.number(),
  reason: text,
});

const listQuery = z.object({
  after: z.string().max(128).optional().openapi({ description: "The cursor of the page before." }),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});

const replay = z.union([
  z.strictObject({ ids: z.array(z.string().min(1).max(64)).min(1).max(MAX_REPLAYED) }),
  z.strictObject({ all: z.literal(true) }),
]);

const discard = z.strictObject({ ids: z.array(z.string().min(1).max(64)).min(1).max(100) });

const queueState = z.object({
  depth: z
    .object({ ready: z.number(), delayed: z.number(), in_hand: z.number(), dead: z.number() })
    .nullable()
    .openapi({ description: "Null where the queue does not answer; then `problem` says why." }),
  problem: text,
  oldest_seconds: z.number().nullable().openapi({ description: "Since the oldest live job was submitted." }),
  jobs: z.array(z.object({ use_case: z.string(), status: z.string(), count: z.number() })),
});

export function deadJobEndpoints({
  audit,
  jobs: desk,
}: Pick<ControlPorts, "audit" | "jobs">): readonly Endpoint[] {
  const letters = { ...desk, audit };
  return [
    define({
      method: "GET",
      path: "/admin/jobs/queue",
      responses: { 200: jsonOf("What waits.", queueState) },
      async handle() {
        const { depth, problem } = await reportQueue(desk.queue, desk.clock);
        const counts = await desk.jobs.counts();
        const oldestAt = counts.length === 0 ? null : Math.min(...counts.map((row) => row.oldestAt));
        const oldest = oldestAt === null ? null : Math.max(0, desk.clock.now() - oldestAt) / 1000;
        const jobs = counts.map(({ useCase, status, count }) => ({ use_case: useCase, status, count }));
        return Response.json({ depth: depth && depthView(depth), problem, oldest_seconds: oldest, jobs });
      },
    }),
    define({
      method: "GET",
      path: "/admin/jobs/dead",
      query: listQuery,
      responses: {
        200: jsonOf("A page, oldest first.", z.object({ jobs: z.array(deadJob), cursor: text })),
        400: refusal,
      },
      async handle({ query: { limit, after } }) {
        const page = await listDead(desk, limit, after);
        return Response.json({ jobs: page.jobs.map(rendered), cursor: page.cursor });
      },
    }),
    define({
      method: "POST",
      path: "/admin/jobs/dead/replay",
      body: replay,
      responses: {
        200: jsonOf(
          "Put back; `more`: there were more than one question takes.",
          z.object({ replayed: z.array(z.string()), more: z.boolean() }),
        ),
        400: refusal,
      },
      async handle({ body, caller }) {
        const ids = "ids" in body ? body.ids : null;
        return Response.json(await replayDead(letters, ids, caller.keyId));
      },
    }),
    define({
      method: "POST",
      path: "/admin/jobs/dead/discard",
      body: discard,
      responses: {
        200: jsonOf("Forgotten, with their requests.", z.object({ discarded: z.array(z.string()) })),
        400: refusal,
      },
      async handle({ body, caller }) {
        return Response.json({ discarded: await discardDead(letters, body.ids, caller.keyId) });
      },
    }),
  ];
}

function depthView({ ready, delayed, inHand, dead }: QueueDepth) {
  return { ready, delayed, in_hand: inHand, dead };
}

function rendered({ id, tenant, useCase, createdAt, diedAt, reason }: DeadJob): z.infer<typeof deadJob> {
  return {
    id,
    tenant,
    use_case: useCase,
    created_at: createdAt === null ? null : Math.floor(createdAt / 1000),
    died_at: Math.floor(diedAt / 1000),
    reason,
  };
}
