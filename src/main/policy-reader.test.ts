import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { FromReader } from "../control/policy/in-force/judge/protocol.ts";
import { FakeClock } from "../core/fake-clock.ts";
import { BASE_POLICY } from "../policy/fake-policy.ts";
import { createPolicyReader, NICENESS, type ReaderEvents, spawnReader } from "./policy-reader.ts";

// Real processes start when a busy machine lets them: a bound for what hangs, and no measure of anything.
setDefaultTimeout(60_000);

const READ = { type: "read", sources: [{ file: "p", text: BASE_POLICY }], before: null } as const;
const ANSWER: FromReader = { type: "invalid", findings: [] };

/** Processes that say what a test says. */
function fakeProcesses(clock = new FakeClock()) {
  const started: { events: ReaderEvents; ended: boolean; deaf: boolean }[] = [];
  const reader = createPolicyReader(clock, (events) => {
    const life = { events, ended: false, deaf: false };
    started.push(life);
    return {
      send() {
        if (life.deaf) throw new Error("EPIPE");
      },
      kill() {
        life.ended = true;
      },
    };
  });
  return { reader, started, clock };
}

describe("a real process", () => {
  test("reads a policy, again and again, and is as it was left", async () => {
    const reader = createPolicyReader(new FakeClock());
    const [first, second] = await Promise.all([reader.ask(READ), reader.ask(READ)]);
    expect(first.type).toBe("read");
    expect(second).toEqual(first);
    expect(await reader.ask({ ...READ, sources: [] })).toMatchObject({ type: "invalid" });
    reader.stop();
  });

  test("takes and gives ten megabytes", async () => {
    const reader = createPolicyReader(new FakeClock());
    const text = BASE_POLICY.replace("name: test", `name: ${"x".repeat(10 * 1024 * 1024)}`);
    const answer = await reader.ask({ ...READ, sources: [{ file: "p", text }] });
    expect(["read", "invalid"]).toContain(answer.type);
    reader.stop();
  });

  test("is told nothing of the environment, gives way with all its threads, and ends when it is stopped", async () => {
    process.env.POINTSMAN_TEST_SECRET = "sk-test";
    const ended = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const child = spawnReader({ said: () => answered.resolve(), ended: ended.resolve });
    child.send(READ);
    await answered.promise;
    delete process.env.POINTSMAN_TEST_SECRET;
    const place = `/proc/${child.pid}`;
    if (existsSync(place)) {
      expect(readFileSync(`${place}/environ`, "utf8")).not.toContain("sk-test");
      const nice = readdirSync(`${place}/task`).map((thread) => niceOf(`${place}/task/${thread}/stat`));
      expect(new Set(nice)).toEqual(new Set([NICENESS]));
    }
    child.kill();
    await ended.promise;
  });
});

test("starts with the first question, ends when nobody asks, and starts again", async () => {
  const { reader, started, clock } = fakeProcesses();
  expect(started).toHaveLength(0);
  const first = reader.ask(READ);
  started[0]?.events.said(ANSWER);
  expect(await first).toEqual(ANSWER);
  await clock.advance(61_000);
  expect(started[0]?.ended).toBeTrue();
  const second = reader.ask(READ);
  expect(started).toHaveLength(2);
  // What is late of the one that ended concerns nobody.
  started[0]?.events.ended();
  started[1]?.events.said(ANSWER);
  expect(await second).toEqual(ANSWER);
  reader.stop();
  expect(started[1]?.ended).toBeTrue();
});

test("parts belong to the answer that follows them", async () => {
  const { reader, started } = fakeProcesses();
  const asked = [reader.ask(READ), reader.ask(READ)];
  const read = { type: "read", parts: [], digest: "d", findings: [], paths: [], changes: [] } as const;
  const part = { key: "models", kind: "map", json: "{}" } as const;
  for (let n = 0; n < 3; n++) started[0]?.events.said({ type: "part", part });
  started[0]?.events.said(read);
  started[0]?.events.said(read);
  expect(await Promise.all(asked)).toEqual([{ ...read, parts: [part, part, part] }, read]);
  reader.stop();
});

test("whoever waits is told when it fails, is silent, cannot be asked or is stopped", async () => {
  const { reader, started, clock } = fakeProcesses();
  const failing = reader.ask(READ);
  started[0]?.events.ended();
  await expect(failing).rejects.toThrow("it failed");
  const silent = reader.ask(READ);
  silent.catch(() => {});
  await clock.advance(121_000);
  await expect(silent).rejects.toThrow("it was silent");
  const before = reader.ask(READ);
  before.catch(() => {});
  const [, , third] = started;
  if (third) third.deaf = true;
  await expect(reader.ask(READ)).rejects.toThrow("it cannot be asked");
  await expect(before).rejects.toThrow("it cannot be asked");
  const stopped = reader.ask(READ);
  reader.stop();
  await expect(stopped).rejects.toThrow("it was stopped");
  expect(started.map(({ ended }) => ended)).toEqual([true, true, true, true]);
});

test("one that cannot be started is told to whoever asks", async () => {
  const reader = createPolicyReader(new FakeClock(), () => {
    throw new Error("EAGAIN");
  });
  await expect(reader.ask(READ)).rejects.toThrow("EAGAIN");
});

/** The nineteenth field; the second is a name in parentheses. */
function niceOf(file: string): number {
  return Number(
    readFileSync(file, "utf8")
      .replace(/^.*\) /, "")
      .split(" ")[16],
  );
}
