import { expect, test } from "bun:test";
import { createClosings } from "./closing.ts";

function setUp() {
  const told: string[] = [];
  const closings = createClosings((level, event) => void told.push(`${level} ${event}`));
  const part = (name: string) => closings.add(async () => void told.push(name));
  return { told, closings, part };
}

test("the last part that was opened is closed first, and each one once", async () => {
  const { told, closings, part } = setUp();
  part("store");
  const stopPolicy = part("policy");
  part("server");
  await stopPolicy();
  await stopPolicy();
  await closings.all();
  await closings.all();
  expect(told).toEqual(["policy", "server", "store"]);
});

test("one that fails is logged, and those before it are closed", async () => {
  const { told, closings, part } = setUp();
  part("store");
  closings.add(() => {
    throw new Error("broken");
  });
  closings.add(() => Promise.reject(new Error("broken")));
  await closings.all();
  expect(told).toEqual(["error closing_failed", "error closing_failed", "store"]);
});
