/**
 * What became of one request, from its bytes: the same verdict for every gateway. Owns the definition of each ending;
 * judge.test.ts holds it to what the official OpenAI SDK makes of the same bytes. Opens no socket.
 *
 * "Success" below means: the SDK hands the answer over without an exception. It does so for a stream that ends in
 * order at the HTTP level, whether or not a finish reason or `[DONE]` was seen.
 */

import { type ReadAnswer, readAnswer } from "../../src/control/gameday/read-answer.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { Heard } from "./ask.ts";

/**
 * - `answered`: success, and the text is, character by character, what the deployments say to this question.
 * - `degraded`: success with the gateway's own words, labelled so by a header.
 * - `refused`: an honest no. A status of 400 or more, whole; or an error frame within a stream that did not claim a
 *   finish reason before. The SDK raises an APIError.
 * - `truncated`: success, and the end of the text is missing; or an error frame after a finish reason was claimed for
 *   text whose end is missing.
 * - `wrong`: success, and other text (repeated, garbled) with the right end.
 * - `broken`: no success, and no honest no: the connection was lost, or bytes that are no answer came with a 200. The
 *   SDK raises a connection or syntax error, or the application trips over what it was given.
 * - `hung`: no end within the client's patience.
 */
export const ENDINGS = ["answered", "degraded", "refused", "truncated", "wrong", "broken", "hung"] as const;
export type Ending = (typeof ENDINGS)[number];

export interface Verdict {
  readonly ending: Ending;
  /** A few words for the report: the error's code, what was missing. */
  readonly detail: string;
  /** An error that reached the caller carries the provider's own words. */
  readonly raw: boolean;
}

export interface Expectation {
  readonly stream: boolean;
  /** What every deployment says to this question. */
  readonly text: string;
}

/** As the game day's judge: an answer is known by its last characters to have an end. */
const ENDING_CHARS = 24;
/** The simulator's errors begin with the one; the other is its page of a broken proxy. */
const PROVIDER_WORDS = /Simulated: |<h1>502 Bad Gateway/;

export async function judge(heard: Heard, expected: Expectation, clock: Clock): Promise<Verdict> {
  const { response, end } = heard;
  const seen = response?.body.toString("utf8") ?? "";
  const raw = PROVIDER_WORDS.test(seen);
  if (end === "patience") return { ending: "hung", detail: "no end", raw };
  if (response === null) return { ending: "broken", detail: "connection_lost", raw };
  if (response.status >= 400) {
    if (end === "lost") return { ending: "broken", detail: "connection_lost", raw };
    return { ending: "refused", detail: `${response.status} ${errorCode(seen)}`, raw };
  }
  if (response.status !== 200) return { ending: "broken", detail: `status ${response.status}`, raw };
  const read = await readAnswer(asResponse(heard, seen, expected.stream), clock);
  const verdict = expected.stream ? judgeStream(read, expected.text) : judgeWhole(read, expected.text);
  if (verdict.ending === "answered") return { ...verdict, raw: false };
  const succeeded = verdict.ending === "truncated" || verdict.ending === "wrong";
  if (succeeded && read.error === null && "x-pointsman-degraded" in response.headers && read.text !== "") {
    const complete = read.ended && read.finish !== null;
    if (complete) return { ending: "degraded", detail: "labelled", raw: false };
  }
  return { ...verdict, raw };
}

function judgeStream(read: ReadAnswer, text: string): Omit<Verdict, "raw"> {
  if (read.error !== null) {
    const claimed = read.finish !== null && compare(read.text, text) === "truncated";
    if (claimed) return { ending: "truncated", detail: `finish before the error ${read.error}` };
    return { ending: "refused", detail: `in-band ${read.error}` };
  }
  // The SDK does not read on after [DONE].
  const defect = read.defect === "frame_after_end" ? null : read.defect;
  if (defect !== null) return { ending: "broken", detail: defect };
  const ending = compare(read.text, text);
  const claim = read.ended ? "[DONE]" : read.finish !== null ? `finish ${read.finish}` : "a clean close";
  return { ending, detail: ending === "answered" ? "whole" : claim };
}

function judgeWhole(read: ReadAnswer, text: string): Omit<Verdict, "raw"> {
  if (read.defect !== null) return { ending: "broken", detail: read.defect };
  if (read.error !== null) return { ending: "broken", detail: `200 with ${read.error}` };
  if (read.finish === null && read.text === "") return { ending: "broken", detail: "200 without an answer" };
  const ending = compare(read.text, text);
  return { ending, detail: ending === "answered" ? "whole" : `finish ${read.finish}` };
}

function compare(said: string, expected: string): "answered" | "truncated" | "wrong" {
  if (said === expected) return "answered";
  return said.endsWith(expected.slice(-ENDING_CHARS)) ? "wrong" : "truncated";
}

/**
 * The bytes as a client library gets them, a lost connection as its error. The kind follows from what was asked for,
 * as with the SDK, and line ends of any kind are line ends.
 */
function asResponse({ end }: Heard, body: string, stream: boolean): Response {
  const bytes = new TextEncoder().encode(stream ? body.replaceAll("\r\n", "\n") : body);
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
    },
    pull(controller) {
      if (end === "whole") controller.close();
      else controller.error(new Error("The connection was lost."));
    },
  });
  const type = stream ? "text/event-stream" : "application/json";
  return new Response(source, { headers: { "content-type": type } });
}

function errorCode(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: { code?: unknown; type?: unknown } };
    return String(error?.code ?? error?.type ?? "without a code");
  } catch {
    return "not JSON";
  }
}
