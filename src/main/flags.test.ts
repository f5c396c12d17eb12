import { afterEach, expect, test } from "bun:test";
import { FakeClock } from "../core/fake-clock.ts";
import type { FlagSource } from "../core/flags.ts";
import { BASE_POLICY, FAKE_CALLER, snapshotOf } from "../policy/fake-policy.ts";
import { type FlagsRuntime, startFlags } from "./flags.ts";

const provider = (text: string) => `${BASE_POLICY}flags: { fast: {} }\nflags_provider: ${text}\n`;
const IN_MEMORY = provider(
  '{ module: "@openfeature/server-sdk", export: InMemoryProvider, options: { fast: { variants: { on: true, off: false }, defaultVariant: on, disabled: false } } }',
);

let started: FlagsRuntime | null = null;
afterEach(async () => {
  await started?.stop();
  started = null;
});

async function start(policy: string, env: Record<string, string> = {}) {
  const snapshot = snapshotOf(policy);
  const clock = new FakeClock();
  const logged: string[] = [];
  started = await startFlags({
    snapshot: () => snapshot,
    clock,
    env,
    log: (level, event, fields) => void logged.push(`${level} ${event} ${JSON.stringify(fields)}`),
  });
  return { source: started.source, clock, logged };
}

const look = (source: FlagSource | null, flag = "fast") => source?.lookUp(flag, false, FAKE_CALLER, "ann");

test("without a provider nothing is loaded", async () => {
  const { source, logged } = await start(BASE_POLICY);
  expect(source).toBeNull();
  expect(logged).toEqual([]);
});

test("a provider of a package is loaded, and its values come a moment later", async () => {
  const { source, clock, logged } = await start(IN_MEMORY);
  expect(logged[0]).toStartWith("info flags_provider_ready");
  expect(clock.pending).toBe(0);
  expect(look(source)).toBeNull();
  await clock.advance(0);
  for (let turn = 0; turn < 50 && !look(source); turn++) await Promise.resolve();
  expect(look(source)).toEqual({ value: true, variant: "on", reason: "CACHED" });
});

test("a flag that it does not have is the policy's to decide", async () => {
  const { source, clock, logged } = await start(IN_MEMORY);
  look(source, "other");
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
  await clock.advance(0);
  expect(look(source, "other")).toBeNull();
  expect(logged.filter((line) => line.startsWith("warn"))).toEqual([]);
});

test.each([
  ["a package that is not there", '{ module: "@acme/no-such-flags" }', "@acme/no-such-flags"],
  ["an export that is none", '{ module: "@openfeature/server-sdk", export: Nothing }', "Nothing"],
  [
    "a variable that is not set",
    '{ module: "@openfeature/server-sdk", export: InMemoryProvider, options: { a: { env: FLAGS_A } } }',
    "FLAGS_A",
  ],
])("%s: the gateway starts, says so, and the policy decides", async (_what, text, part) => {
  const { source, logged } = await start(provider(text));
  expect(source).toBeNull();
  expect(logged).toHaveLength(1);
  expect(logged[0]).toStartWith("error flags_provider_not_loaded");
  expect(logged[0]).toContain(part);
});
