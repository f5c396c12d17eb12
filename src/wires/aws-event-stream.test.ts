import { describe, expect, test } from "bun:test";
import { EventStreamCodec } from "@smithy/eventstream-codec";
import fc from "fast-check";
import { awsEventStream, sagemakerSse } from "./aws-event-stream.ts";
import type { Frame } from "./frame.ts";
import type { Framing } from "./framing.ts";

const utf8 = new TextEncoder();
const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes)),
  (text) => utf8.encode(text),
);

function message(headers: Record<string, string>, body: string | Uint8Array): Uint8Array {
  const tagged = Object.entries(headers).map(([name, value]) => [name, { type: "string" as const, value }]);
  return codec.encode({
    headers: Object.fromEntries(tagged),
    body: typeof body === "string" ? utf8.encode(body) : body,
  });
}

function concat(...pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(pieces.flatMap((piece) => [...piece]));
}

/** Frames and the fault's code, however the bytes came. */
function parse(framing: Framing, pieces: readonly Uint8Array[]) {
  const parser = framing.createParser();
  const frames: Frame[] = [];
  for (const piece of pieces) frames.push(...parser.push(piece));
  frames.push(...parser.end());
  return { frames, fault: parser.fault?.code ?? null };
}

function cut(bytes: Uint8Array, lengths: readonly number[]): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const length of lengths) {
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return [...pieces, bytes.subarray(at)];
}

const HELLO: Frame = {
  event: "contentBlockDelta",
  data: '{"contentBlockIndex":0,"delta":{"text":"Grüße 👩🏽‍🚀"}}',
};
const STOP: Frame = { event: "messageStop", data: '{"stopReason":"end_turn"}' };
const SLOW: Frame = { event: "throttlingException", data: '{"message":"Slow down."}', exception: true };

const anyText = fc.string({ unit: "grapheme", maxLength: 40 });
const anyFrame: fc.Arbitrary<Frame> = fc
  .record({ event: fc.option(fc.stringMatching(/^[A-Za-z]{1,20}$/)), data: anyText, exception: fc.boolean() })
  .map(({ event, data, exception }) => ({
    ...(event !== null && { event }),
    data,
    ...(exception && { exception: true as const }),
  }));
const lengths = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 });

