import { expect, test } from "bun:test";
import type { StreamEvent } from "../core/events.ts";
import { withOwnCallIds } from "./call-ids.ts";

const HOP = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const NEXT_HOP = HOP.replace("3331", "3332");

const calls = (...ids: readonly string[]): readonly StreamEvent[] =>
  ids.map((id, index) => ({ type: "tool_call", choice: 0, index, id, name: "a" }));
const idsOf = (events: readonly StreamEvent[]) =>
  events.map((event) => (event.type === "tool_call" ? event.id : event.type));

test("calls of one choice never share an id, and what is alone keeps the provider's", () => {
  expect(idsOf(withOwnCallIds(calls("a", "a", "b", "a", "a_2"), HOP))).toEqual([
    "a",
    "a_2",
    "b",
    "a_3",
    "a_2_2",
  ]);
  const alone = calls("a", "b");
  expect(withOwnCallIds(alone, HOP)).toEqual(alone);
});

test("calls that are only counted have other ids in the next answer, none too long", () => {
  const counted = ["0", "call_0", "call__0_0", "gemini_call__127_127", "0"];
  const first = idsOf(withOwnCallIds(calls(...counted), HOP));
  const next = idsOf(withOwnCallIds(calls(...counted), NEXT_HOP));
  expect(first[0]).toBe("0_b7ad6b7169203331");
  expect(first[4]).toBe("0_b7ad6b7169203331_2");
  expect(new Set([...first, ...next]).size).toBe(10);
  for (const id of first) expect(id).toMatch(/^[a-z0-9_]{1,40}$/);
  const known = calls("toolu_01abc", "D681PevKs", "365174485", "functions.w:0", "a1", "call_7f3");
  expect(withOwnCallIds(known, HOP)).toEqual(known);
});

test("another choice may have the same ids, and nothing grows longer than a provider takes", () => {
  const other: StreamEvent = { type: "tool_call", choice: 1, index: 0, id: "a", name: "a" };
  expect(idsOf(withOwnCallIds([...calls("a"), other], HOP))).toEqual(["a", "a"]);
  const long = "x".repeat(40);
  const [first, second] = idsOf(withOwnCallIds(calls(long, long), HOP));
  expect(first).toBe(long);
  expect(second?.length).toBeLessThanOrEqual(40);
});

test("an answer without calls is handed on as it is", () => {
  const plain: readonly StreamEvent[] = [{ type: "start" }, { type: "text", choice: 0, text: "Hi." }];
  expect(withOwnCallIds(plain, HOP)).toBe(plain);
});
