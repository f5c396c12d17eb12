import { expect, test } from "bun:test";
import { sentenceOf } from "./sentence-of.ts";

const INPUT = { messages: [{ role: "user", content: "zebra" }] };
const MISSING = { type: "missing", loc: ["body", "messages", 0], msg: "Field required", input: INPUT };

test.each<[string, unknown, string]>([
  ["a text", "Bad.", "Bad."],
  ["a number", 17, "17"],
  ["a message", { message: "Bad.", input: "zebra" }, "Bad."],
  ["a detail", { detail: "Not Found" }, "Not Found"],
  ["an error", { error: "Bad." }, "Bad."],
  ["a validator's list", [MISSING], "body.messages.0: Field required (missing)"],
  [
    "two of them, within a message",
    { message: { detail: [MISSING, { ...MISSING, loc: "x", type: 1, ctx: { given: "zebra" } }] } },
    "body.messages.0: Field required (missing); Field required",
  ],
  ["an unknown form", { input: "zebra", reason: ["zebra"] }, ""],
  ["a list of nothing", [null, {}, true], ""],
  ["too deep", { error: { error: { error: { error: { error: "zebra" } } } } }, ""],
])("of %s", (_, said, sentence) => {
  expect(sentenceOf(said)).toBe(sentence);
});

test("of many complaints the first ones are told", () => {
  expect(sentenceOf(Array(1000).fill(MISSING)).split("; ")).toHaveLength(10);
});
