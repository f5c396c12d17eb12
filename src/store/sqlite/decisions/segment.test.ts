import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { aDecision, decisions, recordsOf } from "../../../../test/contract/store/decision-fixture.ts";
import type { Decision } from "../../../core/decision.ts";
import { decodeSegment, encodeSegment, joinSegments, pack, SegmentColumns, unpack } from "./segment.ts";

const text = fc.string({ unit: "binary", maxLength: 12 });
const decision = fc
  .record({
    n: fc.nat(),
    tenant: text,
    useCase: fc.option(text),
    keyId: text,
    cost: fc.option(fc.nat()),
    warnings: fc.array(text, { maxLength: 2 }),
  })
  .map(({ n, ...names }) => aDecision(n, names));
const batch = fc.array(decision, { minLength: 1, maxLength: 6 });

function roundTrip(encoded: string) {
  const texts = decodeSegment(encoded);
  return {
    ...texts,
    documents: unpack(pack(texts.documents)),
    columns: new SegmentColumns(pack(texts.columns)),
  };
}

function expectAll(encoded: ReturnType<typeof roundTrip>, all: readonly Decision[]): void {
  const { columns, documents, range } = encoded;
  expect(columns.count).toBe(all.length);
  const ids = all.map(({ id }) => id).sort();
  expect(range).toEqual({ count: all.length, minId: String(ids[0]), maxId: String(ids.at(-1)) });
  const places = all.map((_, place) => place);
  expect(columns.documentsAt(places, documents).map((one) => JSON.parse(one))).toEqual([...all]);
  for (const [place, wanted] of all.entries()) {
    expect({
      id: columns.id(place),
      useCase: columns.useCase(place),
      tenant: columns.tenant(place),
      outcome: columns.outcome(place),
      keyId: columns.keyId(place),
      cost: columns.cost(place),
    }).toEqual({
      id: wanted.id,
      useCase: wanted.useCase,
      tenant: wanted.tenant,
      outcome: wanted.outcome,
      keyId: wanted.keyId,
      cost: wanted.cost,
    });
  }
}

test("every batch comes out as it went in, whatever its names hold", () => {
  fc.assert(
    fc.property(batch, (all) => expectAll(roundTrip(encodeSegment(recordsOf(all))), all)),
    { numRuns: 200 },
  );
});

test("joined segments have all their records, in order", () => {
  fc.assert(
    fc.property(fc.array(batch, { minLength: 1, maxLength: 4 }), (batches) => {
      const segments = batches.map((all) => decodeSegment(encodeSegment(recordsOf(all))));
      const { range, columns, documents } = joinSegments(segments);
      expectAll({ range, documents, columns: new SegmentColumns(pack(columns)) }, batches.flat());
    }),
    { numRuns: 100 },
  );
});

describe("documents", () => {
  test("some of them, by their places", () => {
    const { columns, documents } = roundTrip(encodeSegment(recordsOf(decisions(0, 10))));
    const found = columns.documentsAt([2, 3, 9], documents);
    expect(found.map((one) => JSON.parse(one))).toEqual([2, 3, 9].map((n) => aDecision(n)));
  });

  test("bytes that are damaged are told as such", () => {
    const packed = pack("x".repeat(1000));
    packed.fill(0x5a);
    expect(() => unpack(packed)).toThrow("are damaged");
  });

  test("take a twentieth of their room", () => {
    const { documents } = decodeSegment(encodeSegment(recordsOf(decisions(0, 512))));
    expect(pack(documents).length).toBeLessThan(documents.length / 20);
  });
});
