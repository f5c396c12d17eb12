import { expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import type { FlagDetails } from "../../core/flags.ts";
import { FAKE_CALLER } from "../../policy/fake-policy.ts";
import { createFlagCache, type FlagContext } from "./flag-cache.ts";

const ON: FlagDetails = { value: true, variant: "on", reason: "CACHED" };
const OFF: FlagDetails = { value: false, variant: "off", reason: "CACHED" };

function world(answer: (flag: string) => Promise<FlagDetails | null>) {
  const clock = new FakeClock();
  const asked: FlagContext[] = [];
  const failures: unknown[] = [];
  const cache = createFlagCache({
    clock,
    ttlMs: 1000,
    evaluate(flag, _like, context) {
      asked.push(context);
      return answer(flag);
    },
    onFailed: (thrown) => void failures.push(thrown),
  });
  const look = (user?: string, flag = "f") => cache.lookUp(flag, false, FAKE_CALLER, user);
  return { clock, asked, failures, look };
}

test("a miss is null at once, and known the next time", async () => {
  const { clock, asked, look } = world(async () => ON);
  expect(look()).toBeNull();
  expect(look()).toBeNull();
  await clock.advance(0);
  expect(look()).toEqual(ON);
  expect(asked).toHaveLength(1);
});

test("an old value is used while it is asked for anew", async () => {
  let now = ON;
  const { clock, asked, look } = world(async () => now);
  look();
  await clock.advance(0);
  now = OFF;
  await clock.advance(999);
  expect(look()).toEqual(ON);
  expect(asked).toHaveLength(1);
  await clock.advance(1);
  expect(look()).toEqual(ON);
  await clock.advance(0);
  expect(look()).toEqual(OFF);
  expect(asked).toHaveLength(2);
});

test("each user and each flag has its own; the user is whom the other system aims at", async () => {
  const { clock, asked, look } = world(async (flag) => (flag === "f" ? ON : OFF));
  look("ann");
  look("bob");
  look("ann", "g");
  await clock.advance(0);
  expect(asked.map(({ targetingKey }) => targetingKey)).toEqual(["ann", "bob", "ann"]);
  expect(look("ann", "g")).toEqual(OFF);
  look();
  expect(asked[3]).toEqual({
    targetingKey: "key-1",
    key: "key-1",
    tenant: "acme",
    tier: "premium",
    role: "caller",
  });
});

test("a system that fails leaves what was known, is told of once, and asked again later", async () => {
  let broken = false;
  const { clock, asked, failures, look } = world(async () => {
    if (broken) throw new Error("down");
    return ON;
  });
  look("ann");
  await clock.advance(0);
  broken = true;
  await clock.advance(1000);
  look("ann");
  look("bob");
  await clock.advance(0);
  expect(look("ann")).toEqual(ON);
  expect(look("bob")).toBeNull();
  expect(failures).toHaveLength(1);
  expect(asked).toHaveLength(3);
  await clock.advance(1000);
  look("ann");
  expect(asked).toHaveLength(4);
});

test("one that throws, and one that never answers, hold nothing up", async () => {
  const throwing = world(() => {
    throw new Error("at once");
  });
  throwing.look();
  await throwing.clock.advance(0);
  expect(throwing.failures).toHaveLength(1);
  const silent = world(() => new Promise(() => {}));
  silent.look();
  await silent.clock.advance(5_000);
  expect(silent.failures).toHaveLength(1);
  expect(silent.clock.pending).toBe(0);
});

test("no more than 64 are asked for at once, and the rest when there is room", async () => {
  const { clock, asked, look } = world(async () => ON);
  for (let i = 0; i < 100; i++) look(`u${i}`);
  expect(asked).toHaveLength(64);
  await clock.advance(0);
  for (let i = 0; i < 100; i++) look(`u${i}`);
  expect(asked).toHaveLength(100);
});

test("what it remembers is bounded", async () => {
  const { clock, asked, look } = world(async () => ON);
  for (let i = 0; i < 10_001; i++) {
    look(`u${i}`);
    if (i % 50 === 0) await clock.advance(0);
  }
  await clock.advance(0);
  expect(look("u10000")).toEqual(ON);
  const before = asked.length;
  expect(look("u0")).toBeNull();
  expect(asked).toHaveLength(before + 1);
});
