/**
 * An answer, spoiled or not, as the bytes and timing that will leave. Owns what each fault does to the wire;
 * the wire itself is rendered by src/wires, so that what is not broken here is the real thing.
 */
import type { StreamEvent } from "../../core/events.ts";
import { openaiChat } from "../../wires/openai-chat.ts";
import { encodeSse } from "../../wires/sse.ts";
import type { RenderContext } from "../../wires/wire.ts";
import { isToken, type SimulatedAnswer } from "./answers.ts";
import { STREAM_ERROR } from "./error-bodies.ts";
import type { Script, Step } from "./playback.ts";
import type { SimulatedFault } from "./scenario-faults.ts";

export interface Pace {
  readonly firstTokenMs: number;
  readonly tokensPerSecond: number;
}

/** A script, and for whole answers the length that the header states. */
export interface AnswerScript extends Script {
  readonly contentLength: number | null;
}

const BROKEN_CHUNK =
  'data: {"id":"chatcmpl-sim","object":"chat.completion.chunk","choices":[{"index":0,"del\n\n';
const GARBAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>";
const GARBAGE_CHUNK = `data: ${GARBAGE}\n\n`;
const ERROR_CHUNK = `data: ${JSON.stringify(STREAM_ERROR.body)}\n\n`;

/** The answer as a stream. */
export function streamScript(
  answer: SimulatedAnswer,
  context: RenderContext,
  pace: Pace,
  fault: SimulatedFault | null,
  asksJson: boolean,
): AnswerScript {
  const { steps, ending } = spoilStream(streamSteps(answer, context), fault, asksJson);
  return { steps, ending, ...pacedFor(pace, fault), contentLength: null };
}

/** `open`: the frame with the role, before a choice's first token; `end`: what follows the last one. */
interface StreamStep extends Step {
  readonly part: "open" | "token" | "end";
}

function streamSteps(answer: SimulatedAnswer, context: RenderContext): StreamStep[] {
  const steps: StreamStep[] = [];
  let state = openaiChat.renderStart(context);
  let token = -1;
  for (const event of withEnds(answer)) {
    const [next, frames] = openaiChat.renderEvent(event, state);
    state = next;
    for (const [index, frame] of frames.entries()) {
      const opens = event.type !== "finish" && index < frames.length - 1;
      const part = opens ? "open" : isToken(event) ? "token" : "end";
      if (part === "token") token++;
      steps.push({ text: encodeSse(frame), atToken: Math.max(0, token), part });
    }
  }
  return steps;
}

/** Marked as simulated on every level where the wire carries fields of its own. */
const START: StreamEvent = {
  type: "start",
  extra: { wire: openaiChat.id, fields: { chunk: { simulated: true } } },
};

function withEnds(answer: SimulatedAnswer): readonly StreamEvent[] {
  return [START, ...answer.events, { type: "finish", reason: answer.finish, usage: answer.usage }];
}

interface Spoiled {
  readonly steps: readonly Step[];
  readonly ending: Script["ending"];
}

function spoilStream(steps: readonly StreamStep[], fault: SimulatedFault | null, asksJson: boolean): Spoiled {
  switch (fault?.kind) {
    case "stall_after_tokens":
      return { steps: firstTokens(steps, fault.tokens), ending: "stall" };
    case "cut_after_tokens":
      return { steps: firstTokens(steps, fault.tokens), ending: "cut" };
    case "error_in_stream_after_tokens": {
      const kept = firstTokens(steps, fault.tokens);
      return { steps: [...kept, { text: ERROR_CHUNK, atToken: fault.tokens }], ending: "end" };
    }
    case "malformed_chunk_at":
      return { steps: withFrame(steps, fault.tokens, BROKEN_CHUNK), ending: "end" };
    case "invalid_json":
      return { steps: asksJson ? steps : withFrame(steps, 0, GARBAGE_CHUNK), ending: "end" };
    case "missing_done":
      return { steps: steps.filter((step) => step.text !== "data: [DONE]\n\n"), ending: "end" };
    default:
      return { steps, ending: "end" };
  }
}

/** What leaves before the token of that number, and what opens the stream; never its end. */
function firstTokens(steps: readonly StreamStep[], count: number): readonly Step[] {
  return steps.slice(0, positionOf(steps, count));
}

function withFrame(steps: readonly StreamStep[], token: number, text: string): readonly Step[] {
  const at = positionOf(steps, token);
  return [...steps.slice(0, at), { text, atToken: steps[at]?.atToken ?? 0 }, ...steps.slice(at)];
}

/** Where the token of that number stands; where the content ends when there are fewer. */
function positionOf(steps: readonly StreamStep[], token: number): number {
  const found = steps.findIndex((step) => step.part === "token" && step.atToken === token);
  return found >= 0 ? found : steps.findLastIndex((step) => step.part !== "end") + 1;
}

/** The answer as one body. */
export function wholeScript(
  answer: SimulatedAnswer,
  context: RenderContext,
  pace: Pace,
  fault: SimulatedFault | null,
  asksJson: boolean,
): AnswerScript {
  const body = JSON.stringify(openaiChat.renderAnswer(withEnds(answer), context));
  const last = Math.max(0, answer.events.filter(isToken).length - 1);
  const timing = pacedFor(pace, fault);
  const half = body.slice(0, Math.ceil(body.length / 2));
  const whole = (text: string): AnswerScript => {
    return {
      steps: [{ text, atToken: last }],
      ending: "end",
      ...timing,
      contentLength: Buffer.byteLength(text),
    };
  };
  switch (fault?.kind) {
    case "stall_after_tokens":
      return {
        steps: [{ text: "", atToken: 0 }],
        ending: "stall",
        ...timing,
        contentLength: Buffer.byteLength(body),
      };
    case "cut_after_tokens": {
      const atToken = Math.min(fault.tokens, last);
      return {
        steps: [{ text: half, atToken }],
        ending: "cut",
        ...timing,
        contentLength: Buffer.byteLength(body),
      };
    }
    case "malformed_chunk_at":
      return whole(half);
    case "invalid_json":
      return whole(asksJson ? body : GARBAGE);
    default:
      return whole(body);
  }
}

function pacedFor(pace: Pace, fault: SimulatedFault | null): Pace {
  if (fault?.kind === "slow_first_token") return { ...pace, firstTokenMs: fault.delayMs };
  if (fault?.kind === "slow_tokens") return { ...pace, tokensPerSecond: fault.tokensPerSecond };
  return pace;
}
