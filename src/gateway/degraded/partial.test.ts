import { describe, expect, test } from "bun:test";
import { bareRequest } from "../../core/bare-request.ts";
import type { StreamEvent } from "../../core/events.ts";
import { type FaultKind, fault } from "../../core/faults.ts";
import type { ModelRequest } from "../../core/request.ts";
import { deployment, plan } from "../../resilience/fake-plan.ts";
import type { Exchange } from "../exchange.ts";
import { keepPartial, tellPartial } from "./partial.ts";

const request: ModelRequest = bareRequest({ target: "support-chat" });
const told = plan([[deployment("us")]], { degraded: [{ mode: "partial", minChars: 5, status: 200 }] });
const TEXT: readonly StreamEvent[] = [
  { type: "start", id: "a" },
  { type: "reasoning", choice: 0, text: "Hm." },
  { type: "text", choice: 0, text: "The parcel " },
  { type: "text", choice: 0, text: "is" },
];

function after(
  said: readonly StreamEvent[],
  {
    kind = "outage" as FaultKind,
    asked = request,
    given = told,
    exchange = { partial: null } as Exchange,
  } = {},
): Exchange {
  const why = fault(kind, "stream_cut", "It broke off.");
  const events: readonly StreamEvent[] = [...said, { type: "fault", fault: why }];
  keepPartial(exchange, asked, given, deployment("us"), events, { ok: false, fault: why });
  return exchange;
}
const tell = (exchange: Exchange, minChars = 5) =>
  tellPartial({ mode: "partial", minChars, status: 200 }, exchange);

describe("what was said before an answer broke off", () => {
  test("is its text with an end that says so; thoughts are left out", () => {
    const answer = tell(after(TEXT));
    expect(answer?.events.map(({ type }) => type)).toEqual(["start", "text", "text", "choice_end", "finish"]);
    expect(answer?.events.at(-1)).toMatchObject({ reason: { unified: "incomplete", raw: null } });
    expect(answer?.labels).toEqual({ partial: true, broke_off: "stream_cut" });
  });

  test("is told from as many characters on as the policy wants", () => {
    expect(tell(after(TEXT), 13)).not.toBeNull();
    expect(tell(after(TEXT), 14)).toBeNull();
    expect(tell({ partial: null } as Exchange)).toBeNull();
  });

  test("is not kept of one that had not come to a word", () => {
    const blank = { type: "text", choice: 0, text: "\n \n" } as const;
    expect(after([...TEXT.slice(0, 2), blank]).partial).toBeNull();
  });

  test("is the longest of several", () => {
    const exchange = after(TEXT);
    after([{ type: "text", choice: 0, text: "The p" }], { exchange });
    expect(exchange.partial?.chars).toBe(13);
    after([{ type: "text", choice: 0, text: "The parcel is on" }], { exchange });
    expect(exchange.partial?.chars).toBe(16);
  });

  test.each<FaultKind>(["filtered", "cancelled", "invalid", "provider_auth", "internal"])(
    "is not kept where %s ended it: nothing else would have helped",
    (kind) => {
      expect(after(TEXT, { kind }).partial).toBeNull();
    },
  );

  test("is not kept of calls, refusals, several choices, JSON, vectors, or where the policy has no such mode", () => {
    const call: StreamEvent = { type: "tool_call", choice: 0, index: 0, id: "c", name: "pay" };
    expect(after([...TEXT, call]).partial).toBeNull();
    expect(after([...TEXT, { type: "refusal", choice: 0, text: "No." }]).partial).toBeNull();
    expect(after(TEXT, { asked: { ...request, sampling: { choices: 2 } } }).partial).toBeNull();
    expect(after(TEXT, { asked: { ...request, responseFormat: { type: "json" } } }).partial).toBeNull();
    expect(after(TEXT, { asked: { ...request, operation: "embed" } }).partial).toBeNull();
    expect(after(TEXT, { given: plan([[deployment("us")]]) }).partial).toBeNull();
    expect(after([{ type: "text", choice: 0, text: " \n" }]).partial).toBeNull();
  });
});
