/** Results of tools that failed, on wires without a field for it. Owns the words that say so to the model. */
import type { ContentPart } from "../core/request.ts";

const FAILED = "Error";

/** What a result shows: where its tool failed, its text begins with `Error: `, unless it says so by itself. */
export function toldResult(result: Extract<ContentPart, { type: "tool_result" }>): readonly ContentPart[] {
  const { content, isError } = result;
  if (isError !== true) return content;
  const index = content.findIndex((part) => part.type === "text");
  const first = content[index];
  if (first?.type !== "text") return [{ type: "text", text: `${FAILED}.` }, ...content];
  if (first.text.slice(0, FAILED.length).toLowerCase() === FAILED.toLowerCase()) return content;
  return content.with(index, { ...first, text: `${FAILED}: ${first.text}` });
}
