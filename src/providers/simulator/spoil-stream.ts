/** What each fault does to a stream. Owns where it strikes and how a frame is broken; knows no wire. */
import type { Frame } from "../../wires/frame.ts";
import type { Framing } from "../../wires/framing.ts";
import type { ErrorDialect } from "./error-dialects/dialect.ts";
import type { Piece } from "./pieces.ts";
import type { Script } from "./playback.ts";
import type { SimulatedFault } from "./scenario-faults.ts";

export interface Spoiled {
  readonly pieces: readonly Piece[];
  readonly ending: Script["ending"];
}

/** What a broken proxy sends in place of an answer. */
export const GARBAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>";

/** `asksJson`: what is not JSON is then the content, and the stream itself is sound. */
export function spoilStream(
  pieces: readonly Piece[],
  fault: SimulatedFault,
  framing: Framing,
  dialect: ErrorDialect,
  asksJson: boolean,
): Spoiled {
  switch (fault.kind) {
    case "stall_after_tokens":
      return { pieces: firstTokens(pieces, fault.tokens), ending: "stall" };
    case "cut_after_tokens":
      return { pieces: firstTokens(pieces, fault.tokens), ending: "cut" };
    case "error_in_stream_after_tokens": {
      const frame = dialect.streamError(fault.throttled);
      const error: Piece = { frame, part: "end", atToken: fault.tokens };
      return { pieces: [...firstTokens(pieces, fault.tokens), error], ending: "end" };
    }
    case "malformed_chunk_at":
      return { pieces: withBroken(pieces, fault.tokens, (frame) => torn(frame, framing)), ending: "end" };
    case "invalid_json": {
      if (asksJson) break;
      const garbage = ({ event }: Frame): Pick<Piece, "frame"> => ({ frame: frameOf(event, GARBAGE) });
      return { pieces: withBroken(pieces, 0, garbage), ending: "end" };
    }
    case "missing_done":
      return { pieces: pieces.slice(0, -1), ending: "end" };
  }
  return { pieces, ending: "end" };
}

/** What leaves before the token of that number, and what opens the stream; never its end. */
function firstTokens(pieces: readonly Piece[], count: number): readonly Piece[] {
  return pieces.slice(0, positionOf(pieces, count));
}

/** With a broken frame before the token of that number, made from the frame that follows it. */
function withBroken(
  pieces: readonly Piece[],
  token: number,
  breakFrame: (frame: Frame) => Pick<Piece, "frame" | "spoiled">,
): readonly Piece[] {
  const at = positionOf(pieces, token);
  const model = pieces[at] ?? pieces.at(-1);
  if (!model) return pieces;
  const broken: Piece = { part: "end", atToken: model.atToken, ...breakFrame(model.frame) };
  return [...pieces.slice(0, at), broken, ...pieces.slice(at)];
}

/** A server-sent event loses half of its JSON, a binary message the truth of its checksum. */
function torn(frame: Frame, framing: Framing): Pick<Piece, "frame" | "spoiled"> {
  if (framing.id !== "sse") return { frame, spoiled: true };
  const half = frame.data.slice(0, Math.ceil(frame.data.length / 2));
  return { frame: frameOf(frame.event, half.replace(/\}+$/, "")) };
}

function frameOf(event: string | undefined, data: string): Frame {
  return event === undefined ? { data } : { event, data };
}

/** Where the token of that number stands; where the content ends when there are fewer. */
function positionOf(pieces: readonly Piece[], token: number): number {
  const found = pieces.findIndex((piece) => piece.part === "token" && piece.atToken >= token);
  return found >= 0 ? found : pieces.findLastIndex((piece) => piece.part !== "end") + 1;
}
