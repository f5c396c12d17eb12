/** Server-sent events, both ways. Owns lines, fields and frame bounds; knows nothing of what `data` holds. */
import { type Fault, fault } from "../core/faults.ts";
import type { Frame } from "./frame.ts";

/** Characters (UTF-16 units) of data that one frame may hold before the stream is given up. */
const MAX_FRAME_CHARS = 8 * 1024 * 1024;

const NO_FRAMES: readonly Frame[] = [];
const DATA = "data: ";
const LONGEST_NAME = "event: ".length;
const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const BRACKET = 91;
const BRACE = 123;

/**
 * Turns decoded text into frames, whatever the pieces it arrives in. Feed it from a streaming decoder
 * (`decoder.decode(bytes, { stream: true })`), so that no character is torn apart.
 */
export interface SseParser {
  /** The frames that `text` completed, in order. */
  push(text: string): readonly Frame[];
  /**
   * The bytes ended. Text that begins as JSON does, and no field of an event can, is one frame, marked as `whole`:
   * servers that were asked to stream answer so, under any content type. A frame whose lines were complete and which
   * only lacked its blank line is delivered; a last line without its line break was cut somewhere in the middle and is
   * discarded.
   */
  end(): readonly Frame[];
  /** Set once when a frame exceeds the bound (`malformed`, `frame_too_large`); later text is ignored. */
  readonly fault: Fault | null;
}

/** A parser for one stream. `maxFrameChars` bounds what it will hold in memory for one frame. */
export function createSseParser(maxFrameChars: number = MAX_FRAME_CHARS): SseParser {
  return new IncrementalParser(maxFrameChars);
}

class IncrementalParser implements SseParser {
  readonly #maxFrameChars: number;
  #rest = "";
  #data: string | null = null;
  #event: string | undefined;
  #first = true;
  /** Told by the first character that is not blank; null before it. */
  #isWhole: boolean | null = null;
  /** The last text ended in CR: an LF at the start of the next belongs to it. */
  #skipLineFeed = false;
  #fault: Fault | null = null;

  constructor(maxFrameChars: number) {
    this.#maxFrameChars = maxFrameChars;
  }

  get fault(): Fault | null {
    return this.#fault;
  }

  push(text: string): readonly Frame[] {
    if (text === "" || this.#fault) return NO_FRAMES;
    const fresh = this.#trimStart(text);
    this.#isWhole ??= beginsAsJson(fresh);
    if (this.#isWhole) {
      this.#rest += fresh;
      this.#checkBound();
      return NO_FRAMES;
    }
    const hasCarriageReturn = fresh.includes("\r");
    if (!hasCarriageReturn && !fresh.includes("\n")) {
      // No line ends here: the pieces are only strung together, so a long line costs linear time.
      this.#rest += fresh;
      this.#checkBound();
      return NO_FRAMES;
    }
    const buffer = this.#rest + fresh;
    this.#rest = "";
    const frames: Frame[] = [];
    const used = hasCarriageReturn ? this.#anyLines(buffer, frames) : this.#feedLines(buffer, frames);
    if (this.#fault) return frames;
    this.#rest = buffer.slice(used);
    this.#checkBound();
    return frames;
  }

  end(): readonly Frame[] {
    const frames: Frame[] = [];
    if (this.#isWhole && !this.#fault) frames.push({ data: this.#rest.trim(), whole: true });
    else if (!this.#fault) this.#dispatch(frames);
    this.#rest = "";
    return frames;
  }

  #trimStart(text: string): string {
    let from = 0;
    if (this.#first) {
      this.#first = false;
      if (text.charCodeAt(0) === 0xfeff) from = 1;
    } else if (this.#skipLineFeed && text.charCodeAt(0) === LF) {
      from = 1;
    }
    this.#skipLineFeed = false;
    return from === 0 ? text : text.slice(from);
  }

  /** Lines ended by LF alone, which is what providers send; a whole `data: …` frame is cut out at once. */
  #feedLines(buffer: string, frames: Frame[]): number {
    let at = 0;
    for (;;) {
      const end = buffer.indexOf("\n", at);
      if (end === -1 || this.#fault) return at;
      if (
        this.#data === null &&
        this.#event === undefined &&
        buffer.charCodeAt(end + 1) === LF &&
        buffer.startsWith(DATA, at) &&
        end - at <= this.#maxFrameChars + DATA.length
      ) {
        frames.push({ data: buffer.slice(at + DATA.length, end) });
        at = end + 2;
        continue;
      }
      this.#line(buffer, at, end, frames);
      at = end + 1;
    }
  }

  /** Lines ended by CR, LF or CRLF in any mixture. Both positions are kept, so each search runs once. */
  #anyLines(buffer: string, frames: Frame[]): number {
    let at = 0;
    let lineFeed = buffer.indexOf("\n");
    let carriageReturn = buffer.indexOf("\r");
    while (!this.#fault && (lineFeed !== -1 || carriageReturn !== -1)) {
      const byReturn = carriageReturn !== -1 && (lineFeed === -1 || carriageReturn < lineFeed);
      const end = byReturn ? carriageReturn : lineFeed;
      this.#line(buffer, at, end, frames);
      at = end + 1;
      if (byReturn) {
        if (at === buffer.length) this.#skipLineFeed = true;
        else if (lineFeed === at) at++;
        carriageReturn = buffer.indexOf("\r", at);
      }
      if (lineFeed !== -1 && lineFeed < at) lineFeed = buffer.indexOf("\n", at);
    }
    return at;
  }

  #line(buffer: string, from: number, end: number, frames: Frame[]): void {
    if (from === end) {
      this.#dispatch(frames);
      return;
    }
    const line = buffer.slice(from, end);
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    if (name !== "data" && name !== "event") return;
    const value =
      colon === -1 ? "" : line.slice(line.charCodeAt(colon + 1) === SPACE ? colon + 2 : colon + 1);
    if (name === "event") this.#event = value;
    else this.#data = this.#data === null ? value : `${this.#data}\n${value}`;
    this.#checkBound();
  }

  #dispatch(frames: Frame[]): void {
    const data = this.#data;
    const event = this.#event;
    this.#data = null;
    this.#event = undefined;
    if (data === null) return;
    frames.push(event === undefined || event === "" ? { data } : { event, data });
  }

  #checkBound(): void {
    const fields = (this.#data?.length ?? 0) + (this.#event?.length ?? 0);
    // An unfinished line counts with the name of its field.
    if (fields <= this.#maxFrameChars && this.#rest.length <= this.#maxFrameChars + LONGEST_NAME) return;
    this.#fault = fault(
      "malformed",
      "frame_too_large",
      "The model's answer had a part beyond the size limit.",
    );
    this.#rest = "";
    this.#data = null;
    this.#event = undefined;
  }
}

/** Null where `text` is blank. */
function beginsAsJson(text: string): boolean | null {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === SPACE || code === TAB || code === LF || code === CR) continue;
    return code === BRACE || code === BRACKET;
  }
  return null;
}

/** One frame as text, ready to be encoded as UTF-8. Line breaks inside `data` become several data lines. */
export function encodeSse(frame: Frame): string {
  const { event, data } = frame;
  const body =
    data.includes("\n") || data.includes("\r")
      ? data
          .split(/\r\n|\r|\n/)
          .map((line) => `data: ${line}\n`)
          .join("")
      : `data: ${data}\n`;
  if (event === undefined) return `${body}\n`;
  return `event: ${event.replace(/[\r\n]+/g, " ")}\n${body}\n`;
}
