/** What the job commands read of the gateway's answers, and how jobs are drawn. */
import { z } from "zod";
import { counted, instant } from "../../format.ts";
import { type Cell, type Column, printable, type Terminal } from "../../terminal.ts";

const text = z.string().nullable();
const time = z.number().nullable();

export const jobView = z.object({
  id: z.string(),
  status: z.string(),
  endpoint: z.string(),
  use_case: z.string(),
  created_at: z.number(),
  ended_at: time,
  expires_at: z.number(),
  attempts: z.number(),
  next_attempt_at: time,
  error: z.object({ kind: z.string(), code: z.string(), message: z.string() }).nullable(),
  dead_letter: z.boolean(),
  response: z
    .object({
      status_code: z.number(),
      request_id: text,
      decision_id: text,
      degraded: text,
      body: z.unknown().optional(),
    })
    .nullable(),
  webhook: z
    .object({ url: z.string(), status: z.string(), attempts: z.number(), last_error: text })
    .nullable(),
});
export type JobView = z.output<typeof jobView>;

export const jobPage = z.object({ data: z.array(jobView), has_more: z.boolean(), last_id: text });

export const deadPage = z.object({
  jobs: z.array(
    z.object({ id: z.string(), tenant: text, use_case: z.string(), died_at: z.number(), reason: text }),
  ),
  cursor: text,
});

export const OVER: ReadonlySet<string> = new Set(["succeeded", "failed", "cancelled", "expired"]);

const COLUMNS: readonly Column[] = [
  { title: "TIME (UTC)" },
  { title: "JOB" },
  { title: "USE CASE" },
  { title: "STATUS" },
  { title: "TRIES", align: "right" },
  { title: "LAST FAULT" },
];

const STYLES = {
  succeeded: "green",
  failed: "red",
  expired: "red",
  retrying: "yellow",
  running: "cyan",
  cancelled: "dim",
} as const;

export function drawJobs(jobs: readonly JobView[], terminal: Terminal): string {
  const rows = jobs.map((job): Cell[] => [
    instant(job.created_at * 1000),
    job.id,
    job.use_case,
    statusCell(job),
    String(job.attempts),
    job.error === null ? "-" : `${job.error.kind} (${job.error.code})`,
  ]);
  return terminal.table(COLUMNS, rows);
}

function statusCell({ status, dead_letter: dead }: JobView): Cell {
  const words = dead ? `${status}, dead letter` : status;
  return Object.hasOwn(STYLES, status)
    ? { text: words, style: STYLES[status as keyof typeof STYLES] }
    : words;
}

export function drawDead(jobs: z.output<typeof deadPage>["jobs"], terminal: Terminal): string {
  const columns = [
    { title: "GIVEN UP (UTC)" },
    { title: "JOB" },
    { title: "TENANT" },
    { title: "USE CASE" },
    { title: "WHY" },
  ];
  const rows = jobs.map((job): Cell[] => [
    instant(job.died_at * 1000),
    job.id,
    job.tenant ?? "-",
    job.use_case,
    job.reason ?? "-",
  ]);
  return terminal.table(columns, rows);
}

export function drawJob(job: JobView, terminal: Terminal): string {
  const { error, response, webhook } = job;
  const lines = [
    `Job       ${terminal.paint("bold", printable(job.id))}, ${instant(job.created_at * 1000)} UTC`,
    `Asks      ${printable(`${job.endpoint} · ${job.use_case}`)}`,
    `Status    ${printable(statusOf(job))}`,
  ];
  if (error !== null) lines.push(`Fault     ${printable(`${error.kind} (${error.code}): ${error.message}`)}`);
  if (response !== null) {
    const { status_code: status, decision_id: decision, degraded } = response;
    const by = degraded === null ? "" : `, by the degraded mode ${degraded}`;
    lines.push(`Answer    ${printable(`${status}${by} · ${decision ?? "no record"}`)}`);
  }
  if (webhook !== null) {
    const why = webhook.last_error === null ? "" : `: ${webhook.last_error}`;
    lines.push(
      `Webhook   ${printable(`${webhook.status}, tried ${counted(webhook.attempts, "time")}${why} · ${webhook.url}`)}`,
    );
  }
  if (response?.body !== undefined && response.body !== null) {
    const body = JSON.stringify(response.body, null, 2).split("\n");
    lines.push("", ...body.map((line) => printable(line)));
  }
  return lines.join("\n");
}

function statusOf(job: JobView): string {
  const tries = `${job.attempts} ${job.attempts === 1 ? "try" : "tries"}`;
  if (job.next_attempt_at !== null) {
    return `${job.status} after ${tries}, next ${instant(job.next_attempt_at * 1000)} UTC`;
  }
  if (job.ended_at !== null) {
    const dead = job.dead_letter ? ", among the dead letters" : "";
    return `${job.status} after ${tries}, ${instant(job.ended_at * 1000)} UTC${dead}`;
  }
  return `${job.status}, ${tries}, until ${instant(job.expires_at * 1000)} UTC`;
}
