/** The records of requests, as the main thread asks for them and hands them over. Owns no search and no SQL. */

import { type DecisionStore, pageOf, parseRecord, type SpentPage } from "../../decision-store.ts";
import { pageLimit } from "../../paging.ts";
import type { DecisionQuestion, Row } from "../protocol.ts";
import type { DatabaseThread } from "../thread.ts";
import { encodeSegment } from "./segment.ts";

/** `search` asks the thread that reads. */
export function sqliteDecisions(
  writer: DatabaseThread,
  search: (question: DecisionQuestion) => Promise<readonly Row[]>,
): DecisionStore {
  return {
    async append(batch) {
      if (batch.length > 0) await writer.ask(encodeSegment(batch));
    },
    async list(query) {
      const limit = pageLimit(query.limit);
      const rows = await search({ type: "decisions", query: { ...query, limit } });
      return pageOf(rows.map(decisionOf), limit);
    },
    async get(id) {
      const [row] = await search({ type: "decision", id });
      return row ? decisionOf(row) : null;
    },
    async spent(query) {
      const [page] = await search({ type: "spent", query });
      return page as unknown as SpentPage;
    },
  };
}

function decisionOf({ document }: Row) {
  return parseRecord({ document: String(document) });
}
