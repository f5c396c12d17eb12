import { describe, expect, test } from "bun:test";
import type { StreamEvent } from "../../core/events.ts";
import { fault } from "../../core/faults.ts";
import { gemini } from "../gemini.ts";
import type { RenderContext } from "../wire.ts";
import { asksForEvents } from "./array-stream.ts";

const CONTEXT: RenderContext = {
  requestId: "req_1",
  model: "atlas",
  createdAt: 0,
  streamUsage: true,
  estimatedInputTokens: 0,
  request: null,
};
const text = (said: string): StreamEvent => ({ type: "text", choice: 0, text: said });
const reason = { unified: "stop", raw: null } as const;
const END: readonly StreamEvent[] = [
  { type: "choice_end", choice: 0, reason },
  { type: "finish", reason, usage: null },
];

/** What a caller without `alt=sse` reads, a piece an event. */
function pieces(events: readonly StreamEvent[]): readonly string[] {
  const wire = gemini.asQueried?.("") ?? gemini;
  let state = wire.renderStart(CONTEXT);
  return events.map((event) => {
    const [after, frames] = wire.renderEvent(event, state);
    state = after;
    return new TextDecoder().decode(wire.framing.encode(frames));
  });
}

describe("a stream without alt=sse", () => {
  test("is a JSON array, told element by element", () => {
    const told = pieces([{ type: "start" }, text("So."), text("Yes."), ...END]);
    expect(told.map((piece) => piece.slice(0, 3))).toEqual(["", '[{"', ",\n{", "", ",\n{"]);
    expect(told.at(-1)).toEndWith("}\n]");
    const elements = JSON.parse(told.join(""));
    expect(elements).toMatchObject([
      { candidates: [{ content: { parts: [{ text: "So." }] } }], responseId: "req_1" },
      { candidates: [{ content: { parts: [{ text: "Yes." }] } }] },
      { candidates: [{ finishReason: "STOP" }], modelVersion: "atlas" },
    ]);
    expect(elements).toHaveLength(3);
  });

  test("ends with an error as its last element where it breaks", () => {
    const broken = fault("outage", "upstream_broke", "The model's answer broke off.");
    const told = pieces([text("So."), { type: "fault", fault: broken }, text("more")]);
    expect(JSON.parse(told.join(""))).toMatchObject([
      { candidates: [{}] },
      { error: { code: 503, status: "UNAVAILABLE", message: "The model's answer broke off." } },
    ]);
    expect(JSON.parse(pieces([{ type: "fault", fault: broken }]).join(""))).toMatchObject([{ error: {} }]);
  });

  test("is told as JSON", () => {
    expect(gemini.asQueried?.("key=x").framing.contentType).toBe("application/json");
    expect(gemini.asQueried?.("key=x&alt=sse")).toBe(gemini);
  });
});

test.each([
  ["alt=sse", true],
  ["key=a&alt=SSE", true],
  ["%24alt=sse", true],
  ["", false],
  ["alt=json", false],
  ["alternative=sse", false],
])("%s asks for events: %p", (query, asks) => {
  expect(asksForEvents(query)).toBe(asks);
});
