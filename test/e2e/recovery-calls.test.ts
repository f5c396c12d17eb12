/** Whom a broken stream is continued by, and what they are asked: at a provider of our own, one use case for each. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { startBreakingUpstream } from "./breaking-upstream.ts";
import { endToEnd } from "./end-to-end.ts";
import { chat, decisionOf, type RunningGateway, readStream, startGateway } from "./harness.ts";

endToEnd();

const TEXT =
  "It left the depot this morning and will be with you before noon, if the roads are as they should be.";
const upstream = startBreakingUpstream();
let gateway: RunningGateway;

const POLICY = `version: 1
name: recovery-calls
providers:
  own: { kind: openai-compatible, base_url: "${upstream.baseUrl}", credential: none }
  second: { kind: openai-compatible, base_url: "${upstream.baseUrl}", credential: none }
models:
  small: { context_window: 8000 }
  breaks: { context_window: 32000, max_output_tokens: 8000 }
  whole: { context_window: 32000, max_output_tokens: 1000 }
  goes-on: { context_window: 32000, max_output_tokens: 1000, capabilities: [prefill] }
  breaks-near: { context_window: 32000 }
deployments:
  small-us: { model: small, provider: own, model_id: small, region: us-east-1 }
  small-eu: { model: small, provider: second, model_id: small, region: eu-west-1 }
  breaks: { model: breaks, provider: own, model_id: breaks, region: us-west-2 }
  whole: { model: whole, provider: second, model_id: whole, region: us-west-2 }
  goes-on: { model: goes-on, provider: second, model_id: goes-on, region: eu-west-1 }
  breaks-near: { model: breaks-near, provider: second, model_id: breaks, region: us-west-2 }
use_cases:
  overflowing:
    stream_recovery: continue
    ladder: { primary: small@us-east-1, cross_region: auto, fallback: [breaks, whole] }
  shortening:
    stream_recovery: continue
    on_overflow: [truncate_oldest, larger_model]
    ladder: { primary: small@us-east-1, cross_region: auto, fallback: [breaks, whole] }
  breaking:
    stream_recovery: continue
    ladder: { primary: breaks, fallback: [whole] }
  breaking-prefilled:
    stream_recovery: continue
    ladder: { primary: breaks, fallback: [goes-on] }
  exercised:
    stream_recovery: continue
    exercise: { share: 0.5 }
    ladder: { primary: whole, fallback: [breaks-near, goes-on] }
circuit: { consecutive_failures: 1000, minimum_calls: 10000 }
retry: { budget_per_second: 1000 }
`;

beforeAll(async () => {
  gateway = await startGateway({ policy: POLICY });
});
beforeEach(() => upstream.say(TEXT, 40));
afterAll(() => upstream.stop());

async function ask(model: string, more: Record<string, unknown> = {}) {
  const messages = [{ role: "user", content: "Where is my parcel?" }];
  const response = await chat(gateway, { model, messages, stream: true, ...more });
  const stream = await readStream(response);
  return { stream, decision: await decisionOf(gateway, response) };
}

test.each(["overflowing", "shortening"])(
  "whoever has too small a window for the request is not asked to go on with it: %s",
  async (model) => {
    const { stream, decision } = await ask(model);
    expect(stream).toMatchObject({ done: true, error: null, text: TEXT });
    expect(decision.attempts.map(({ deployment }) => deployment)).toEqual(["small-us", "breaks", "whole"]);
  },
);

test.each(["breaking", "breaking-prefilled"])(
  "a limit that the one that goes on is asked with, and the caller did not state, is on record: %s",
  async (model) => {
    expect((await ask(model, { max_tokens: 900 })).decision.warnings).toEqual([]);
    const { stream, decision } = await ask(model, { max_tokens: 5000 });
    expect(stream).toMatchObject({ done: true, text: TEXT });
    expect(upstream.bodies.at(-1)?.max_tokens).toBeLessThanOrEqual(1000);
    expect(decision.warnings).toEqual(["max_tokens"]);
  },
);

test("where an exercised stream breaks the primary goes on, in the same region as it is", async () => {
  for (let asked = 0; asked < 40; asked++) {
    const { stream, decision } = await ask("exercised");
    if (decision.attempts[0]?.deployment !== "breaks-near") continue;
    expect(stream).toMatchObject({ done: true, text: TEXT });
    expect(decision.attempts.map(({ deployment }) => deployment)).toEqual(["breaks-near", "whole"]);
    return;
  }
  throw new Error("nothing was exercised");
});
