import { expect, test } from "bun:test";
import { type PlayedCall, playedGateway, playedPolicy } from "./fake-gateway.ts";

const DEADLINE_MS = 20_000;
const POLICY = playedPolicy(
  `  plain: { latency_tier: interactive, deadline: ${DEADLINE_MS}ms, ladder: { primary: first } }`,
  "{ connect: 1s, first_token: 2s, idle: 2s, total: 15s }",
);

/** A model that has said two things by the time that its reader asks for the first. */
async function begun() {
  let made: PlayedCall | null = null;
  const on = await playedGateway(POLICY, (call) => {
    made = call;
    for (const word of ["One.", " Two.", " Three."]) on.clock.after(10, () => call.say(word));
  });
  const asked = on.ask({ model: "plain", stream: true });
  await on.clock.advance(100);
  const reader = (await asked).body?.getReader();
  const call = made as PlayedCall | null;
  if (!reader || !call) throw new Error("No stream.");
  const read = async () => new TextDecoder().decode((await reader.read()).value);
  return { ...on, call, read };
}

/** Failures that the circuit has counted, and calls that hold a permit. */
function held({ health, clock }: Awaited<ReturnType<typeof begun>>) {
  const row = health.report(clock.now())[0];
  return { failures: row?.failures, inFlight: row?.inFlight };
}

test("a reader who pauses for longer than the idle limit finds the rest of the answer", async () => {
  const on = await begun();
  expect(await on.read()).toContain("One.");
  await on.clock.advance(8_000);
  expect(await on.read()).toContain("Two.");
  expect(await on.read()).toContain("Three.");
  const end = on.read();
  on.call.finish();
  expect(await end).toContain('"finish_reason":"stop"');
  await on.clock.advance(0);
  expect(on.decisions[0]).toMatchObject({ outcome: "answered", fault: null });
  expect(held(on)).toEqual({ failures: 0, inFlight: 0 });
  expect(on.clock.pending).toBe(0);
});

test("a model that falls silent while it is waited for has stalled, however long its reader paused before", async () => {
  const on = await begun();
  for (const word of ["One.", "Two."]) expect(await on.read()).toContain(word);
  await on.clock.advance(5_000);
  expect(await on.read()).toContain("Three.");
  const next = on.read();
  await on.clock.advance(1_900);
  expect(on.decisions).toEqual([]);
  await on.clock.advance(200);
  expect(await next).toContain("idle_timeout");
  expect(held(on)).toEqual({ failures: 1, inFlight: 0 });
});

test("a reader who never comes back is waited for until the deadline, and nothing is held against the model", async () => {
  const on = await begun();
  expect(await on.read()).toContain("One.");
  await on.clock.advance(DEADLINE_MS);
  expect(on.call.ended).toBe(true);
  expect(on.decisions).toMatchObject([
    { outcome: "cancelled", fault: { kind: "cancelled", code: "caller_too_slow" } },
  ]);
  expect(held(on)).toEqual({ failures: 0, inFlight: 0 });
  expect(on.clock.pending).toBe(0);
  const rest = (await on.read()) + (await on.read());
  expect(rest).toContain("caller_too_slow");
  expect(rest).not.toContain("[DONE]");
});

test("an answer that its reader took too long for is not the model's timeout", async () => {
  const on = await begun();
  expect(await on.read()).toContain("One.");
  await on.clock.advance(15_000);
  expect(await on.read()).toContain("Two.");
  let last = "";
  for (let piece = 0; piece < 3 && !last.includes("error"); piece++) last = await on.read();
  expect(last).toContain("caller_too_slow");
  expect(on.decisions[0]).toMatchObject({ outcome: "cancelled" });
  expect(held(on)).toEqual({ failures: 0, inFlight: 0 });
});
