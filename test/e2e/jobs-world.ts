/**
 * Where the tests of jobs happen: a gateway between an upstream and an application of our own, which keep what they are
 * told and behave as a test wants them to. Owns their life; does not know what a job should do.
 */
import { afterAll, afterEach, beforeAll, expect } from "bun:test";
import { hash } from "node:crypto";
import { clearFaults, eventually, KEY, type RunningGateway, startGateway } from "./harness.ts";

export const STRANGER = "pm_stranger_key_of_the_jobs_suite";
export const HOOK_KEY = Buffer.from("a secret of the jobs suite, 32 b");
const HOOK_SECRET = `whsec_${HOOK_KEY.toString("base64")}`;

export interface Call {
  readonly model: string;
  /** What it was asked, to tell calls apart. */
  readonly text: string;
  readonly inputs: number;
  aborted: boolean;
}

/** How the upstream and the application behave; as usual again after each test. */
export interface Behaviour {
  answerDelayMs: number;
  /** What the application answers its webhook with. */
  hookStatus: number;
  /** Consulted for each call; a Response of its own, or null for a good answer. */
  answer: (call: Call) => Response | null;
}

const USUAL: Behaviour = { answerDelayMs: 0, hookStatus: 200, answer: () => null };

export interface JobView {
  readonly id: string;
  readonly status: string;
  readonly attempts: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly dead_letter: boolean;
  readonly error: { readonly kind: string; readonly code: string } | null;
  readonly response: {
    readonly status_code: number;
    readonly request_id: string;
    readonly decision_id: string;
    readonly degraded: string | null;
    readonly micro_batch: {
      readonly jobs: number;
      readonly total_tokens: number;
      readonly remainder_tokens: number;
    } | null;
    // biome-ignore lint/suspicious/noExplicitAny: a body of any dialect
    readonly body: any;
  } | null;
  readonly webhook: {
    readonly status: string;
    readonly attempts: number;
    readonly last_error: string | null;
  } | null;
}

/** To be called at the top of a test file. */
export function startJobsWorld() {
  const behaviour: Behaviour = { ...USUAL };
  const upstream = startUpstream(behaviour);
  const application = startApplication(behaviour, upstream.url);
  const stuck = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch: () => new Promise<Response>(() => {}),
  });
  const { calls, mostOpen } = upstream;
  const { told } = application;
  let gateway: RunningGateway;
  const start = (directory?: string) =>
    startGateway({
      policy: directory === undefined ? policy(upstream.port, application.port, stuck.port ?? 0) : null,
      env: { JOBS_HOOK_SECRET: HOOK_SECRET },
      ...(directory !== undefined && { directory }),
    });
  beforeAll(async () => {
    gateway = await start();
  });
  afterAll(async () => {
    await upstream.stop();
    await application.stop();
    await stuck.stop(true);
  });
  afterEach(async () => {
    Object.assign(behaviour, USUAL);
    calls.length = 0;
    told.length = 0;
    mostOpen.clear();
    await clearFaults(gateway);
  });

  async function call(path: string, body?: unknown, key = KEY, headers: Record<string, string> = {}) {
    const response = await fetch(`${gateway.url}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: an answer of any path
    return { status: response.status, headers: response.headers, body: (await response.json()) as any };
  }
  const look = async (id: string): Promise<JobView> => (await call(`/v1/jobs/${id}`)).body;
  return {
    behaviour,
    calls,
    mostOpen,
    told,
    /** Where the application is told. */
    hookUrl: `http://127.0.0.1:${application.port}/jobs`,
    /** Of an application that never answers. */
    stuckUrl: `http://127.0.0.1:${stuck.port}/jobs`,
    gateway: () => gateway,
    /** `kill -9`, and whatever `whileAway` does; then another on the same files. */
    async crash(whileAway: () => void): Promise<void> {
      gateway.crash();
      await gateway.stop();
      whileAway();
      gateway = await start(gateway.directory);
    },
    call,
    async submit(job: unknown): Promise<string> {
      const { status, body } = await call("/v1/jobs", job);
      expect({ status, body }).toMatchObject({ status: 202, body: { object: "job" } });
      return body.id;
    },
    look,
    ended(id: string, withinMs = 30_000): Promise<JobView> {
      return eventually(async () => {
        const job = await look(id);
        return ["succeeded", "failed", "cancelled", "expired"].includes(job.status) && job;
      }, withinMs);
    },
  };
}

export function chatJob(model: string, text: string, more: Readonly<Record<string, unknown>> = {}) {
  const body = { model, messages: [{ role: "user", content: text }] };
  return { endpoint: "/v1/chat/completions", body, ...more };
}

