/** Azure's annotations of a choice. Owns what in them says that the choice was filtered; they are told as they came. */
import { isRecord } from "../../core/json.ts";
import type { JsonObject } from "../wire.ts";

/** Results hold one category's each, custom blocklists a list of them. */
const MAX_DEPTH = 4;

/** Whether `content_filter_results` among a choice's fields name anything as `filtered`; `detected` alone lets pass. */
export function isFiltered({ content_filter_results: results }: JsonObject): boolean {
  return results !== undefined && holdsFiltered(results, 0);
}

function holdsFiltered(value: unknown, depth: number): boolean {
  if (depth === MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.some((one) => holdsFiltered(one, depth + 1));
  if (!isRecord(value)) return false;
  return value.filtered === true || Object.values(value).some((one) => holdsFiltered(one, depth + 1));
}