describe("frames of an AWS event stream", () => {
  test("come back as they were sent, wherever the bytes are cut", () => {
    const check = (frames: readonly Frame[], cuts: readonly number[]) => {
      const bytes = awsEventStream.encode(frames);
      expect(parse(awsEventStream, [bytes])).toEqual({ frames: [...frames], fault: null });
      expect(parse(awsEventStream, cut(bytes, cuts))).toEqual({ frames: [...frames], fault: null });
    };
    fc.assert(fc.property(fc.array(anyFrame, { maxLength: 6 }), lengths, check), { numRuns: 200 });
  });

  test("come back one byte at a time, and from the middle of a larger buffer", () => {
    const bytes = awsEventStream.encode([HELLO, SLOW, STOP]);
    const single = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
    expect(parse(awsEventStream, single).frames).toEqual([HELLO, SLOW, STOP]);
    const padded = concat(new Uint8Array(7), bytes, new Uint8Array(3));
    expect(parse(awsEventStream, [padded.subarray(7, 7 + bytes.length)]).frames).toEqual([HELLO, SLOW, STOP]);
  });

  test("do not change when the buffer they came in is used again", () => {
    const bytes = awsEventStream.encode([HELLO, STOP]);
    const parser = awsEventStream.createParser();
    const frames: Frame[] = [];
    const chunk = new Uint8Array(9);
    for (let at = 0; at < bytes.length; at += 9) {
      const part = bytes.subarray(at, at + 9);
      chunk.set(part);
      frames.push(...parser.push(chunk.subarray(0, part.length)));
    }
    chunk.fill(0);
    expect(frames).toEqual([HELLO, STOP]);
  });

  test("carry the headers that AWS clients look for", () => {
    const decoded = codec.decode(awsEventStream.encode([SLOW]));
    expect(decoded.headers).toEqual({
      ":exception-type": { type: "string", value: "throttlingException" },
      ":content-type": { type: "string", value: "application/json" },
      ":message-type": { type: "string", value: "exception" },
    });
    expect(codec.decode(awsEventStream.encode([HELLO])).headers).toMatchObject({
      ":event-type": { value: "contentBlockDelta" },
      ":message-type": { value: "event" },
    });
  });

  test("an error that the service did not model is an exception with its code and message", () => {
    const error = {
      ":message-type": "error",
      ":error-code": "InternalFailure",
      ":error-message": "It broke.",
    };
    expect(parse(awsEventStream, [message(error, "")]).frames).toEqual([
      { event: "InternalFailure", data: '{"message":"It broke."}', exception: true },
    ]);
  });

  test("headers of other types are passed over", () => {
    const bytes = codec.encode({
      headers: {
        ":message-type": { type: "string", value: "event" },
        ":event-type": { type: "string", value: "chunk" },
        trace: { type: "uuid", value: "01234567-89ab-cdef-0123-456789abcdef" },
        final: { type: "boolean", value: true },
        size: { type: "integer", value: 7 },
      },
      body: utf8.encode("{}"),
    });
    expect(parse(awsEventStream, [bytes])).toEqual({ frames: [{ event: "chunk", data: "{}" }], fault: null });
  });

  test("a message that is cut at the end is left out", () => {
    const bytes = awsEventStream.encode([HELLO, STOP]);
    expect(parse(awsEventStream, [bytes.subarray(0, bytes.length - 1)])).toEqual({
      frames: [HELLO],
      fault: null,
    });
  });
});

describe("bytes that are no event stream", () => {
  const good = awsEventStream.encode([HELLO]);

  test("any flipped bit is found, and what came before it is told", () => {
    const check = (at: number, bit: number) => {
      const bytes = concat(good, good);
      const place = good.length + (at % good.length);
      bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
      expect(parse(awsEventStream, [bytes])).toEqual({ frames: [HELLO], fault: "bad_frame" });
    };
    fc.assert(fc.property(fc.nat(), fc.integer({ min: 0, max: 7 }), check), { numRuns: 300 });
  });

  test("garbage is refused as soon as a prelude is there, and never thrown at anybody", () => {
    const check = (bytes: Uint8Array, cuts: readonly number[]) => {
      for (const framing of [awsEventStream, sagemakerSse]) {
        const { frames, fault } = parse(framing, cut(bytes, cuts));
        expect(frames).toEqual([]);
        expect(fault).toBe(bytes.length >= 12 ? "bad_frame" : null);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), lengths, check), { numRuns: 300 });
    check(utf8.encode("<html><body>502 Bad Gateway</body></html>"), []);
  });

  /** A prelude with a checksum that holds, taken from a message whose length was set before it was made. */
  function prelude(length: number, headerLength: number): Uint8Array {
    const bytes = new Uint8Array(12);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, length);
    view.setUint32(4, headerLength);
    view.setUint32(8, Bun.hash.crc32(bytes.subarray(0, 8)));
    return bytes;
  }

  test("a message beyond the limit is refused by its prelude, before its bytes come", () => {
    const parser = awsEventStream.createParser();
    expect(parser.push(prelude(8 * 1024 * 1024 + 1, 0))).toEqual([]);
    expect(parser.fault).toMatchObject({ kind: "malformed", code: "frame_too_large" });
    expect(parser.push(good)).toEqual([]);
  });

  /** Valid checksums around a header whose string is said to be longer than the message. */
  function lyingHeader(): Uint8Array {
    const bytes = message({ a: "b" }, "");
    const view = new DataView(bytes.buffer);
    view.setUint16(12 + 1 + 1 + 1, 0x7fff);
    view.setUint32(bytes.length - 4, Bun.hash.crc32(bytes.subarray(0, bytes.length - 4)));
    return bytes;
  }

  test.each([
    ["shorter than its own overhead", prelude(15, 0)],
    ["with more headers than room", prelude(100, 85)],
    ["with a header that claims more than there is", lyingHeader()],
  ])("a message %s is refused", (_, bytes) => {
    expect(parse(awsEventStream, [bytes]).fault).toBe("bad_frame");
  });

  test("a message of no known type is refused", () => {
    expect(parse(awsEventStream, [message({ ":message-type": "rumour" }, "{}")]).fault).toBe("bad_frame");
    expect(parse(awsEventStream, [message({}, "{}")]).fault).toBe("bad_frame");
  });

  test("a long message in small pieces costs linear time", () => {
    const long = awsEventStream.encode([{ event: "x", data: "y".repeat(4_000_000) }]);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < long.length; at += 64) pieces.push(long.subarray(at, at + 64));
    const startedAt = performance.now();
    const { frames } = parse(awsEventStream, pieces);
    // Copied again for every piece it would be 250 GB.
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(frames[0]?.data.length).toBe(4_000_000);
  });
});

