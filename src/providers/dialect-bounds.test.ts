import { beforeAll, describe, expect, test } from "bun:test";
import type { ModelRequest, WireId } from "../core/request.ts";
import { FAKE_REQUEST } from "../policy/fake-policy.ts";
import type { LowerTarget } from "../wires/wire.ts";
import { limitOutput } from "./cap-output.ts";
import { type Fitted, withinBounds, withinLeast } from "./dialect-bounds.ts";
import { loadEveryWire, loadedWire } from "./wire-registry.ts";

beforeAll(loadEveryWire);

const TARGET: LowerTarget = {
  modelId: "m",
  maxOutputTokens: 100,
  capabilities: new Set(),
  unsupported: new Set(),
};
const LONG = "mcp__plugin_chrome-devtools-mcp_chrome-devtools__performance_analyze_insight";

function asking(change: Partial<ModelRequest>, wire: WireId = "anthropic-messages"): ModelRequest {
  return { ...FAKE_REQUEST, ...change, origin: { ...FAKE_REQUEST.origin, wire } };
}

function fitted(change: Partial<ModelRequest>, to: WireId, target = TARGET, from?: WireId): Fitted | null {
  const result = withinBounds(asking(change, from), loadedWire(to), target);
  if (result !== null && "kind" in result) throw new Error(result.message);
  return result;
}

describe("a user's id", () => {
  const user = `user_${"a".repeat(64)}_account__session_${"b".repeat(36)}`;

  test("beyond what OpenAI takes is sent as its digest, the same each time", () => {
    const first = fitted({ user }, "openai-chat");
    expect(first?.request.user).toMatch(/^[0-9a-f]{64}$/);
    expect(first?.warnings).toMatchObject([{ control: "metadata.user_id" }]);
    expect(fitted({ user }, "openai-responses")?.request.user).toBe(first?.request.user);
  });

  test("may be longer for a server that imitates OpenAI's", () => {
    const imitator = { ...TARGET, imitates: true };
    expect(fitted({ user: user.slice(0, 128) }, "openai-chat", imitator)).toBeNull();
    expect(fitted({ user: `${user}${user}` }, "openai-chat", imitator)?.request.user).toHaveLength(64);
  });

  test.each(["anna@example.com", "+49 30 1234567", "(030) 123-4567", "a".repeat(257)])(
    "that Anthropic's API refuses is hidden: %p",
    (refused) => {
      const hidden = fitted({ user: refused }, "anthropic-messages", TARGET, "openai-chat");
      expect(hidden?.request.user).toMatch(/^[0-9a-f]{64}$/);
      expect(hidden?.warnings).toMatchObject([{ control: "user" }]);
    },
  );

  test.each(["user-123", "12345678", "0b8b0d5e-6b0e-4b65-9b0b-4f2f9a4e6a11"])(
    "that is opaque goes as it is: %p",
    (opaque) => {
      expect(fitted({ user: opaque }, "anthropic-messages", TARGET, "openai-chat")).toBeNull();
    },
  );
});

describe("stop sequences", () => {
  const stop = ["a", "b", "c", "d", "e", "f"];

  test.each([
    ["openai-chat", 4],
    ["gemini", 5],
  ] as const)("for %s are the first %d", (to, count) => {
    const cut = fitted({ sampling: { stop } }, to);
    expect(cut?.request.sampling.stop).toEqual(stop.slice(0, count));
    expect(cut?.warnings).toMatchObject([{ control: "stop_sequences" }]);
  });

  test("for Bedrock, and for servers that imitate OpenAI's, are all", () => {
    expect(fitted({ sampling: { stop } }, "bedrock-converse")).toBeNull();
    expect(fitted({ sampling: { stop } }, "openai-chat", { ...TARGET, imitates: true })).toBeNull();
  });
});

describe("a limit on the answer", () => {
  test("below the least of OpenAI's Responses is that", () => {
    const raised = fitted({ sampling: { maxTokens: 5 } }, "openai-responses");
    expect(raised?.request.sampling.maxTokens).toBe(16);
    expect(raised?.warnings).toMatchObject([{ control: "max_tokens" }]);
    expect(fitted({ sampling: { maxTokens: 16 } }, "openai-responses")).toBeNull();
    expect(fitted({ sampling: { maxTokens: 5 } }, "openai-chat")).toBeNull();
    expect(
      fitted({ sampling: { maxTokens: 5 } }, "openai-responses", { ...TARGET, imitates: true }),
    ).toBeNull();
  });

  test("that the policy has set is raised, and nobody told", () => {
    const request = asking({ strict: true, sampling: { maxTokens: 5 } });
    const byPolicy = { ...request, origin: { ...request.origin, limitByPolicy: true } };
    const raised = withinBounds(byPolicy, loadedWire("openai-responses"), TARGET);
    expect(raised).toMatchObject({ request: { sampling: { maxTokens: 16 } }, warnings: [] });
  });

  const responses = () => loadedWire("openai-responses");
  const SIXTEEN = { request: { sampling: { maxTokens: 16 } }, warnings: [] };

  test.each([[undefined], [100]])("that the use case has set is raised, and nobody told: %p", (maxTokens) => {
    const request = asking({ strict: true, sampling: maxTokens === undefined ? {} : { maxTokens } });
    expect(withinBounds(limitOutput(limitOutput(request, 10), 5), responses(), TARGET)).toMatchObject(
      SIXTEEN,
    );
  });

  test("that the caller has set lower still is told", () => {
    const request = limitOutput(asking({ sampling: { maxTokens: 5 } }), 3);
    const told = { ...SIXTEEN, warnings: [{ control: "max_tokens" }] };
    expect(withinBounds(request, responses(), TARGET)).toMatchObject(told);
  });

  test("of the dialect itself is raised where it is not the caller's own", () => {
    const own = asking({ strict: true, sampling: { maxTokens: 5 } }, "openai-responses");
    expect(withinLeast(own, responses(), TARGET)).toBeNull();
    expect(withinLeast(limitOutput(own, 20), responses(), TARGET)).toBeNull();
    const stated = asking({ sampling: { maxTokens: 100 } }, "openai-responses");
    const byArm = { ...own, origin: { ...own.origin, limitByPolicy: true } };
    for (const request of [limitOutput(stated, 5), byArm]) {
      expect(withinLeast(request, responses(), TARGET)).toMatchObject(SIXTEEN);
      expect(withinLeast(request, responses(), { ...TARGET, imitates: true })).toBeNull();
    }
  });
});

