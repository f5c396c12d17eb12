import { expect, test } from "bun:test";
import { gemini } from "../gemini.ts";
import { UNSIGNED } from "./signature.ts";

const DECLARED = [{ functionDeclarations: [{ name: "w", parameters: { type: "OBJECT" } }] }];

function contentsFor(modelId: string, ...turns: readonly unknown[]): unknown {
  const answer = { role: "user", parts: [{ functionResponse: { name: "w", response: { result: "1" } } }] };
  const contents = [{ role: "user", parts: [{ text: "Hi" }] }, ...turns.flatMap((turn) => [turn, answer])];
  const parsed = gemini.parseRequest(
    { contents, tools: DECLARED },
    { contract: {}, strict: true, target: "m", stream: false },
  );
  if (!parsed.ok) throw new Error(parsed.fault.message);
  const target = { modelId, maxOutputTokens: 100, capabilities: new Set(["tools"] as const) };
  const lowered = gemini.lower(parsed.value, { ...target, unsupported: new Set() });
  if (!lowered.ok) throw new Error(lowered.fault.message);
  const sent = lowered.value.body.contents as readonly { readonly role: string }[];
  return sent.filter(({ role }) => role === "model");
}

const call = (id: string) => ({ functionCall: { id, name: "w", args: {} }, more: 1 });
const said = { text: "Let me see." };
const model = (...parts: readonly unknown[]) => ({ role: "model", parts });

test("a caller's own turns that another model made are signed for a model that demands it", () => {
  const foreign = model(said, call("toolu_1"), call("toolu_2"));
  const own = model(said, { ...call("a"), thoughtSignature: "CiQB0e2K" }, call("b"));
  expect(contentsFor("gemini-3-pro-preview", foreign, own, model(said))).toEqual([
    model(said, { ...call("toolu_1"), thoughtSignature: UNSIGNED }, call("toolu_2")),
    own,
    model(said),
  ]);
  expect(contentsFor("gemini-2.5-flash", foreign, own)).toEqual([foreign, own]);
});
