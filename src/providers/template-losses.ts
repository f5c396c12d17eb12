/**
 * What of a request a template has no place for. Owns the comparison: content other than text is refused, turns and
 * controls are told of, under the names that their caller knows them by.
 */
import { fault } from "../core/faults.ts";
import type { ContentPart, ModelRequest } from "../core/request.ts";
import { statedLimit } from "../core/stated-limit.ts";
import { type Control, type Losses, lose, loseReasoning, nameOf, noLosses } from "../wires/losses.ts";
import { openaiChat } from "../wires/openai-chat.ts";
import { isShared } from "../wires/openai-shared.ts";
import { namesBeyondContract } from "./crossing.ts";

const WHY = "has no place in the template of the model that was chosen and was not sent.";

/** `mentioned`: the names of the template's placeholders. */
export function templateLosses(request: ModelRequest, mentioned: ReadonlySet<string>): Losses {
  const losses = noLosses();
  for (const control of lostControls(request, mentioned)) lose(losses, control, WHY);
  for (const [index, { role, content }] of request.messages.entries()) {
    if (!hasPlace(role, mentioned))
      lose(losses, "messages", `of the role ${role} have no place in the template.`);
    loseContent(losses, content, `messages[${index}].content`, request);
  }
  return losses;
}

function lostControls(request: ModelRequest, mentioned: ReadonlySet<string>): readonly string[] {
  const { sampling, tools, toolChoice, responseFormat, reasoning, origin } = request;
  const found: string[] = [];
  const add = (control: Control, isAsked: boolean): void => {
    if (isAsked) found.push(nameOf(control, origin.wire));
  };
  if (statedLimit(request) !== undefined && !mentioned.has("max_tokens")) found.push("max_tokens");
  add("temperature", sampling.temperature !== undefined && !mentioned.has("temperature"));
  add("topP", sampling.topP !== undefined && !mentioned.has("top_p"));
  add("stop", sampling.stop !== undefined && !mentioned.has("stop"));
  add("topK", sampling.topK !== undefined);
  add("seed", sampling.seed !== undefined);
  add("choices", (sampling.choices ?? 1) > 1);
  add("frequencyPenalty", sampling.frequencyPenalty !== undefined);
  add("presencePenalty", sampling.presencePenalty !== undefined);
  add("logprobs", sampling.logprobs !== undefined);
  add("responseFormat", responseFormat.type !== "text");
  // A model that does not think already does what `none` asks for; so does one that calls no tools.
  add("reasoning", reasoning !== undefined && reasoning.effort !== "none");
  if (tools.length > 0 && toolChoice?.type !== "none") {
    found.push("tools");
    if (toolChoice !== undefined && toolChoice.type !== "auto") found.push("tool_choice");
  }
  // Of a caller of another dialect most are told with what else does not cross to the template's.
  const { id } = openaiChat;
  const names = namesBeyondContract(request);
  return found.concat(origin.wire === id ? names : names.filter((name) => isShared(name, origin.wire, id)));
}

function hasPlace(role: string, mentioned: ReadonlySet<string>): boolean {
  return mentioned.has("prompt") || mentioned.has("messages") || mentioned.has(role);
}

function loseContent(
  losses: Losses,
  content: readonly ContentPart[],
  param: string,
  request: ModelRequest,
): void {
  for (const part of content) {
    if ("cache" in part && part.cache !== undefined) lose(losses, nameOf("cache", request.origin.wire), WHY);
    if (part.type === "reasoning") loseReasoning(losses, (part.signature ?? part.redacted) !== undefined);
    if (part.type === "tool_result") loseContent(losses, part.content, param, request);
    const isMedia = part.type === "image" || (part.type === "document" && part.source.kind !== "text");
    if (!isMedia) continue;
    const message = `The chosen model takes text alone: the ${part.type} cannot be sent. Send what it says as text.`;
    losses.fault ??= fault("invalid", "unsupported_content", message, { param });
  }
}
