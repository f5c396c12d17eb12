import { expect, test } from "bun:test";
import { createCoalescer, type Task } from "./coalesce.ts";

function world(most = 64) {
  const turns: (() => void)[] = [];
  const done: string[] = [];
  const clock = { ms: 1000 };
  const coalesce = createCoalescer(
    { endOfTurn: (run) => turns.push(run), now: () => clock.ms },
    { most, patienceMs: 2 },
  );
  const task = (name: string): Task => ({ run: () => done.push(name) });
  return { turns, done, clock, coalesce, task };
}

test("what is ready in one turn is done at its end, in order", () => {
  const { turns, done, coalesce, task } = world();
  coalesce(task("a"));
  coalesce(task("b"));
  expect(done).toEqual([]);
  expect(turns).toHaveLength(1);
  turns.shift()?.();
  expect(done).toEqual(["a", "b"]);
});

test("the next turn has an end of its own", () => {
  const { turns, done, coalesce, task } = world();
  coalesce(task("a"));
  turns.shift()?.();
  coalesce(task("b"));
  expect(done).toEqual(["a"]);
  turns.shift()?.();
  expect(done).toEqual(["a", "b"]);
});

test("a turn that has much to do does not hold it back", () => {
  const { turns, done, coalesce, task } = world(2);
  for (const name of ["a", "b", "c"]) coalesce(task(name));
  expect(done).toEqual(["a", "b"]);
  for (const turn of turns.splice(0)) turn();
  expect(done).toEqual(["a", "b", "c"]);
});

test("a turn that lasts does not hold back what was ready early in it", () => {
  const { turns, done, clock, coalesce, task } = world();
  coalesce(task("a"));
  clock.ms += 1;
  coalesce(task("b"));
  expect(done).toEqual([]);
  clock.ms += 1;
  coalesce(task("c"));
  expect(done).toEqual(["a", "b", "c"]);
  coalesce(task("d"));
  expect(done).toHaveLength(3);
  for (const turn of turns.splice(0)) turn();
  expect(done).toEqual(["a", "b", "c", "d"]);
});

test("what a task adds is done in the next turn", () => {
  const { turns, done, coalesce, task } = world();
  coalesce({ run: () => coalesce(task("later")) });
  turns.shift()?.();
  expect(done).toEqual([]);
  turns.shift()?.();
  expect(done).toEqual(["later"]);
});

test("a task that throws takes no other one with it", () => {
  const { turns, done, coalesce, task } = world();
  const broken: Task = {
    run() {
      throw new Error("broken");
    },
  };
  for (const one of [task("a"), broken, task("b"), broken, task("c")]) coalesce(one);
  for (let turn = turns.shift(); turn; turn = turns.shift()) {
    try {
      turn();
    } catch {
      done.push("thrown");
    }
  }
  expect(done).toEqual(["a", "thrown", "b", "thrown", "c"]);
});
