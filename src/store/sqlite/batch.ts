/**
 * A batch of decisions as one string: a line of JSON with the columns of every record, then the documents,
 * end to end. Owns that form; knows neither thread nor database. Lengths, not separators, so that no name
 * in a record can break it.
 */
import type { DecisionRecord } from "../ports.ts";
import type { SqlValue } from "./protocol.ts";

/** Columns a record has in the first line: id, at, use case, tenant, outcome, length of its document. */
const FIELDS = 6;

export function encodeBatch(batch: readonly DecisionRecord[]): string {
  const columns: SqlValue[] = [];
  let documents = "";
  for (const { id, at, useCase, tenant, outcome, document } of batch) {
    columns.push(id, at, useCase, tenant, outcome, document.length);
    documents += document;
  }
  return `${JSON.stringify(columns)}\n${documents}`;
}

/** The values to bind, six a record, in the order of `INSERT_COLUMNS`; the length gives way to the document. */
export function decodeBatch(text: string): SqlValue[] {
  const headerEnd = text.indexOf("\n");
  const values = JSON.parse(text.slice(0, headerEnd)) as SqlValue[];
  let start = headerEnd + 1;
  for (let i = FIELDS - 1; i < values.length; i += FIELDS) {
    const end = start + Number(values[i]);
    values[i] = text.slice(start, end);
    start = end;
  }
  return values;
}

export const INSERT_COLUMNS = "id, at, use_case, tenant, outcome, document";
export const VALUES_PER_DECISION = FIELDS;
