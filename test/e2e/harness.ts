/**
 * A gateway as a user starts it: the launcher, a policy file, a simulator, a data directory. Each test file
 * starts its own on free ports; nothing is shared, and end-to-end.ts sees to it that nothing outlives the file.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Decision } from "../../src/core/decision.ts";
import { endProcess, endWithFile, folderOfFile, killGroup } from "./end-to-end.ts";

export const ROOT = join(import.meta.dir, "..", "..");
export const LAUNCHER = join(ROOT, "bin", "pointsman");
export const KEY = "pm_test_key_for_the_end_to_end_suite";
const START_LIMIT_MS = 20_000;

export interface RunningGateway {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** The embedded simulator, whose control interface injects faults; null without one. */
  readonly simulatorUrl: string | null;
  readonly directory: string;
  readonly policyFile: string;
  readonly dataDirectory: string;
  readonly process: ChildProcess;
  /** Everything it wrote to standard output so far. */
  greeting(): string;
  /** Everything it wrote to standard error so far. */
  errors(): string;
  signal(name: NodeJS.Signals): void;
  /** `kill -9` of the gateway itself, under its launcher. */
  crash(): void;
  exited(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Ends it if it still runs; its directory stays until the file has ended. */
  stop(): Promise<void>;
}

export interface GatewayOptions {
  /** Null: whatever an earlier one left in `directory`. */
  readonly policy: string | null;
  readonly scenario?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Goes on with the files of an earlier one. */
  readonly directory?: string;
}

export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const directory = options.directory ?? folderOfFile();
  const policyFile = join(directory, "policy.yaml");
  if (options.policy !== null) writeFileSync(policyFile, options.policy);
  const args = ["up", "--demo", "--policy", policyFile, "--port", "0", "--data", join(directory, "data")];
  if (options.scenario !== undefined) {
    const scenarioFile = join(directory, "scenario.yaml");
    writeFileSync(scenarioFile, options.scenario);
    args.push("--scenario", scenarioFile);
  }
  const child = endWithFile(
    spawn(LAUNCHER, [...args, ...(options.args ?? [])], {
      cwd: directory,
      env: { ...process.env, POINTSMAN_DEMO_KEY: KEY, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own: what must be killed is killed whole, launcher and gateway.
      detached: true,
    }),
  );
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on("exit", (code, signal) => resolve({ code, signal }));
  });
  const greeting = await firstWords(child, () => stderr);
  const urlOf = (pattern: RegExp): string | null => pattern.exec(greeting)?.[1] ?? null;
  return {
    url: urlOf(/Pointsman listens on (\S+)/) ?? "",
    simulatorUrl: urlOf(/Simulated providers listen on (\S+)/),
    directory,
    policyFile,
    dataDirectory: join(directory, "data"),
    process: child,
    greeting: () => stdout,
    errors: () => stderr,
    signal: (name) => void child.kill(name),
    crash: () => void child.kill("SIGKILL"),
    exited: () => exited,
    stop: () => endProcess(child),
  };
}

/** What it printed up to the end of its greeting; rejects with its errors when it ends or stays silent. */
function firstWords(child: ChildProcess, errors: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const limit = setTimeout(() => {
      killGroup(child);
      reject(new Error(`The gateway did not start: ${errors()}`));
    }, START_LIMIT_MS);
    child.stdout?.on("data", (chunk) => {
      text += chunk;
      if (!text.includes("decisions tail")) return;
      clearTimeout(limit);
      resolve(text);
    });
    // When its pipes are at their end, too: its last words come by one of them.
    child.on("close", (code) => {
      clearTimeout(limit);
      reject(new Error(`The gateway ended with ${code}: ${errors()}`));
    });
  });
}

/** One call of the chat endpoint with the suite's key. */
export function chat(
  gateway: RunningGateway,
  body: Readonly<Record<string, unknown>>,
  init: { readonly headers?: Record<string, string>; readonly signal?: AbortSignal } = {},
): Promise<Response> {
  return fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json", ...init.headers },
    body: JSON.stringify({
      model: "support-chat",
      messages: [{ role: "user", content: "Hello there" }],
      ...body,
    }),
    ...(init.signal && { signal: init.signal }),
  });
}

