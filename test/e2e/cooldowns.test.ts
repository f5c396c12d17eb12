/** Quotas that want rest, at a provider of our own: who waits, who is called after it, and how a rest is ended. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { endToEnd } from "./end-to-end.ts";
import { chat, decisionOf, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT } from "./policies.ts";

endToEnd();

type Answer = (nth: number) => Response | Promise<Response>;

const ANSWER = {
  id: "c",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "Yes." }, finish_reason: "stop" }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
};
const well = () => Response.json(ANSWER);
const resting = (seconds: number) =>
  Response.json(
    { error: { message: "Slow down." } },
    { status: 429, headers: { "retry-after": `${seconds}` } },
  );

let gateway: RunningGateway;
let upstream: ReturnType<typeof Bun.serve>;
/** By model id; the others are well. */
const answers = new Map<string, Answer>();
const calls = new Map<string, number>();

beforeAll(async () => {
  upstream = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { model } = (await request.json()) as { readonly model: string };
      const nth = (calls.get(model) ?? 0) + 1;
      calls.set(model, nth);
      return (answers.get(model) ?? well)(nth);
    },
  });
  gateway = await startGateway({
    policy: policyOf(`http://127.0.0.1:${upstream.port}/v1`),
    scenario: INSTANT,
  });
});
afterAll(() => upstream.stop(true));

function policyOf(baseUrl: string): string {
  const model = "{ context_window: 8000, prices: { input: 1, output: 1 } }";
  return `version: 1
name: cooldowns
providers: { own: { kind: openai-compatible, base_url: "${baseUrl}", credential: none } }
models: { crowded: ${model} }
deployments:
  crowded-here: { model: crowded, provider: own, model_id: crowded, region: here }
use_cases:
  crowded-chat: { deadline: 20s, ladder: { primary: crowded } }
`;
}

test("calls made together and refused one after the other: all are answered after their wait", async () => {
  const together = 6;
  answers.set("crowded", async (nth) => {
    if (nth > together) return well();
    await Bun.sleep(nth * 30);
    return resting(1);
  });
  const asked = Array.from({ length: together }, () => chat(gateway, { model: "crowded-chat" }));
  const responses = await Promise.all(asked);
  expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: together }, () => 200));
  expect(calls.get("crowded")).toBe(2 * together);
  for (const response of responses) {
    const { attempts } = await decisionOf(gateway, response);
    expect(attempts).toMatchObject([{ fault: { kind: "throttled" } }, { result: "ok", waitedMs: 1000 }]);
  }
});
