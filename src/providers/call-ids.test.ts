import { expect, test } from "bun:test";
import type { StreamEvent } from "../core/events.ts";
import { withOwnCallIds } from "./call-ids.ts";

const calls = (...ids: readonly string[]): readonly StreamEvent[] =>
  ids.map((id, index) => ({ type: "tool_call", choice: 0, index, id, name: "a" }));
const idsOf = (events: readonly StreamEvent[]) =>
  events.map((event) => (event.type === "tool_call" ? event.id : event.type));

test("calls of one choice never share an id, and what is alone keeps the provider's", () => {
  expect(idsOf(withOwnCallIds(calls("a", "a", "b", "a", "a_2")))).toEqual(["a", "a_2", "b", "a_3", "a_2_2"]);
  const alone = calls("a", "b");
  expect(withOwnCallIds(alone)).toEqual(alone);
});

test("another choice may have the same ids, and nothing grows longer than a provider takes", () => {
  const other: StreamEvent = { type: "tool_call", choice: 1, index: 0, id: "a", name: "a" };
  expect(idsOf(withOwnCallIds([...calls("a"), other]))).toEqual(["a", "a"]);
  const long = "x".repeat(40);
  const [first, second] = idsOf(withOwnCallIds(calls(long, long)));
  expect(first).toBe(long);
  expect(second?.length).toBeLessThanOrEqual(40);
});

test("an answer without calls is handed on as it is", () => {
  const plain: readonly StreamEvent[] = [{ type: "start" }, { type: "text", choice: 0, text: "Hi." }];
  expect(withOwnCallIds(plain)).toBe(plain);
});
