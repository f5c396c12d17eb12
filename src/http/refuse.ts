/**
 * A refusal in the words of the API that its path belongs to, so that the caller's client understands it. Owns which
 * API that is outside inference; the words are the wires'.
 */
import type { Fault } from "../core/faults.ts";
import { renderMessagesFault } from "../wires/anthropic-messages/render-fault.ts";
import { renderChatFault } from "../wires/openai-chat/render-fault.ts";
import type { RenderedFault } from "../wires/wire.ts";
import { isFault, type Problem, problem } from "./problem.ts";

type RenderFault = (why: Fault, requestId: string) => RenderedFault;

/** `asked.path` may be a row of the table of routes. */
export function refuse(
  asked: { readonly path: string; readonly headers: Headers },
  why: Problem,
  requestId: string,
  headers: Record<string, string> = {},
): Response {
  const render = wordsOf(asked.path, asked.headers);
  return render && isFault(why)
    ? refuseAs(render, why, requestId, headers)
    : problem(why, requestId, headers);
}

/** In words that are known. */
export function refuseAs(
  render: RenderFault,
  why: Fault,
  requestId: string,
  headers: Record<string, string>,
): Response {
  const { status, headers: told, body } = render(why, requestId);
  return Response.json(body, { status, headers: { "x-request-id": requestId, ...told, ...headers } });
}

/** Models are listed by clients of Anthropic's API, too, who say so. Null: the control interface's own. */
function wordsOf(path: string, headers: Headers): RenderFault | null {
  const [, entity] = /^\/v1\/(models|files|batches)(?:\/|$)/.exec(path) ?? [];
  if (entity === undefined) return null;
  return entity === "models" && isAnthropic(headers) ? renderMessagesFault : renderChatFault;
}

/** Whether the caller's client speaks Anthropic's API. */
export function isAnthropic(headers: Headers): boolean {
  return headers.has("anthropic-version");
}
