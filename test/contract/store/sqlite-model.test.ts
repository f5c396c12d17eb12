/** The SQLite store finds what the store in memory finds, whatever was written and however it lies in its file. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Decision } from "../../../src/core/decision.ts";
import { FakeClock } from "../../../src/core/fake-clock.ts";
import { idsFrom } from "../../../src/core/ids.ts";
import type { DecisionQuery } from "../../../src/store/decision-store.ts";
import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { createScratch } from "../../scratch.ts";
import { aDecision, recordsOf } from "./decision-fixture.ts";

const scratch = createScratch();
let files = 0;
const T0 = Date.UTC(2026, 2, 1);
const SPAN_MS = 100_000;

/** A decision that arrived `ms` after T0; `n` makes its id different from all others. */
function arrived(ms: number, n: number): Decision {
  const at = T0 + ms;
  return aDecision(n, {
    id: `${idsFrom("dec", at)}${String(n).padStart(10, "0")}`,
    at,
    useCase: [null, "search", "support"][n % 3] ?? null,
    tenant: n % 5 === 0 ? "globex" : "acme",
    outcome: n % 11 === 0 ? "failed" : "answered",
    cost: n % 4 === 0 ? null : n,
  });
}

/** Sizes of batches, many of them small, and when their records arrived: some long before they are written. */
const written = fc
  .array(
    fc.record({
      size: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 20 }), fc.constant(70)),
      late: fc.nat(30_000),
    }),
    {
      minLength: 1,
      maxLength: 150,
    },
  )
  .map((batches) => {
    let n = 0;
    return batches.map(({ size, late }, b) =>
      Array.from({ length: size }, (_, i) => {
        const ms = Math.max(0, b * 600 + i - (i % 3 === 0 ? late : 0));
        return arrived(ms, n++);
      }),
    );
  });

const moment = fc.integer({ min: -10, max: SPAN_MS });
const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const asked = fc.record({
  limit: fc.integer({ min: 1, max: 40 }),
  /** A cursor: the record at this share of all, or an id that none has. */
  before: some(fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), moment)),
  after: some(fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), moment)),
  since: some(moment),
  until: some(moment),
  useCase: some(fc.constantFrom("search", "support", "none")),
  tenant: some(fc.constantFrom("acme", "globex")),
  outcome: some(fc.constantFrom("failed" as const)),
});

test("every search gives what it gives in memory", async () => {
  await fc.assert(
    fc.asyncProperty(written, fc.array(asked, { minLength: 8, maxLength: 20 }), async (batches, queries) => {
      const sqlite = openSqliteStore({ path: scratch.path(`${files++}.db`), clock: new FakeClock() });
      const memory = createMemoryStore({ capacity: 20_000 });
      try {
        for (const batch of batches) {
          await Promise.all([sqlite, memory].map((store) => store.decisions.append(recordsOf(batch))));
        }
        const all = batches.flat();
        const cursor = (where: number | undefined) => {
          if (where === undefined) return undefined;
          if (where >= 0 && where <= 1) return all[Math.floor(where * (all.length - 1))]?.id;
          return idsFrom("dec", T0 + where);
        };
        for (const { since, until, before, after, ...rest } of queries) {
          const byArrival = since !== undefined || until !== undefined;
          const [earlier, later] = [byArrival ? undefined : cursor(before), cursor(after)];
          const query = Object.fromEntries(
            Object.entries({
              ...rest,
              before: earlier,
              after: later,
              since: since === undefined ? undefined : T0 + since,
              until: until === undefined ? undefined : T0 + until,
            }).filter(([, value]) => value !== undefined),
          ) as unknown as DecisionQuery;
          expect(await sqlite.decisions.list(query)).toEqual(await memory.decisions.list(query));
          const id = later ?? earlier ?? "none";
          expect(await sqlite.decisions.get(id)).toEqual(await memory.decisions.get(id));
          const period = { since: T0 + (since ?? 0), until: T0 + (until ?? SPAN_MS) };
          const spending = { ...period, ...(later !== undefined && { before: later }) };
          const [here, there] = await Promise.all(
            [sqlite, memory].map(async (store) => {
              const { sums, cursor: next } = await store.decisions.spent(spending);
              return { next, sums: sums.map((sum) => JSON.stringify(sum)).sort() };
            }),
          );
          expect(here).toEqual(there);
        }
      } finally {
        await Promise.all([sqlite.close(), memory.close()]);
      }
    }),
    { numRuns: 25 },
  );
}, 60_000);
