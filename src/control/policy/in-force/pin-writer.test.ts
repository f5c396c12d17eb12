import { expect, test } from "bun:test";
import { FakeClock } from "../../../core/fake-clock.ts";
import type { Pin } from "../kept-policies.ts";
import { createPinWriter } from "./pin-writer.ts";

const pin = (version: string): Pin => ({
  ...{ version, at: 0, actor: "ops", note: null, sourceDigest: "", sources: [{ file: "p.yaml", text: "" }] },
});

test("a pin that is written ahead waits for the one under way, and is not overwritten by what is tried again", async () => {
  const clock = new FakeClock();
  const ends: ((failure?: Error) => void)[] = [];
  const begun: (string | undefined)[] = [];
  const writer = createPinWriter({
    clock,
    savePin: (pin) => {
      begun.push(pin?.version);
      return new Promise((resolve, reject) => {
        ends.push((failure) => (failure ? reject(failure) : resolve()));
      });
    },
    onRecordFailed: () => {},
  });
  const saved = writer.save(pin("older"));
  const ahead = writer.saveAhead(pin("newer"));
  await clock.advance(0);
  expect(begun).toEqual(["older"]);
  ends[0]?.(new Error("The disk is full."));
  await saved;
  await clock.advance(0);
  ends[1]?.();
  await ahead;
  await clock.advance(10_000);
  expect(begun).toEqual(["older", "newer"]);
});
