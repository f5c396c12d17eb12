/**
 * AWS event streams, both ways: length-prefixed messages with headers and two checksums. Owns messages and their
 * bounds, and the server-sent events that SageMaker puts inside them; knows nothing of what a payload says.
 * https://smithy.io/2.0/aws/amazon-eventstream.html
 */
import { EventStreamCodec } from "@smithy/eventstream-codec";
import { type Fault, fault } from "../core/faults.ts";
import type { Frame } from "./frame.ts";
import type { FrameParser, Framing } from "./framing.ts";
import { createSseParser, encodeSse } from "./sse.ts";

/** Bytes of one message, headers and checksums included, before the stream is given up. */
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;
/** Message length, header length and the checksum of both. */
const PRELUDE_BYTES = 12;
/** The prelude and the checksum at the end. */
const OVERHEAD_BYTES = 16;

const CONTENT_TYPE = "application/vnd.amazon.eventstream";
const JSON_TYPE = "application/json";
const PAYLOAD_PART = "PayloadPart";
const NO_MESSAGES: readonly Message[] = [];
const NO_FRAMES: readonly Frame[] = [];

const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { ignoreBOM: true });
const codec = new EventStreamCodec(
  (input) => (typeof input === "string" ? input : text.decode(input)),
  (input) => utf8.encode(input),
);

type MessageHeaders = ReturnType<EventStreamCodec["decode"]>["headers"];

/** `body` is a view that is good until the next push. */
interface Message {
  readonly event: string | undefined;
  readonly exception: boolean;
  readonly body: Uint8Array;
}

/** Each message is one frame; an exception or error message is a frame marked as exception. */
export const awsEventStream: Framing = {
  id: "aws-event-stream",
  contentType: CONTENT_TYPE,
  createParser(): FrameParser {
    const reader = new MessageReader();
    return {
      push: (bytes) => reader.push(bytes).map(toFrame),
      end: () => NO_FRAMES,
      get fault() {
        return reader.fault;
      },
    };
  },
  encode: (frames) => join(frames.map((frame) => encodeMessage(frame, JSON_TYPE, frame.data))),
};

/**
 * Server-sent events in the payload parts of SageMaker's InvokeEndpointWithResponseStream, as vLLM, TGI and LMI
 * containers send them. Parts are cut anywhere, inside characters too; exceptions of the endpoint become frames.
 */
export const sagemakerSse: Framing = {
  id: "sagemaker-sse",
  contentType: CONTENT_TYPE,
  createParser(): FrameParser {
    const reader = new MessageReader();
    const decoder = new TextDecoder("utf-8");
    const events = createSseParser();
    return {
      push(bytes) {
        const frames: Frame[] = [];
        for (const message of reader.push(bytes)) {
          if (message.exception) frames.push(toFrame(message));
          else if (message.event === PAYLOAD_PART) {
            frames.push(...events.push(decoder.decode(message.body, { stream: true })));
          }
        }
        return frames;
      },
      end: () => [...events.push(decoder.decode()), ...events.end()],
      get fault() {
        return reader.fault ?? events.fault;
      },
    };
  },
  encode: (frames) =>
    join(
      frames.map((frame) =>
        frame.exception
          ? encodeMessage(frame, JSON_TYPE, frame.data)
          : encodeMessage({ event: PAYLOAD_PART }, "application/octet-stream", encodeSse(frame)),
      ),
    ),
};

/** Cuts bytes into messages. Each byte is copied once at the most, and only where its message came in pieces. */
class MessageReader {
  /** A prelude that is not complete yet. */
  readonly #prelude = new Uint8Array(PRELUDE_BYTES);
  /** The message under way; null until its prelude is known. */
  #message: Uint8Array | null = null;
  /** Bytes in the message under way, or else in the prelude. */
  #filled = 0;
  #fault: Fault | null = null;

  get fault(): Fault | null {
    return this.#fault;
  }

