import { expect, test } from "bun:test";
import { createDepartures, type Departing } from "./departures.ts";

function world(most?: number) {
  const turns: (() => void)[] = [];
  const sent: string[] = [];
  const departures = createDepartures((run) => turns.push(run), most);
  const letter = (text: string): Departing => ({ depart: () => sent.push(text) });
  return { turns, sent, departures, letter };
}

test("what is sent in one turn leaves at its end, in order", () => {
  const { turns, sent, departures, letter } = world();
  departures(letter("a"));
  departures(letter("b"));
  expect(sent).toEqual([]);
  expect(turns).toHaveLength(1);
  turns.shift()?.();
  expect(sent).toEqual(["a", "b"]);
});

test("the next turn has an end of its own", () => {
  const { turns, sent, departures, letter } = world();
  departures(letter("a"));
  turns.shift()?.();
  departures(letter("b"));
  expect(sent).toEqual(["a"]);
  turns.shift()?.();
  expect(sent).toEqual(["a", "b"]);
});

test("a turn that has much to send does not hold it back", () => {
  const { turns, sent, departures, letter } = world(2);
  for (const text of ["a", "b", "c"]) departures(letter(text));
  expect(sent).toEqual(["a", "b"]);
  for (const turn of turns.splice(0)) turn();
  expect(sent).toEqual(["a", "b", "c"]);
});

test("what a departure sends in turn is not lost", () => {
  const { turns, sent, departures, letter } = world();
  departures({ depart: () => departures(letter("answer")) });
  turns.shift()?.();
  expect(sent).toEqual([]);
  turns.shift()?.();
  expect(sent).toEqual(["answer"]);
});
