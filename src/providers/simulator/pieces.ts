/**
 * An answer's stream, frame by frame, with the token that each frame leaves with. Owns which frame is content and
 * which only frames it; the wire owns what they say, so that whatever is not broken on purpose is the real thing.
 */
import type { StreamEvent } from "../../core/events.ts";
import type { Frame } from "../../wires/frame.ts";
import type { Framing } from "../../wires/framing.ts";
import type { RenderContext } from "../../wires/wire.ts";
import type { AnyWire } from "../wire-registry.ts";
import { isToken, type SimulatedAnswer } from "./answers.ts";
import type { Step } from "./playback.ts";

/** Who renders an answer, and how its stream is framed. */
export interface Form {
  readonly wire: AnyWire;
  readonly framing: Framing;
  readonly context: RenderContext;
}

export interface Piece {
  readonly frame: Frame;
  /** `open`: what comes before and between tokens; `end`: what follows the last one. */
  readonly part: "open" | "token" | "end";
  readonly atToken: number;
  /** The frame's bytes are to be spoiled once they are encoded. */
  readonly spoiled?: true;
}

export function streamPieces(answer: SimulatedAnswer, { wire, context }: Form): Piece[] {
  const pieces: Piece[] = [];
  let state = wire.renderStart(context);
  let token = -1;
  for (const event of withEnds(answer, wire)) {
    const [next, frames] = wire.renderEvent(event, state);
    state = next;
    const part = partOf(event);
    if (part === "token") token++;
    const atToken = Math.max(0, token);
    const last = frames.length - 1;
    for (let at = 0; at <= last; at++) {
      const frame = frames[at];
      // What a wire puts before a token's frame opens the answer, a message or a block of it.
      if (frame) pieces.push({ frame, part: part === "token" && at < last ? "open" : part, atToken });
    }
  }
  return pieces;
}

/** Everything that the wire is told of an answer. Some wires begin with what was read, which is known by then. */
export function withEnds({ events, finish, usage }: SimulatedAnswer, wire: AnyWire): readonly StreamEvent[] {
  const end: StreamEvent = { type: "finish", reason: finish, usage };
  if (wire.id === "openai-chat") return [MARKED_START, ...events, end];
  const input: StreamEvent = { type: "usage", usage: { ...usage, outputTokens: 0, reasoningTokens: 0 } };
  return [START, input, ...events, end];
}

const START: StreamEvent = { type: "start" };

/** This wire carries fields of its own: marked as simulated in every chunk. Others have labels for that. */
const MARKED_START: StreamEvent = {
  type: "start",
  extra: { wire: "openai-chat", fields: { chunk: { simulated: true } } },
};

function partOf(event: StreamEvent): Piece["part"] {
  if (isToken(event)) return "token";
  return event.type === "choice_end" || event.type === "finish" ? "end" : "open";
}

/** As bytes: frames that leave at the same time in one piece, all of them where nothing is paced. */
export function encodePieces(pieces: readonly Piece[], framing: Framing, paced: boolean): readonly Step[] {
  const steps: Step[] = [];
  let from = 0;
  for (let at = 1; at <= pieces.length; at++) {
    const first = pieces[from];
    const next = pieces[at];
    if (!first) break;
    const together = next && !next.spoiled && !first.spoiled && (!paced || next.atToken === first.atToken);
    if (together) continue;
    const bytes = framing.encode(pieces.slice(from, at).map((piece) => piece.frame));
    steps.push({ bytes: first.spoiled ? spoil(bytes) : bytes, atToken: first.atToken });
    from = at;
  }
  return steps;
}

/** The last byte of a message's checksum: it no longer holds. */
function spoil(bytes: Uint8Array): Uint8Array {
  const spoiled = bytes.slice();
  const last = spoiled.length - 1;
  spoiled[last] = (spoiled[last] ?? 0) ^ 0xff;
  return spoiled;
}
