import { expect, test } from "bun:test";
import { StoreError } from "../store/store-error.ts";
import { describeThrown } from "./log.ts";

test("what was thrown is told by its class, code and place, and not in its words", () => {
  const thrown = Object.assign(new TypeError("secret"), { code: "EPIPE" });
  expect(describeThrown(thrown)).toMatchObject({ thrown: "TypeError", code: "EPIPE" });
  expect(JSON.stringify(describeThrown(thrown))).not.toContain("secret");
  expect(describeThrown("secret")).toEqual({ thrown: "string" });
});

test("a store's words hold no record's content, and say what to mend", () => {
  const thrown = new StoreError("refused", "The queue refused access. Allow sqs:SendMessage on it.");
  expect(describeThrown(thrown)).toEqual({
    thrown: "StoreError",
    code: "refused",
    message: "The queue refused access. Allow sqs:SendMessage on it.",
  });
});