/** A whole stream as it came: the parsed chunks, whether `[DONE]` ended it, and an error frame if there was one. */
export interface ReadStream {
  readonly chunks: readonly StreamChunk[];
  readonly text: string;
  readonly done: boolean;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** The connection broke before the body's end. */
  readonly broken: boolean;
}

export interface StreamChunk {
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null };
    readonly finish_reason?: string | null;
  }[];
  readonly error?: { readonly code: string; readonly message: string };
}

export async function readStream(response: Response): Promise<ReadStream> {
  let body = "";
  let broken = false;
  try {
    const decoder = new TextDecoder();
    for await (const piece of response.body ?? []) body += decoder.decode(piece, { stream: true });
  } catch {
    broken = true;
  }
  const frames = body.split("\n\n").filter((frame) => frame.startsWith("data: "));
  const data = frames.map((frame) => frame.slice("data: ".length));
  const chunks = data.filter((text) => text !== "[DONE]").map((text): StreamChunk => JSON.parse(text));
  const pieces = chunks.flatMap((chunk) => chunk.choices ?? []).map((choice) => choice.delta?.content ?? "");
  const error = chunks.find((chunk) => chunk.error)?.error ?? null;
  return { chunks, text: pieces.join(""), done: data.at(-1) === "[DONE]", error, broken };
}

/** The record of one request, once it is written. */
export function decisionOf(gateway: RunningGateway, response: Response): Promise<Decision> {
  const id = response.headers.get("x-pointsman-decision");
  return eventually(async () => {
    const found = await admin(gateway, `/admin/decisions/${id}`);
    return hasId(found, id) ? (found as Decision) : null;
  });
}

/** A page of records; the cursor goes on in the same direction. */
export interface DecisionList {
  readonly decisions: readonly Decision[];
  readonly cursor: string | null;
}

/** `query`: of `GET /admin/decisions`, without the question mark. */
export async function listDecisions(gateway: RunningGateway, query: string): Promise<DecisionList> {
  return (await admin(gateway, `/admin/decisions?${query}`)) as DecisionList;
}

function hasId(found: unknown, id: string | null): boolean {
  return typeof found === "object" && found !== null && "id" in found && found.id === id;
}

/** What `pointsman ARGS` printed and how it ended. */
export function pointsman(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = endWithFile(
    spawn(LAUNCHER, args, {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

/** What `pointsman ARGS` says when it asks `gateway`, in whose folder it is run. */
export function command(gateway: RunningGateway, ...args: readonly string[]) {
  const env = { POINTSMAN_API_KEY: KEY, NO_COLOR: "1" };
  return pointsman([...args, "--url", gateway.url], { cwd: gateway.directory, env });
}

/** An administrative call, as JSON. */
export async function admin(gateway: RunningGateway, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${gateway.url}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return response.json();
}

/** Asks until `look` finds something, for what happens a moment later by itself. */
export async function eventually<T>(
  look: () => Promise<T | null | undefined | false>,
  withinMs = 10_000,
): Promise<T> {
  const until = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > until) throw new Error(`Nothing after ${withinMs} ms`);
    await Bun.sleep(20);
  }
}

/** Puts a fault on the embedded simulator until it is cleared; the body is one entry of a scenario's `faults`. */
export async function inject(
  gateway: RunningGateway,
  fault: Readonly<Record<string, unknown>>,
): Promise<void> {
  const response = await fetch(`${gateway.simulatorUrl}/_simulator/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fault),
  });
  if (!response.ok) throw new Error(`The simulator refused the fault: ${await response.text()}`);
}

export async function clearFaults(gateway: RunningGateway): Promise<void> {
  await fetch(`${gateway.simulatorUrl}/_simulator/faults`, { method: "DELETE" });
}

/** Requests that each simulated deployment has received since the start. */
export async function callsUpstream(gateway: RunningGateway): Promise<Readonly<Record<string, number>>> {
  const response = await fetch(`${gateway.simulatorUrl}/_simulator`);
  const body = (await response.json()) as { deployments: Record<string, { requests: number }> };
  return Object.fromEntries(Object.entries(body.deployments).map(([id, { requests }]) => [id, requests]));
}
