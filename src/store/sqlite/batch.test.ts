import { expect, test } from "bun:test";
import fc from "fast-check";
import { aDecision, recordsOf } from "../../../test/contract/store/decision-fixture.ts";
import { decodeBatch, encodeBatch, VALUES_PER_DECISION } from "./batch.ts";

const text = fc.string({ unit: "binary", maxLength: 12 });

test("every batch comes out as it went in, whatever its names hold", () => {
  const record = fc.record({
    n: fc.nat(),
    tenant: text,
    useCase: fc.option(text),
    warnings: fc.array(text, { maxLength: 2 }),
  });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 6 }), (records) => {
      const batch = records.map(({ n, ...names }) => aDecision(n, names));
      const values = decodeBatch(encodeBatch(recordsOf(batch)));
      expect(values).toHaveLength(batch.length * VALUES_PER_DECISION);
      for (const [i, decision] of batch.entries()) {
        const [id, at, useCase, tenant, outcome, document] = values.slice(i * VALUES_PER_DECISION);
        const { id: wantedId, at: wantedAt } = decision;
        expect([id, at, useCase, tenant, outcome]).toEqual([
          wantedId,
          wantedAt,
          decision.useCase,
          decision.tenant,
          decision.outcome,
        ]);
        expect(JSON.parse(String(document))).toEqual(decision);
      }
    }),
    { numRuns: 200 },
  );
});
