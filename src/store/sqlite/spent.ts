/** Sums of what requests cost, over the table of decisions. Owns the queries; a page holds up no other read for long. */
import { idRange, SPENT_PAGE, type SpentPage, type SpentQuery, type SpentSum } from "../ports.ts";
import type { Execute } from "./dialect.ts";

/** The last id of the page: newest first, so that this is the earliest. */
const PAGE_END = `SELECT id FROM decisions WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1 OFFSET ${SPENT_PAGE - 1}`;

/** Some 5 µs a record: what SQLite takes to find two fields in a document of 1 KB. */
const SUMS = `SELECT tenant, key_id AS keyId, use_case AS useCase, SUM(cost) AS cost FROM (
    SELECT tenant, use_case, document ->> '$.keyId' AS key_id, document ->> '$.cost' AS cost
    FROM decisions WHERE id >= ? AND id < ?
  ) WHERE cost > 0 GROUP BY tenant, key_id, use_case`;

export async function sumSpent(read: Execute, query: SpentQuery): Promise<SpentPage> {
  const { from, to } = idRange(query);
  const before = query.before !== undefined && query.before < to ? query.before : to;
  const [end] = await read(PAGE_END, [from, before]);
  const cursor = end === undefined ? null : String(end.id);
  // Written by the store itself, and named as the fields are.
  const sums = (await read(SUMS, [cursor ?? from, before])) as unknown as readonly SpentSum[];
  return { sums, cursor };
}
