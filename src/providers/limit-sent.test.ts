import { beforeAll, describe, expect, test } from "bun:test";
import type { Sampling, Section, WireId } from "../core/request.ts";
import { FAKE_REQUEST } from "../policy/fake-policy.ts";
import type { LowerTarget } from "../wires/wire.ts";
import { templateWire } from "./json-template.ts";
import { limitSent } from "./limit-sent.ts";
import { type AnyWire, loadEveryWire, loadedWire } from "./wire-registry.ts";

beforeAll(loadEveryWire);

const TARGET: LowerTarget = {
  modelId: "m",
  maxOutputTokens: 100,
  capabilities: new Set(),
  unsupported: new Set(),
};
const DIALECTS: readonly WireId[] = [
  "openai-chat",
  "openai-responses",
  "anthropic-messages",
  "bedrock-converse",
  "bedrock-invoke",
  "gemini",
  "native",
];

function sent(wire: AnyWire, sampling: Sampling, target = TARGET): number | null {
  const origin = { ...FAKE_REQUEST.origin, rewritten: new Set<Section>(["sampling"]) };
  const lowered = wire.lower({ ...FAKE_REQUEST, sampling, origin }, target);
  if (!lowered.ok) throw new Error(lowered.fault.message);
  return limitSent(lowered.value);
}

describe.each(DIALECTS)("in the dialect %s", (id) => {
  test("it is the one that was asked for, or one that must be stated", () => {
    expect(sent(loadedWire(id), { maxTokens: 50 })).toBe(50);
    const isNeeded = id === "anthropic-messages" || id === "bedrock-invoke";
    expect(sent(loadedWire(id), {})).toBe(isNeeded ? 100 : null);
  });
});

test("a server that takes none is sent none", () => {
  const unsupported = new Set(["max_tokens", "max_completion_tokens"]);
  expect(sent(loadedWire("openai-chat"), { maxTokens: 50 }, { ...TARGET, unsupported })).toBeNull();
});

test("in a template it stands wherever that has it, if it does", () => {
  const template = (rest: object) => templateWire({ request: { in: "{{prompt}}", ...rest }, text: "/text" });
  expect(sent(template({ most: "{{max_tokens}}" }), { maxTokens: 50 })).toBe(50);
  expect(sent(template({ most: "{{max_tokens}}" }), {})).toBe(100);
  expect(sent(template({ max_tokens: 5 }), { maxTokens: 50 })).toBeNull();
});
