/**
 * The provider's own sentence, wherever it stands in what it said. Owns the fields that hold one: whatever else an
 * error has may be the request, which validators like to quote whole.
 */
import { isRecord } from "../core/json.ts";

/** A validator's complaints that are told; the first ones say enough. */
const MAX_COMPLAINTS = 10;
const MAX_DEPTH = 4;

/** Of a text itself, of an object its `message`, `msg`, `detail` or `error`, of a list each one's; else nothing. */
export function sentenceOf(said: unknown, depth = 0): string {
  if (typeof said === "string") return said;
  if (typeof said === "number") return String(said);
  if (depth === MAX_DEPTH) return "";
  if (Array.isArray(said)) {
    const sentences = said.slice(0, MAX_COMPLAINTS).map((one) => sentenceOf(one, depth + 1));
    return sentences.filter((sentence) => sentence !== "").join("; ");
  }
  if (!isRecord(said)) return "";
  return complaintOf(said) ?? sentenceOf(said.message ?? said.detail ?? said.error, depth + 1);
}

/** `{loc, msg, type, input, ctx}` of FastAPI's servers: https://fastapi.tiangolo.com/tutorial/handling-errors */
function complaintOf({ loc, msg, type }: Readonly<Record<string, unknown>>): string | null {
  if (typeof msg !== "string") return null;
  const path = Array.isArray(loc) ? loc.filter(isSegment).join(".") : "";
  return `${path}${path === "" ? "" : ": "}${msg}${typeof type === "string" ? ` (${type})` : ""}`;
}

function isSegment(segment: unknown): boolean {
  return typeof segment === "string" || typeof segment === "number";
}
