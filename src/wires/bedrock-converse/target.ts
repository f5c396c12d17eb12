/** The model that a path names. Owns what a name may be; both wires of Bedrock have it in their paths. */
import { failed, ok, type Result } from "../../core/faults.ts";
import type { RequestHints } from "../wire.ts";

/** Characters of a model's name; ARNs are long. */
const MAX_TARGET = 2048;
const CONTROL_CHARACTER = /\p{Cc}/u;

export function readTarget({ target }: RequestHints): Result<string> {
  if (target === undefined || target.trim() === "") {
    const message = "The model is required. Name it in the path: /model/{modelId}/…";
    return failed("invalid", "missing_field", message, { param: "modelId" });
  }
  if (target.length <= MAX_TARGET && !CONTROL_CHARACTER.test(target)) return ok(target);
  const message = `\`modelId\` must have at most ${MAX_TARGET} characters and no control characters.`;
  return failed("invalid", "invalid_value", message, { param: "modelId" });
}

/** `/model/{modelId}/{action}`; an ARN's colons and slashes are encoded. */
export function modelPath(modelId: string, action: string): string {
  return `/model/${encodeURIComponent(modelId)}/${action}`;
}
