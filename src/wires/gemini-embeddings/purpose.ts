/** What vectors are for, both ways. Owns the mapping between the API's task types and the contract's words. */
import type { EmbeddingInput } from "../../core/request.ts";

type Purpose = NonNullable<EmbeddingInput["purpose"]>;

const TASK_TYPES: Readonly<Record<Purpose, string>> = {
  query: "RETRIEVAL_QUERY",
  document: "RETRIEVAL_DOCUMENT",
  classification: "CLASSIFICATION",
  clustering: "CLUSTERING",
};
const PURPOSES: ReadonlyMap<string, Purpose> = new Map(
  (Object.keys(TASK_TYPES) as Purpose[]).map((purpose) => [TASK_TYPES[purpose], purpose]),
);

export function taskTypeOf(purpose: Purpose): string {
  return TASK_TYPES[purpose];
}

/** Undefined for the task types that the contract has no word for. */
export function purposeOf(taskType: string): Purpose | undefined {
  return PURPOSES.get(taskType);
}