function startUpstream(behaviour: Behaviour) {
  const calls: Call[] = [];
  const open: string[] = [];
  const mostOpen = new Map<string, number>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const body = (await request.json()) as {
        model: string;
        input?: string | string[];
        messages?: { content: string }[];
      };
      const { model } = body;
      const inputs = body.input === undefined ? [] : [body.input].flat();
      const text = inputs.join("|") || (body.messages?.at(-1)?.content ?? "");
      const call: Call = { model, text, inputs: inputs.length, aborted: false };
      calls.push(call);
      open.push(model);
      mostOpen.set(model, Math.max(mostOpen.get(model) ?? 0, open.filter((each) => each === model).length));
      const delay = text.includes("forever") ? 600_000 : behaviour.answerDelayMs;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, delay);
        request.signal.addEventListener("abort", () => {
          call.aborted = true;
          clearTimeout(timer);
          resolve();
        });
      });
      open.splice(open.indexOf(model), 1);
      const own = behaviour.answer(call);
      return own ?? Response.json(inputs.length > 0 ? vectorsFor(inputs, model) : wordsFor(text, model));
    },
  });
  return { calls, mostOpen, port: server.port ?? 0, url: server.url, stop: () => server.stop(true) };
}

function startApplication(behaviour: Behaviour, elsewhere: URL) {
  const told: { readonly headers: Headers; readonly body: string }[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      told.push({ headers: request.headers, body: await request.text() });
      const headers = { location: `${elsewhere}stolen` };
      return new Response("", { status: behaviour.hookStatus, headers });
    },
  });
  return { told, port: server.port ?? 0, stop: () => server.stop(true) };
}

function wordsFor(text: string, model: string) {
  const choices = [
    { index: 0, message: { role: "assistant", content: `Heard: ${text}` }, finish_reason: "stop" },
  ];
  const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
  return { id: "c", object: "chat.completion", created: 1, model, choices, usage };
}

/** The vector says how long its input was. */
export function vectorsFor(inputs: readonly string[], model: string) {
  const data = inputs.map((input, index) => ({ object: "embedding", index, embedding: [input.length, 1] }));
  // No multiple of anything: it cannot be parted evenly.
  const tokens = inputs.length * 10 + 7;
  return {
    object: "list",
    data: data.toReversed(),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

function policy(upstream: number, application: number, stuck: number): string {
  const digest = hash("sha256", STRANGER, "hex");
  return `version: 1
name: jobs
providers:
  sim: { kind: simulator }
  up: { kind: openai-compatible, base_url: "http://127.0.0.1:${upstream}/v1", credential: none }
models:
  talk: { context_window: 32000 }
  lexis: { context_window: 8000, capabilities: [embeddings] }
  spare: { context_window: 8000, capabilities: [embeddings] }
  atlas: { context_window: 32000, prices: { input: 3, output: 15 } }
deployments:
  talk-here: { model: talk, provider: up, model_id: talk-1, region: here }
  flood-here: { model: talk, provider: up, model_id: flood-1, region: there }
  lexis-here: { model: lexis, provider: up, model_id: lexis-1, region: here }
  spare-here: { model: spare, provider: up, model_id: spare-1, region: here }
  atlas-us: { model: atlas, provider: sim, model_id: atlas-1, region: us-east-1 }
use_cases:
  talk-chat: { jobs: { max_attempts: 2 }, ladder: { primary: { deployments: [talk-here] }, cross_region: none } }
  flood-chat: { jobs: { concurrency: 2 }, ladder: { primary: { deployments: [flood-here] }, cross_region: none } }
  sim-chat:
    max_attempts: 1
    ladder: { primary: atlas, degraded: [{ template: { message: Resting. } }] }
  desk-chat:
    max_attempts: 1
    jobs: { max_attempts: 2 }
    ladder: { primary: atlas, degraded: [{ human: { queue: desk, message: Ticket. } }] }
  vectors:
    task_type: embedding
    jobs: { concurrency: 2, micro_batch: { max: 6, wait: 400ms } }
    ladder: { primary: lexis }
  spared-vectors: { task_type: embedding, ladder: { primary: lexis, fallback: [spare] } }
keys:
  - { id: stranger, sha256: "${digest}", tenant: globex, tier: premium }
circuit: { consecutive_failures: 1000, minimum_calls: 1000 }
retry: { budget_per_second: 100, backoff_base: 10ms, backoff_max: 50ms }
jobs: { max_waiting: 300 }
webhooks:
  secret: { env: JOBS_HOOK_SECRET }
  destinations:
    - { host: 127.0.0.1, port: ${application}, private: true }
    - { host: 127.0.0.1, port: ${stuck}, private: true }
    - { host: hooks.example.com }
`;
}
