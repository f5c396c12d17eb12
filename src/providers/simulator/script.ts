/** An answer, spoiled or not, as the bytes and the timing that will leave. Owns whole bodies and the pace. */
import { isToken, type SimulatedAnswer } from "./answers.ts";
import type { ErrorDialect } from "./error-dialects/dialect.ts";
import { encodePieces, type Form, streamPieces, withEnds } from "./pieces.ts";
import type { Script } from "./playback.ts";
import type { SimulatedFault } from "./scenario-faults.ts";
import { GARBAGE, spoilStream } from "./spoil-stream.ts";

export interface Pace {
  readonly firstTokenMs: number;
  readonly tokensPerSecond: number;
}

/** What befalls an answer. `asksJson`: content that is JSON was asked for. */
export interface Fate {
  readonly pace: Pace;
  readonly fault: SimulatedFault | null;
  readonly dialect: ErrorDialect;
  readonly asksJson: boolean;
}

/** A script, and for whole answers the length that the header states. */
export interface AnswerScript extends Script {
  readonly contentLength: number | null;
}

const encoder = new TextEncoder();

/** The answer as a stream. */
export function streamScript(answer: SimulatedAnswer, form: Form, fate: Fate): AnswerScript {
  const { fault, dialect, asksJson } = fate;
  const { framing } = form;
  const sound = streamPieces(answer, form);
  const spoiled = fault && spoilStream(sound, fault, framing, dialect, asksJson);
  const timing = pacedFor(fate.pace, fault);
  const steps = encodePieces(spoiled?.pieces ?? sound, framing, timing.tokensPerSecond > 0);
  return { steps, ending: spoiled?.ending ?? "end", ...timing, contentLength: null };
}

/** The answer as one body. */
export function wholeScript(answer: SimulatedAnswer, form: Form, fate: Fate): AnswerScript {
  const { fault, asksJson } = fate;
  const body = JSON.stringify(form.wire.renderAnswer(withEnds(answer, form.wire), form.context));
  const bytes = encoder.encode(body);
  const last = Math.max(0, answer.events.filter(isToken).length - 1);
  const timing = pacedFor(fate.pace, fault);
  const half = bytes.subarray(0, Math.ceil(bytes.length / 2));
  const broken = (sent: Uint8Array, atToken: number, ending: Script["ending"]): AnswerScript => ({
    steps: [{ bytes: sent, atToken }],
    ending,
    ...timing,
    contentLength: bytes.length,
  });
  const whole = (sent: Uint8Array): AnswerScript => ({
    steps: [{ bytes: sent, atToken: last }],
    ending: "end",
    ...timing,
    contentLength: sent.length,
  });
  switch (fault?.kind) {
    case "stall_after_tokens":
      return broken(NOTHING, 0, "stall");
    case "cut_after_tokens":
      return broken(half, Math.min(fault.tokens, last), "cut");
    case "malformed_chunk_at":
      return whole(half);
    case "invalid_json":
      return whole(asksJson ? bytes : encoder.encode(GARBAGE));
    default:
      return whole(bytes);
  }
}

const NOTHING = new Uint8Array(0);

function pacedFor(pace: Pace, fault: SimulatedFault | null): Pace {
  if (fault?.kind === "slow_first_token") return { ...pace, firstTokenMs: fault.delayMs };
  if (fault?.kind === "slow_tokens") return { ...pace, tokensPerSecond: fault.tokensPerSecond };
  return pace;
}
