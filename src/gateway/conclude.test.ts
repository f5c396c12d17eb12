/** What is on the record of a request that has ended. */
import { expect, test } from "bun:test";
import { playedGateway, playedPolicy } from "./fake-gateway.ts";

const ANSWER = {
  choices: [{ index: 0, message: { role: "assistant", content: "Hi." }, finish_reason: "stop" }],
};
const EXERCISING = playedPolicy(
  `  chat: { latency_tier: interactive, deadline: 6s, exercise: { share: 0.5 },
    ladder: { primary: first, fallback: [second] } }`,
  "{ connect: 1s, first_token: 2s, idle: 2s, total: 5s }",
);

/** First deployments of the records, and whether each was an exercise. */
async function exercised(isOpen: boolean): Promise<ReadonlySet<string>> {
  const on = await playedGateway(EXERCISING, (call) => call.answer(ANSWER));
  if (isOpen) on.health.forceOpen("second-eu", "ops");
  for (let request = 0; request < 40; request++) await (await on.ask({ model: "chat" })).text();
  return new Set(
    on.decisions.map(
      ({ attempts: [first], exercise }) => `${first?.deployment} ${first?.result} ${exercise}`,
    ),
  );
}

test("a later rung that was called first was exercised; one that was passed over was not", async () => {
  expect(await exercised(false)).toEqual(new Set(["first-us ok undefined", "second-eu ok true"]));
  expect(await exercised(true)).toEqual(new Set(["first-us ok undefined", "second-eu skipped undefined"]));
});