  push(bytes: Uint8Array): readonly Message[] {
    if (bytes.length === 0 || this.#fault) return NO_MESSAGES;
    const messages: Message[] = [];
    let at = 0;
    while (at < bytes.length && !this.#fault) {
      if (this.#message !== null) at += this.#fill(this.#message, bytes, at, messages);
      else if (this.#filled === 0 && bytes.length - at >= PRELUDE_BYTES)
        at += this.#begin(bytes, at, messages);
      else at += this.#fillPrelude(bytes, at);
    }
    return messages;
  }

  /** A message whose prelude is here: read in place if the rest is here as well. */
  #begin(bytes: Uint8Array, at: number, messages: Message[]): number {
    const length = this.#lengthOf(bytes, at);
    if (length === null) return 0;
    if (bytes.length - at >= length) {
      this.#take(bytes.subarray(at, at + length), messages);
      return length;
    }
    this.#message = new Uint8Array(length);
    return this.#fill(this.#message, bytes, at, messages);
  }

  #fillPrelude(bytes: Uint8Array, at: number): number {
    const count = Math.min(PRELUDE_BYTES - this.#filled, bytes.length - at);
    this.#prelude.set(bytes.subarray(at, at + count), this.#filled);
    this.#filled += count;
    if (this.#filled < PRELUDE_BYTES) return count;
    const length = this.#lengthOf(this.#prelude, 0);
    if (length === null) return count;
    this.#message = new Uint8Array(length);
    this.#message.set(this.#prelude);
    return count;
  }

  #fill(message: Uint8Array, bytes: Uint8Array, at: number, messages: Message[]): number {
    const count = Math.min(message.length - this.#filled, bytes.length - at);
    message.set(bytes.subarray(at, at + count), this.#filled);
    this.#filled += count;
    if (this.#filled === message.length) {
      this.#message = null;
      this.#filled = 0;
      this.#take(message, messages);
    }
    return count;
  }

  /**
   * The length of the message whose prelude is at `at`. Its checksum is verified before the length is believed:
   * a wrong one would have us wait for megabytes that never come.
   */
  #lengthOf(bytes: Uint8Array, at: number): number | null {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, PRELUDE_BYTES);
    const length = view.getUint32(0);
    if (view.getUint32(8) !== crc32(bytes, at, at + 8)) return this.#refuse("bad_frame");
    if (length > MAX_MESSAGE_BYTES) return this.#refuse("frame_too_large");
    if (length < OVERHEAD_BYTES || view.getUint32(4) > length - OVERHEAD_BYTES)
      return this.#refuse("bad_frame");
    return length;
  }

  #take(bytes: Uint8Array, messages: Message[]): void {
    try {
      const { headers, body } = codec.decode(bytes);
      const message = interpret(headers, body);
      if (message === null) this.#refuse("bad_frame");
      else messages.push(message);
    } catch {
      // A checksum that does not hold, or headers of an unknown kind.
      this.#refuse("bad_frame");
    }
  }

  #refuse(code: "bad_frame" | "frame_too_large"): null {
    const message =
      code === "bad_frame"
        ? "The model's provider sent a part of the answer that cannot be read."
        : "The model's answer had a part beyond the size limit.";
    this.#fault = fault("malformed", code, message);
    this.#message = null;
    return null;
  }
}

/** Null for a message of no known type. */
function interpret(headers: MessageHeaders, body: Uint8Array): Message | null {
  switch (textOf(headers, ":message-type")) {
    case "event":
      return { event: textOf(headers, ":event-type"), exception: false, body };
    case "exception":
      return { event: textOf(headers, ":exception-type"), exception: true, body };
    case "error": {
      // An error that the service did not model: everything is in the headers.
      const message = textOf(headers, ":error-message") ?? "";
      const told = utf8.encode(JSON.stringify({ message }));
      return { event: textOf(headers, ":error-code"), exception: true, body: told };
    }
    default:
      return null;
  }
}

function textOf(headers: MessageHeaders, name: string): string | undefined {
  const value = headers[name]?.value;
  return typeof value === "string" ? value : undefined;
}

function toFrame({ event, exception, body }: Message): Frame {
  const frame: { event?: string; data: string; exception?: true } = { data: text.decode(body) };
  if (event !== undefined) frame.event = event;
  if (exception) frame.exception = true;
  return frame;
}

function encodeMessage(frame: Omit<Frame, "data">, contentType: string, payload: string): Uint8Array {
  const headers: MessageHeaders = {};
  if (frame.event !== undefined) {
    headers[frame.exception ? ":exception-type" : ":event-type"] = { type: "string", value: frame.event };
  }
  headers[":content-type"] = { type: "string", value: contentType };
  headers[":message-type"] = { type: "string", value: frame.exception ? "exception" : "event" };
  return codec.encode({ headers, body: utf8.encode(payload) });
}

function join(messages: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const message of messages) length += message.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const message of messages) {
    joined.set(message, at);
    at += message.length;
  }
  return joined;
}

/** CRC-32 as in IEEE 802.3, bit by bit: it is only ever asked about the eight bytes of a prelude. */
function crc32(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0xffffffff;
  for (let at = from; at < to; at++) {
    crc ^= bytes[at] ?? 0;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