test("more choices than Gemini gives are as many as it does", () => {
  const cut = fitted({ sampling: { choices: 10 } }, "gemini", TARGET, "openai-chat");
  expect(cut?.request.sampling.choices).toBe(8);
  expect(cut?.warnings).toMatchObject([{ control: "n" }]);
  expect(fitted({ sampling: { choices: 8 } }, "gemini", TARGET, "openai-chat")).toBeNull();
});

describe("names of tools", () => {
  const tools = [{ name: LONG, parameters: {} }];
  const call = { type: "tool_call", id: "a", name: LONG, arguments: "{}" } as const;
  const messages: ModelRequest["messages"] = [{ role: "assistant", content: [call] }];
  const change = { tools, messages, toolChoice: { type: "tool", name: LONG } } as const;

  test.each(["openai-chat", "openai-responses", "bedrock-converse", "gemini"] as const)(
    "are shortened for %s, wherever they stand",
    (to) => {
      const renamed = fitted(change, to)?.request;
      const name = renamed?.tools[0]?.name;
      expect(name).toMatch(/^mcp__plugin_chrome-devtools-mcp_chrome-devtools__perfor_[0-9a-f]{8}$/);
      expect(name).toHaveLength(64);
      expect(renamed?.messages[0]?.content[0]).toMatchObject({ name });
      expect(renamed?.toolChoice).toEqual({ type: "tool", name: name ?? "" });
    },
  );

  test("come back as they were, whole and streamed", () => {
    const renamed = fitted(change, "openai-chat");
    const name = renamed?.request.tools[0]?.name ?? "";
    const made = { id: "a", type: "function", function: { name, arguments: "{}" } };
    const message = { role: "assistant", content: null, tool_calls: [made] };
    const answer = { choices: [{ index: 0, message, finish_reason: "tool_calls" }] };
    expect(renamed?.wire.readAnswer(answer)).toContainEqual(
      expect.objectContaining({ type: "tool_call", name: LONG }),
    );
    const delta = { tool_calls: [{ index: 0, ...made }] };
    const data = JSON.stringify({ choices: [{ index: 0, delta, finish_reason: null }] });
    const told = renamed?.wire.step(renamed.wire.readStart(), { data })[1];
    expect(told).toContainEqual(expect.objectContaining({ type: "tool_call", name: LONG }));
  });

  test("stay apart where they begin alike, or look like one that is there", () => {
    const short = fitted({ tools }, "openai-chat")?.request.tools[0]?.name ?? "";
    const all = [LONG, `${LONG}_again`, short].map((name) => ({ name, parameters: {} }));
    const names = fitted({ tools: all }, "openai-chat")?.request.tools.map(({ name }) => name);
    expect(new Set(names).size).toBe(3);
    expect(names?.[2]).toBe(short);
  });

  test("lose what the dialect has no letters for", () => {
    const dotted = [{ name: "ns.fn", parameters: {} }];
    const renamed = fitted({ tools: dotted }, "openai-chat", TARGET, "gemini");
    expect(renamed?.request.tools[0]?.name).toMatch(/^ns_fn_[0-9a-f]{8}$/);
    const numbered = [{ name: "1st", parameters: {} }];
    expect(fitted({ tools: numbered }, "gemini")?.request.tools[0]?.name).toMatch(/^_1st_[0-9a-f]{8}$/);
  });

  test("that fit are left alone", () => {
    expect(fitted({ tools: [{ name: "a-b_C1", parameters: {} }] }, "openai-chat")).toBeNull();
    expect(fitted(change, "anthropic-messages", TARGET, "openai-chat")).toBeNull();
  });
});

test("a strict caller is refused instead", () => {
  const request = asking({ strict: true, sampling: { stop: ["a", "b", "c", "d", "e"] } });
  expect(withinBounds(request, loadedWire("openai-chat"), TARGET)).toMatchObject({
    kind: "invalid",
    code: "unsupported_control",
    param: "stop_sequences",
  });
});
