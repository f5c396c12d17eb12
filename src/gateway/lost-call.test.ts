import { describe, expect, test } from "bun:test";
import { bareRequest } from "../core/bare-request.ts";
import type { Deployment } from "../core/deployment.ts";
import { NO_USAGE, type StreamEvent } from "../core/events.ts";
import { type Fault, fault } from "../core/faults.ts";
import { BASE_POLICY, snapshotOf } from "../policy/fake-policy.ts";
import { openaiChat } from "../wires/openai-chat.ts";
import { openaiResponses } from "../wires/openai-responses.ts";
import { lostCall } from "./lost-call.ts";

const TIMEOUT = fault("timeout", "first_token_timeout", "slow");
const CANCELLED = fault("cancelled", "caller_left", "left");
const OUTAGE = fault("outage", "provider_error", "broken");
const [deployment] = snapshotOf(BASE_POLICY).deployments.values() as Iterable<Deployment>;
if (deployment === undefined) throw new Error("no deployment");
const priced = deployment;

function usageOf(why: Fault, came?: readonly StreamEvent[], operation: "chat" | "count_tokens" = "chat") {
  const sent = came === undefined ? { fault: why } : { fault: why, came };
  return lostCall({ ok: false, ...sent }, bareRequest({ operation }), 70, priced).usage;
}

describe("what a failed call used", () => {
  test("is what the provider counted before it failed", () => {
    const usage = { ...NO_USAGE, inputTokens: 5_000 };
    expect(usageOf(OUTAGE, [{ type: "start" }, { type: "usage", usage }])).toEqual(usage);
  });

  test.each([TIMEOUT, CANCELLED])(
    "is the request where the model was ended before it counted: $kind",
    (why) => {
      expect(usageOf(why, [])).toEqual({ ...NO_USAGE, inputTokens: 70 });
    },
  );

  test("is nothing where the provider broke down by itself, or was never asked", () => {
    expect(usageOf(OUTAGE, [{ type: "start" }])).toBeUndefined();
    expect(usageOf(OUTAGE)).toBeUndefined();
    expect(usageOf(TIMEOUT)).toBeUndefined();
  });

  test("is nothing for a count of tokens", () => {
    expect(usageOf(TIMEOUT, [], "count_tokens")).toBeUndefined();
  });
});

describe("an answer with nothing in it has what it used", () => {
  const counted = { prompt_tokens: 1_000, completion_tokens: 4_000 };
  const message = { role: "assistant", content: "" };
  const answers: Readonly<Record<string, readonly StreamEvent[]>> = {
    "without text": openaiChat.readAnswer({
      choices: [{ index: 0, message, finish_reason: "stop" }],
      usage: counted,
    }),
    "without choices": openaiChat.readAnswer({ choices: [], usage: counted }),
    "given up": openaiChat.readAnswer({
      choices: [{ index: 0, message, finish_reason: "error" }],
      usage: counted,
    }),
    "of Responses": openaiResponses.readAnswer({
      object: "response",
      status: "completed",
      output: [],
      usage: { input_tokens: 1_000, output_tokens: 4_000 },
    }),
    "of Responses, failed": openaiResponses.readAnswer({
      object: "response",
      status: "failed",
      error: { code: "server_error", message: "no" },
      output: [],
      usage: { input_tokens: 1_000, output_tokens: 4_000 },
    }),
  };

  test.each(Object.entries(answers))("%s", (_, events) => {
    const last = events.at(-1);
    if (last?.type !== "fault") throw new Error("answered");
    expect(usageOf(last.fault, events)).toMatchObject({ inputTokens: 1_000, outputTokens: 4_000 });
  });
});
