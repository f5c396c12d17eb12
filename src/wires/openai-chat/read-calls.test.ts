import { describe, expect, test } from "bun:test";
import { readCalls } from "./read-calls.ts";
import type { CallState } from "./read-state.ts";

type Delta = Record<string, unknown>;

/** What each call of a stream was told with, one delta a chunk. */
function read(...deltas: readonly Delta[]): readonly (readonly [string, string, string])[] {
  let calls: readonly CallState[] | null = [];
  for (const delta of deltas) calls = calls && readCalls(calls, [delta], 0, "c1", []);
  return (calls ?? []).map(({ id, name, text }) => [id, name, text]);
}

const named = (place: Delta, name: string, text: unknown): Delta => ({
  ...place,
  type: "function",
  function: { name, arguments: text },
});
const more = (place: Delta, text: string): Delta => ({ ...place, function: { arguments: text } });
const BERLIN = '{"city":"Berlin"}';
const PARIS = '{"city":"Paris"}';

describe("a name after arguments that are whole begins another call", () => {
  test.each<[string, Delta, readonly string[]]>([
    ["an empty id and one index", { index: 0, id: "" }, ["call_c1_0_0", "call_c1_0_1"]],
    ["one index", { index: 0 }, ["call_c1_0_0", "call_c1_0_1"]],
    ["neither", {}, ["call_c1_0_0", "call_c1_0_1"]],
    ["one id and one index", { index: 0, id: "0" }, ["0", "0"]],
    ["one id", { id: "0" }, ["0", "0"]],
  ])("%s for all", (_name, place, ids) => {
    expect(read(named(place, "w", BERLIN), named(place, "w", PARIS))).toEqual([
      [ids[0] ?? "", "w", BERLIN],
      [ids[1] ?? "", "w", PARIS],
    ]);
    const halves = [named(place, "w", '{"city":'), more(place, '"Berlin"}')];
    expect(read(...halves, named(place, "w", { city: "Paris" }), more(place, "\n"))).toEqual([
      [ids[0] ?? "", "w", BERLIN],
      [ids[1] ?? "", "w", `${PARIS}\n`],
    ]);
  });
});

test("another name is another call's, whatever the first one's arguments", () => {
  const place = { index: 0, id: "" };
  const calls = read(named(place, "a", ""), named(place, "b", "{}"));
  expect(calls.map(([, name, text]) => [name, text])).toEqual([
    ["a", ""],
    ["b", "{}"],
  ]);
});

test("a name that is said again with more of its arguments, or with none, is the same call's", () => {
  const place = { index: 0, id: "call_1" };
  const pieces = ['{"city":', '{"name":"Berlin"}', "}", "", " "];
  expect(read(...pieces.map((text) => named(place, "w", text)))).toEqual([
    ["call_1", "w", '{"city":{"name":"Berlin"}} '],
  ]);
});
