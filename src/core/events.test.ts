import { expect, test } from "bun:test";
import { finishOnRecord } from "./events.ts";

test("a stop sequence, which is the caller's text, is not for the record", () => {
  const reason = { unified: "stop", raw: "stop_sequence" } as const;
  expect(finishOnRecord({ ...reason, stopSequence: "zebra-93b1" })).toEqual(reason);
  expect(finishOnRecord(reason)).toBe(reason);
  expect(finishOnRecord(null)).toBeNull();
});
