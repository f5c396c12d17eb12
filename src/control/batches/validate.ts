/** Looks through a whole input file before its first request is made. Owns what must hold across lines. */
import type { Batch, BatchIssue } from "../../core/batches.ts";
import type { FileStore } from "../../store/file-store.ts";
import { MAX_INPUT_LINES, MAX_LINE_BYTES } from "./batch-ports.ts";
import { checkLine, type LineRequest } from "./check-line.ts";
import { readLines } from "./read-lines.ts";

/** Enough to see what is wrong; looking goes no further. */
const MAX_ISSUES = 100;

export interface Validation {
  /** Empty: the batch may start. */
  readonly issues: readonly BatchIssue[];
  readonly total: number;
  /** The one model that every request names, else null. */
  readonly model: string | null;
}

/** Null where `stop` aborted before it was done. */
export async function validateInput(
  files: FileStore,
  batch: Pick<Batch, "inputFileId" | "endpoint">,
  stop: AbortSignal,
): Promise<Validation | null> {
  const issues: BatchIssue[] = [];
  const across = createAcross();
  let total = 0;
  for await (const { line, bytes } of readLines(files, batch.inputFileId, MAX_LINE_BYTES)) {
    if (stop.aborted) return null;
    if (++total > MAX_INPUT_LINES) {
      issues.push(ofFile("too_many_tasks", `The file has more than ${MAX_INPUT_LINES} requests.`));
      break;
    }
    const checked = checkLine(bytes, batch.endpoint);
    if (!checked.ok) issues.push({ ...checked.issue, line });
    else if (!across.add(checked.request)) issues.push(duplicate(line));
    if (issues.length === MAX_ISSUES) break;
  }
  if (total === 0) issues.push(ofFile("empty_file", "The file has no requests."));
  return { issues, total, model: across.model() };
}

function createAcross() {
  const customIds = new Set<string>();
  let model: unknown;
  let same = true;
  return {
    /** False where the custom_id came before. */
    add({ customId, body }: LineRequest): boolean {
      if (customIds.size === 0) model = body.model;
      else if (model !== body.model) same = false;
      const before = customIds.size;
      return customIds.add(customId).size > before;
    },
    model: (): string | null => (same && typeof model === "string" ? model : null),
  };
}

function duplicate(line: number): BatchIssue {
  const message = "The custom_id is that of an earlier line. Each must be unique.";
  return { code: "duplicate_custom_id", line, message, param: "custom_id" };
}

function ofFile(code: string, message: string): BatchIssue {
  return { code, line: null, message, param: null };
}
