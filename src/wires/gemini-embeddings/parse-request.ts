/** A caller's batch as the internal request. Owns limits, and that a batch is of one kind. */
import { z } from "zod";
import { type Fault, failed, fault, ok, type Result } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type { EmbeddingInput, ModelRequest } from "../../core/request.ts";
import { unmodelled } from "../fields.ts";
import { spellEmbedding } from "../gemini/spelling.ts";
import { issueFault } from "../issues.ts";
import { embeddingRequest } from "../openai-embeddings/draft.ts";
import type { RequestHints } from "../wire.ts";
import { purposeOf } from "./purpose.ts";

export const WIRE_ID = "gemini-embeddings";

/** The API takes no more in one batch. */
export const MAX_BATCH = 100;
const MAX_NAME = 256;
const CONTROL_CHARACTER = /\p{Cc}/u;

const request = z.object({
  model: z.string().nullish(),
  content: z.object({ parts: z.array(z.object({ text: z.string().min(1) })).min(1) }),
  taskType: z.string().max(MAX_NAME).nullish(),
  outputDimensionality: z.int().min(1).nullish(),
});
const schema = z.object({ requests: z.array(request).min(1).max(MAX_BATCH) });
const OURS: ReadonlySet<string> = new Set(Object.keys(schema.shape));
const REQUEST_FIELDS: ReadonlySet<string> = new Set(Object.keys(request.shape));

type EmbedRequest = z.output<typeof request>;

export function parseBatchRequest(body: unknown, hints: RequestHints): Result<ModelRequest> {
  if (!isRecord(body)) {
    return failed("invalid", "invalid_type", "The request body must be a JSON object.");
  }
  const spelled = spellEmbedding(body);
  const parsed = schema.safeParse(spelled);
  if (!parsed.success) return { ok: false, fault: issueFault(parsed.error.issues, spelled) };
  const { requests } = parsed.data;
  const target = (hints.target ?? requests[0]?.model ?? "").replace(/^models\//, "");
  if (target === "" || target.length > MAX_NAME || CONTROL_CHARACTER.test(target)) {
    const message = "The path must name a model: `/models/{model}:batchEmbedContents`.";
    return failed("invalid", "invalid_value", message, { param: "model" });
  }
  const mixed = findMixture(requests);
  if (mixed !== null) return { ok: false, fault: mixed };
  return ok(embeddingRequest(target, readBatch(requests), hints, { wire: WIRE_ID, body: spelled }));
}

/** Fields of the batch or of its requests that the contract does not model. */
export function batchBeyondContract({ origin }: ModelRequest): readonly string[] {
  const names = new Set(Object.keys(unmodelled(origin.body, OURS, null) ?? {}));
  const { requests } = origin.body;
  for (const one of Array.isArray(requests) ? requests : []) {
    if (!isRecord(one)) continue;
    for (const name in unmodelled(one, REQUEST_FIELDS, null) ?? {}) names.add(`requests.${name}`);
    if (typeof one.taskType === "string" && purposeOf(one.taskType) === undefined)
      names.add("requests.taskType");
  }
  return [...names];
}

function readBatch(requests: readonly EmbedRequest[]): EmbeddingInput {
  const [first] = requests;
  const purpose = first?.taskType ? purposeOf(first.taskType) : undefined;
  return {
    inputs: requests.map(({ content }) => content.parts.map(({ text }) => text).join("\n")),
    ...(first?.outputDimensionality && { dimensions: first.outputDimensionality }),
    ...(purpose && { purpose }),
  };
}

/** The contract asks for all vectors alike. */
function findMixture(requests: readonly EmbedRequest[]): Fault | null {
  const [first] = requests;
  for (const [index, one] of requests.entries()) {
    const field =
      (one.taskType ?? null) !== (first?.taskType ?? null)
        ? "taskType"
        : (one.outputDimensionality ?? null) !== (first?.outputDimensionality ?? null)
          ? "outputDimensionality"
          : null;
    if (field === null) continue;
    const param = `requests[${index}].${field}`;
    const message = `\`${param}\` must be the same in all requests of a batch. Send batches of one kind.`;
    return fault("invalid", "invalid_value", message, { param });
  }
  return null;
}
