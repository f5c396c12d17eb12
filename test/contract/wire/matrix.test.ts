/** Every caller's wire over every provider's wire: nothing is lost in silence, and the README's matrix is true. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { matrixText, withMatrix } from "../../../scripts/matrix-text.ts";
import { fault } from "../../../src/core/faults.ts";
import { loadedWire } from "../../../src/providers/wire-registry.ts";
import { CHAT_WIRES, canTell, crossAnswer, crossRequest } from "./matrix.ts";
import { ANSWER_FEATURES, REQUEST_FEATURES } from "./matrix-features.ts";
import { readBytes, renderFrames, summarise, toBytes } from "./streams.ts";

const README = join(import.meta.dir, "../../../README.md");

for (const caller of CHAT_WIRES) {
  describe(`from ${caller}`, () => {
    for (const provider of CHAT_WIRES) {
      test(`to ${provider}: every control arrives, or the caller is told`, () => {
        const lost = REQUEST_FEATURES.filter(
          (feature) => crossRequest(feature, caller, provider).verdict === "lost",
        );
        expect(lost.map(({ name }) => name)).toEqual([]);
      });

      test(`and back from ${provider}: all that both dialects can tell`, () => {
        const torn = ANSWER_FEATURES.filter(
          (feature) =>
            canTell(feature, caller) && canTell(feature, provider) && !crossAnswer(feature, caller, provider),
        );
        expect(torn.map(({ name }) => name)).toEqual([]);
      });

      test(`a fault in the middle of ${provider}'s stream is a fault, and no end`, () => {
        const inside = loadedWire(provider);
        const outside = loadedWire(caller);
        const broken = renderFrames(inside, [
          { type: "start" },
          { type: "text", choice: 0, text: "Your parcel" },
          { type: "fault", fault: fault("outage", "stream_cut", "The model's provider broke off.") },
        ]);
        const events = readBytes(inside, [toBytes(inside, broken)]);
        const told = summarise(readBytes(outside, [toBytes(outside, renderFrames(outside, events))]));
        expect(told).toMatchObject({ text: { 0: "Your parcel" }, finish: null, fault: { kind: "outage" } });
      });
    }
  });
}

test.each([...CHAT_WIRES])("%s can ask for all that its own dialect reads", (wire) => {
  const own = REQUEST_FEATURES.map((feature) => crossRequest(feature, wire, wire).verdict);
  expect(own.filter((verdict) => verdict !== "crosses" && verdict !== "unsayable")).toEqual([]);
});

test("the README's matrix is current; `bun scripts/write-matrix.ts` writes it", () => {
  const readme = readFileSync(README, "utf8");
  expect(withMatrix(readme, matrixText())).toBe(readme);
});
