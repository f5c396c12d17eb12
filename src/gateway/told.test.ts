import { describe, expect, test } from "bun:test";
import { type FixtureFolder, fixtureFolder } from "../../test/contract/wire/fixture-files.ts";
import { framesOf, stepFrames } from "../../test/contract/wire/streams.ts";
import { bareRequest } from "../core/bare-request.ts";
import type { StreamEvent } from "../core/events.ts";
import { type AnyWire, loadWire } from "../providers/wire-registry.ts";
import type { Frame } from "../wires/frame.ts";
import { createTold } from "./told.ts";

const WIRES = [
  "openai-chat",
  "openai-responses",
  "anthropic-messages",
  "bedrock-converse",
  "gemini",
] as const;
/** Answers of text, with thoughts or without. */
const WORDS = /^((?:text|length|reasoning|thinking|unicode)[a-z-]*\.(?:sse|jsonl))$/;
const WITH_CALLS = /call|tool/;

const wires = new Map<string, AnyWire>();
for (const id of WIRES) wires.set(id, await loadWire(id));

function toldOf(events: readonly StreamEvent[]): string | null {
  const told = createTold(bareRequest({ messages: [] }));
  for (const event of events) told.see(event);
  return told.text();
}

function framesIn(wire: AnyWire, folder: FixtureFolder, file: string): readonly Frame[] {
  if (file.endsWith(".sse")) return framesOf(wire, [folder.bytes(file)]);
  const lines = folder.text(file).trim().split("\n");
  return lines.map((line) => {
    const { event, data } = JSON.parse(line) as { event: string; data: unknown };
    return { event, data: JSON.stringify(data) };
  });
}

const streams = WIRES.flatMap((id) => {
  const folder = fixtureFolder(id);
  const files = folder.named(WORDS).filter((file) => !WITH_CALLS.test(file));
  return files.map((file) => [id, file, folder] as const);
});

test.each(streams)("%s %s: all of its text can be gone on with, wherever it breaks", (id, file, folder) => {
  const wire = wires.get(id) as AnyWire;
  const events = stepFrames(wire, framesIn(wire, folder, file));
  const end = events.findIndex(({ type }) => type === "choice_end");
  const before = events.slice(0, end);
  expect(before.length).toBeGreaterThan(0);
  for (let cut = 1; cut <= before.length; cut++) {
    const texts = before.slice(0, cut).map((event) => (event.type === "text" ? event.text : ""));
    expect(toldOf(before.slice(0, cut))).toBe(texts.join(""));
  }
  expect(toldOf(events)).toBeNull();
});

describe("what of the Responses wire is content without being text ends it", () => {
  const responses = wires.get("openai-responses") as AnyWire;
  const told = (...frames: readonly (readonly [event: string, fields: object])[]) =>
    toldOf(
      stepFrames(responses, [
        { event: "response.created", data: `{"type":"response.created","response":{"id":"r","output":[]}}` },
        ...frames.map(([event, fields]) => ({ event, data: JSON.stringify({ type: event, ...fields }) })),
      ]),
    );
  const delta = [
    "response.output_text.delta",
    { output_index: 0, content_index: 0, delta: "It is" },
  ] as const;
  const message = { type: "message", id: "msg_1", role: "assistant", content: [] };
  const added = ["response.output_item.added", { output_index: 0, item: message }] as const;

  test("a hosted tool's item", () => {
    const item = { type: "web_search_call", id: "ws_1", status: "completed" };
    expect(told(["response.output_item.done", { output_index: 0, item }])).toBeNull();
  });

  test("a citation", () => {
    const annotation = { type: "url_citation", url: "https://x.example" };
    const cited = { output_index: 0, content_index: 0, annotation_index: 0, annotation };
    expect(told(added, delta)).toBe("It is");
    expect(told(added, delta, ["response.output_text.annotation.added", cited])).toBeNull();
  });
});
