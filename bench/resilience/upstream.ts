/** The simulator as the providers of all gateways, a fresh one for each. Owns its process, questions and counts. */
import { join } from "node:path";
import {
  type DrillTarget,
  difference,
  injectFaults,
  readStats,
  type UpstreamStats,
} from "../../src/control/gameday/drill-target.ts";
import { DEFAULT_PROMPTS } from "../../src/control/gameday/questions.ts";
import { type Child, freePort, lastWords, startChild } from "../processes.ts";
import { faultsOf, type TimedPhase } from "./schedule.ts";

/** A question and what every deployment says to it when nothing is wrong. */
export interface Question {
  readonly prompt: string;
  readonly answer: string;
}

export interface Upstream {
  readonly port: number;
  readonly child: Child;
  readonly questions: readonly Question[];
  /** Puts the schedule on it; the load is to begin `LEAD_MS` after the call. */
  inject(phases: readonly TimedPhase[]): Promise<void>;
  stats(): Promise<UpstreamStats>;
}

const ROOT = join(import.meta.dir, "..", "..");
const DEPLOYMENTS = ["primary-eu", "primary-us", "fallback"] as const;
const START_WAIT_MS = 10_000;

/** Rejects where it does not start, or where two deployments say different words. */
export async function startUpstream(): Promise<Upstream> {
  const port = await freePort();
  const scenario = join(import.meta.dir, "scenario.yaml");
  const command = [
    join(ROOT, "bin", "pointsman"),
    "simulate",
    "--scenario",
    scenario,
    "--port",
    String(port),
  ];
  const child = startChild("simulator", command, { cwd: ROOT });
  const url = `http://127.0.0.1:${port}`;
  const target: DrillTarget = { gateway: { url, simulatorUrl: url, key: "" }, fetch };
  const until = performance.now() + START_WAIT_MS;
  while (!(await fetch(`${url}/_simulator`).catch(() => null))?.ok) {
    if (performance.now() > until) throw new Error(`The simulator did not start: ${lastWords(child)}`);
    await Bun.sleep(50);
  }
  return {
    port,
    child,
    questions: await Promise.all(DEFAULT_PROMPTS.map((prompt) => learn(url, prompt))),
    inject: (phases) => injectFaults(target, faultsOf(phases)),
    stats: () => readStats(target),
  };
}

async function learn(url: string, prompt: string): Promise<Question> {
  const said = await Promise.all(DEPLOYMENTS.map((deployment) => askDirectly(url, deployment, prompt)));
  const [answer = ""] = said;
  if (answer === "" || said.some((text) => text !== answer)) {
    throw new Error("The deployments of scenario.yaml must say the same to a question, and something.");
  }
  return { prompt, answer };
}

async function askDirectly(url: string, deployment: string, prompt: string): Promise<string> {
  const response = await fetch(`${url}/${deployment}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: questionBody(prompt, false),
  });
  const body = (await response.json()) as {
    readonly choices?: readonly { readonly message?: { readonly content?: string } }[];
  };
  return body.choices?.[0]?.message?.content ?? "";
}

/** What every gateway is asked. */
export function questionBody(prompt: string, stream: boolean): string {
  const messages = [{ role: "user", content: prompt }];
  return JSON.stringify({ model: "support-chat", messages, ...(stream && { stream: true }) });
}

/** Calls to each deployment, and calls that a fault struck, between two counts. */
export function between(
  after: UpstreamStats,
  before: UpstreamStats,
): { readonly calls: Record<string, number>; readonly struck: number } {
  const struck = difference(after.struck, before.struck);
  return { calls: difference(after.calls, before.calls), struck: sum(struck) };
}

export function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
