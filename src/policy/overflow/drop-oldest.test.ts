import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ContentPart, Message } from "../../core/request.ts";
import { BASE_POLICY, routeInput, snapshotOf } from "../fake-policy.ts";
import { lostToLength } from "../routing/lost-to-length.ts";
import { draftRoute } from "../routing/plan.ts";
import { roomFor } from "../routing/room.ts";
import { dropOldest } from "./drop-oldest.ts";

const said = (role: Message["role"], text: string): Message => ({
  role,
  content: [{ type: "text", text }],
});
const calls = (id: string): Message => ({
  role: "assistant",
  content: [{ type: "tool_call", id, name: "t", arguments: "{}" }],
});
const result = (callId: string, ...rest: ContentPart[]): Message => ({
  role: "tool",
  content: [{ type: "tool_result", callId, content: [{ type: "text", text: "r" }] }, ...rest],
});
const one = () => 1;

/** What is left, by the first words. */
function left(messages: readonly Message[], excess: number): string[] | null {
  const shortened = dropOldest(messages, one, excess);
  return shortened?.kept.map(nameOf) ?? null;
}

function nameOf({ content: [part] }: Message): string {
  if (part?.type === "text") return part.text;
  if (part?.type === "tool_call") return `call ${part.id}`;
  return part?.type === "tool_result" ? `result ${part.callId}` : "";
}

describe("the oldest turns", () => {
  const talk = [
    said("system", "s"),
    said("user", "u1"),
    said("assistant", "a1"),
    said("user", "u2"),
    said("assistant", "a2"),
    said("user", "u3"),
  ];

  test.each<[number, string[] | null]>([
    [1, ["s", "u2", "a2", "u3"]],
    [2, ["s", "u2", "a2", "u3"]],
    [3, ["s", "u3"]],
    [4, ["s", "u3"]],
    [5, null],
  ])("%p too many", (excess, expected) => {
    expect(left(talk, excess)).toEqual(expected);
  });

  test("what was dropped is told in order", () => {
    expect(dropOldest(talk, one, 3)?.dropped.map(nameOf)).toEqual(["u1", "a1", "u2", "a2"]);
  });

  test("a call and its results go together", () => {
    const tools = [
      said("user", "u1"),
      calls("c1"),
      result("c1"),
      result("c1b"),
      said("assistant", "a1"),
      said("user", "u2"),
    ];
    expect(left(tools, 1)).toEqual(["u2"]);
  });

  test("within the last turn the oldest steps go, not the user's words and not the step to be answered", () => {
    const steps = [
      said("user", "u1"),
      calls("c1"),
      result("c1"),
      calls("c2"),
      result("c2"),
      calls("c3"),
      result("c3"),
    ];
    expect(left(steps, 1)).toEqual(["u1", "call c2", "result c2", "call c3", "result c3"]);
    expect(left(steps, 4)).toEqual(["u1", "call c3", "result c3"]);
    expect(left(steps, 5)).toBeNull();
  });

  test("results and words in one message of the user are the user's last turn", () => {
    const both: Message = { ...result("c1", { type: "text", text: "and?" }), role: "user" };
    const mixed = [said("user", "u1"), said("assistant", "a1"), said("user", "u2"), calls("c1"), both];
    expect(left(mixed, 1)).toEqual(["u2", "call c1", "result c1"]);
    expect(left(mixed, 3)).toEqual(["call c1", "result c1"]);
    expect(left(mixed, 4)).toBeNull();
  });

  test("a conversation that begins with the assistant loses that first", () => {
    expect(left([said("assistant", "a0"), ...talk.slice(1)], 1)).toEqual(["u1", "a1", "u2", "a2", "u3"]);
  });

  test("one message, or none of the user's, cannot be shortened", () => {
    expect(left([said("system", "s"), said("user", "u")], 1)).toBeNull();
    expect(left([], 1)).toBeNull();
  });

  test("whatever the conversation: no result without its call, the user's last words stay", () => {
    const step = fc.constantFrom("user", "assistant", "tool", "system");
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.nat(12), (kinds, excess) => {
        const messages = kinds.flatMap((kind, n): Message[] =>
          kind === "tool" ? [calls(`c${n}`), result(`c${n}`)] : [said(kind as "user", `${kind}${n}`)],
        );
        const shortened = dropOldest(messages, one, excess);
        if (!shortened) return;
        const { kept, dropped } = shortened;
        expect(dropped.length).toBeGreaterThanOrEqual(excess);
        expect([...kept, ...dropped].length).toBe(messages.length);
        const names = new Set(kept.map(nameOf));
        for (const name of names) {
          if (name.startsWith("result ")) expect(names).toContain(name.replace("result", "call"));
          if (name.startsWith("call ")) expect(names).toContain(name.replace("call", "result"));
        }
        const lastUser = messages.findLast(({ role }) => role === "user");
        if (lastUser) expect(kept).toContain(lastUser);
        expect(dropped.some(({ role }) => role === "system")).toBe(false);
        expect(kept).toContain(messages.findLast(({ role }) => role !== "system") as Message);
      }),
    );
  });
});

describe("whom a request lost to its length", () => {
  const snapshot = snapshotOf(
    BASE_POLICY.replace("primary: large@us-east-1", "primary: small").replace(
      "fallback: [small]",
      "fallback: [large]",
    ),
  );
  const lost = (estimatedInputTokens: number) => {
    const input = routeInput(snapshot, { estimatedInputTokens });
    return lostToLength(draftRoute(input), snapshot).map(({ id }) => id);
  };

  test("nobody while it fits where it is to begin, the first rung when it does not, all when none does", () => {
    expect(lost(10)).toEqual([]);
    expect(lost(90)).toEqual(["small-us"]);
    expect(lost(5000)).toEqual(["small-us", "large-us", "large-eu"]);
  });

  test("a later rung that is too small is no loss", () => {
    const other = snapshotOf(BASE_POLICY);
    const plan = draftRoute(routeInput(other, { estimatedInputTokens: 90 }));
    expect(plan.refusals.map(({ constraint }) => constraint)).toEqual(["context_window"]);
    expect(lostToLength(plan, other)).toEqual([]);
  });

  test("the room is the window without the output that there can be", () => {
    const small = snapshot.deployments.get("small-us");
    if (!small) throw new Error("no deployment");
    expect([roomFor(small, 40), roomFor(small, 4000)]).toEqual([60, 50]);
  });
});
