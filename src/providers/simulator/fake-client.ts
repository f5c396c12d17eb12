/** A simulator on a fake clock and a client for it: what the tests of the server share. Serves tests alone. */
import { afterEach, expect } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import type { FaultInput } from "./fault-list.ts";
import { parseScenario } from "./scenario-file.ts";
import { type Simulator, startSimulator } from "./server.ts";

export const INSTANT =
  "version: 1\nseed: 42\ndeployments: { atlas: { region: us-east-1, model: atlas-large } }";
const SCHEMA = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
export const AS_JSON = { type: "json_schema", json_schema: { name: "place", schema: SCHEMA, strict: true } };

export interface Chat {
  readonly choices: { message: { content: string | null }; finish_reason: string; logprobs: unknown }[];
  readonly usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
  readonly simulated: boolean;
}

const open: Simulator[] = [];
const clients: AbortController[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.abort();
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

export async function start(text = INSTANT, clock = new FakeClock()) {
  const parsed = parseScenario({ file: "test.yaml", text });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  const simulator = await startSimulator({ scenario: parsed.scenario, host: "127.0.0.1", port: 0, clock });
  open.push(simulator);
  return { simulator, clock };
}

export function ask(simulator: Simulator, body: Record<string, unknown> = {}, deployment = "atlas") {
  const client = new AbortController();
  clients.push(client);
  const messages = [{ role: "user", content: "Where is Paris?" }];
  const answer = fetch(`${simulator.url}/${deployment}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer anything" },
    body: JSON.stringify({ model: "any", messages, ...body }),
    signal: client.signal,
  });
  return { answer, leave: () => client.abort() };
}

export async function faulted(fault: FaultInput["fault"], body: Record<string, unknown> = {}) {
  const { simulator, clock } = await start();
  simulator.inject({ fault });
  return { simulator, clock, ...ask(simulator, body) };
}

/** The event loop's own pace: no time passes, but sockets and promises get their turns. */
export async function turns(count: number): Promise<"nothing"> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
  return "nothing";
}

export async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100_000 && !holds(); turn++) await turns(1);
  expect(holds()).toBe(true);
}

export function framesOf(text: string): string[] {
  return text.split("\n\n").flatMap((frame) => (frame.startsWith("data: ") ? [frame.slice(6)] : []));
}

export function contentOf(frames: readonly string[]): string[] {
  return frames.flatMap((frame) => {
    if (!frame.startsWith("{") || !frame.endsWith("}")) return [];
    const content: unknown = JSON.parse(frame).choices?.[0]?.delta?.content;
    return typeof content === "string" && content !== "" ? [content] : [];
  });
}

/** What has arrived so far; `state` tells how it went on. */
export interface Arrival {
  text: string;
  state: "open" | "ended" | "broken";
}

export function follow(response: Response): Arrival {
  const arrival: Arrival = { text: "", state: "open" };
  const read = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) arrival.text += decoder.decode(chunk, { stream: true });
  };
  read().then(
    () => {
      arrival.state = "ended";
    },
    () => {
      arrival.state = "broken";
    },
  );
  return arrival;
}