describe("server-sent events inside SageMaker's payload parts", () => {
  const SSE = 'data: {"text":"Grüße 👩🏽‍🚀"}\n\nevent: error\ndata: {}\n\ndata: [DONE]\n\n';
  const FRAMES: readonly Frame[] = [
    { data: '{"text":"Grüße 👩🏽‍🚀"}' },
    { event: "error", data: "{}" },
    { data: "[DONE]" },
  ];
  const part = (body: string | Uint8Array) =>
    message(
      { ":event-type": "PayloadPart", ":content-type": "application/octet-stream", ":message-type": "event" },
      body,
    );

  test("lines and characters may be split between parts, and parts between reads", () => {
    const check = (parts: readonly number[], cuts: readonly number[]) => {
      const bytes = concat(...cut(utf8.encode(SSE), parts).map(part));
      expect(parse(sagemakerSse, cut(bytes, cuts))).toEqual({ frames: [...FRAMES], fault: null });
    };
    const shorter = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 20 });
    fc.assert(fc.property(shorter, lengths, check), { numRuns: 200 });
  });

  test("what it encodes it reads", () => {
    const frames = [...FRAMES, SLOW];
    expect(parse(sagemakerSse, [sagemakerSse.encode(frames)])).toEqual({ frames, fault: null });
  });

  test("exceptions of the endpoint become frames after what had come", () => {
    const exception = { ":message-type": "exception", ":exception-type": "ModelStreamError" };
    const body = '{"Message":"The container died.","ErrorCode":"ModelInvocationTimeExceeded"}';
    expect(
      parse(sagemakerSse, [concat(part("data: 1\n\ndata: 2"), message(exception, body))]).frames,
    ).toEqual([{ data: "1" }, { event: "ModelStreamError", data: body, exception: true }]);
  });

  test("an event without its blank line is told at the end, a torn line is not", () => {
    expect(parse(sagemakerSse, [part("data: 1\n\ndata: 2\ndata: 3")]).frames).toEqual([
      { data: "1" },
      { data: "2" },
    ]);
  });

  test("an answer that is no stream is told whole at the end, wherever it is cut", () => {
    const body = '{"choices":[{"message":{"content":"Grüße"}}]}';
    const check = (parts: readonly number[]) => {
      const { frames } = parse(sagemakerSse, [concat(...cut(utf8.encode(body), parts).map(part))]);
      expect(frames).toEqual([{ data: body, whole: true }]);
    };
    fc.assert(fc.property(lengths, check), { numRuns: 50 });
  });

  test("a line without end is bounded", () => {
    const parser = sagemakerSse.createParser();
    const piece = part("x".repeat(1_000_000));
    for (let i = 0; i < 9 && !parser.fault; i++) parser.push(piece);
    expect(parser.fault).toMatchObject({ kind: "malformed", code: "frame_too_large" });
  });
});
