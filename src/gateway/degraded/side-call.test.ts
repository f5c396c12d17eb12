/** Who is asked for something other than the answer when the ladder has run out. */
import { expect, test } from "bun:test";
import { type PlayedCall, playedGateway, playedPolicy } from "../fake-gateway.ts";

const LADDER =
  "primary: first, fallback: [second@eu-west-1], degraded: [{ summarize_only: { model: second } }, { busy: { message: Later. } }]";
const POLICY = playedPolicy(
  `  chat: { latency_tier: interactive, deadline: 20s, ladder: { ${LADDER} } }`,
  "{ connect: 1s, first_token: 2s, idle: 2s, total: 3s }",
).replace(/(second-eu: \{.*) \}/, "$1, quota_group: shared }");
/** Another deployment of the model that stands in, on the same quota. */
const WITH_SIBLING = POLICY.replace(
  "  second-eu:",
  "  sibling: { model: second, provider: own, model_id: sibling, region: us-west-1, quota_group: shared }\n  second-eu:",
);

const answerOf = (content: string) => ({
  choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
});
const errorOf = (code: string, message: string) => ({ error: { type: code, code, message } });

const DOWN = [503, {}] as const;
const SILENT = [200, null] as const;
const USED_UP = [429, errorOf("insufficient_quota", "You exceeded your current quota.")] as const;
const EMPTY = [200, answerOf("")] as const;

type Said = readonly [status: number, body: unknown];

/** Whom the stand-in's call went to, where the first model is down and the second says `said` to every call. */
async function aside(policy: string, said: Said): Promise<readonly string[]> {
  const saidBy = (id: string): Said =>
    id === "first" ? DOWN : id === "second" ? said : [200, answerOf("Sorry.")];
  const play = (call: PlayedCall): void => {
    const [, body] = saidBy(call.model);
    if (body !== null) call.answer(body);
  };
  const on = await playedGateway(policy, play, (id) => saidBy(id)[0]);
  const asked = on.ask({ model: "chat" });
  await on.clock.advance(20_000);
  await (await asked).text();
  const calls = on.decisions[0]?.attempts.filter(({ purpose }) => purpose === "summarize_only") ?? [];
  return calls.map(({ deployment, result }) => `${deployment} ${result}`);
}

test.each([
  ["was silent", SILENT],
  ["was down", DOWN],
  ["has a quota that is used up", USED_UP],
] as const)("a deployment that %s is not asked to stand in", async (_why, said) => {
  expect(await aside(POLICY, said)).toEqual([]);
});

test.each([
  ["was silent", SILENT, ["sibling ok"]],
  ["was down", DOWN, ["sibling ok"]],
  ["has a quota that is used up", USED_UP, []],
] as const)("nor is what went down with one that %s", async (_why, said, expected) => {
  expect(await aside(WITH_SIBLING, said)).toEqual([...expected]);
});

test("a deployment that had nothing to say is asked another question", async () => {
  expect(await aside(POLICY, EMPTY)).toEqual(["second-eu fault"]);
});
