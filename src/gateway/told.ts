/** The text of an answer as it goes by. Owns which answers are nothing but text; joins and ends none. */
import type { StreamEvent } from "../core/events.ts";
import type { ModelRequest } from "../core/request.ts";
import { isLayout } from "../wires/layout.ts";

/** Characters that are kept; an answer longer than that is neither gone on with nor told in part. */
const MAX_TOLD_CHARS = 256 * 1024;

/** What cannot be gone on from: all but text and thoughts, and the end of it. */
const ENDS: ReadonlySet<StreamEvent["type"]> = new Set(["tool_call", "refusal", "choice_end"]);

/** What the caller has been told so far. */
export interface Told {
  see(event: StreamEvent): void;
  /**
   * The text of an answer that is nothing but text and can be gone on with, empty where no more than thoughts has come of
   * it; null otherwise.
   */
  text(): string | null;
}

/** Tool calls are never spliced, and several choices, scores and refusals have no single end to go on from. */
export function createTold(request: ModelRequest): Told {
  let text = "";
  const { choices = 1, logprobs } = request.sampling;
  let possible = choices === 1 && logprobs === undefined;
  return {
    see(event) {
      if (!possible) return;
      if (event.type === "text") {
        text += event.text;
        if (text.length > MAX_TOLD_CHARS) possible = false;
      } else if (event.type === "opaque") possible = isLayout(event.extra);
      else if (ENDS.has(event.type)) possible = false;
    },
    text: () => (possible ? text : null),
  };
}
