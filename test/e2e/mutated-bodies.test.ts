/** Bodies that chance has spoiled: answered or refused, never a 5xx, never a silence. */
import { beforeAll, expect, test } from "bun:test";
import { type Random, seededRandom } from "../../src/core/clock.ts";
import { CHAT_PATH } from "./by-hand.ts";
import { endToEnd } from "./end-to-end.ts";
import { KEY, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, PROVIDER_WIRES, via, wirePolicy } from "./wire-policies.ts";

endToEnd();

const SEED = 20_261_120;
/** For each wire of a provider. */
const BODIES = 100;
const ANSWER_WITHIN_MS = 10_000;

const FUNCTION = { name: "f", description: "d", parameters: { type: "object", properties: {} } };
/** Good, with every kind of field there is. */
const BASE = {
  messages: [
    { role: "system", content: "Be kind." },
    {
      role: "user",
      content: [
        { type: "text", text: "Hi" },
        { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } },
      ],
    },
    {
      role: "assistant",
      tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }],
    },
    { role: "tool", tool_call_id: "c", content: "ok" },
  ],
  tools: [{ type: "function", function: FUNCTION }],
  tool_choice: "auto",
  temperature: 1,
  top_p: 1,
  n: 1,
  max_tokens: 8,
  stop: ["x"],
  seed: 1,
  stream: false,
  logprobs: true,
  top_logprobs: 2,
  response_format: { type: "text" },
  metadata: { team: "a" },
  user: "u",
};

const ODD_TEXTS: readonly unknown[] = [
  "",
  "\u0000",
  "💥",
  "a".repeat(5000),
  "constructor",
  "__proto__",
  "hasOwnProperty",
];
const ODD_OBJECTS: readonly unknown[] = [
  {},
  { type: "text" },
  { constructor: 1 },
  { toString: "x" },
  { length: -1 },
];
const ODD: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  2 ** 53,
  -(2 ** 31),
  [],
  [[]],
  [null],
  [{}],
  ...ODD_TEXTS,
  ...ODD_OBJECTS,
];
const ODD_NAMES = [
  "extra",
  "constructor",
  "toString",
  "pointsman_x",
  "a\nb: c",
  "\u00e9,\u5ba2",
  "\ud800",
  "",
];
const ODD_CHARACTERS = ["\u0000", "{", '"', "\\", "9e99", "]"];

function pick<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(random() * list.length)] as T;
}

/** `value` with one thing wrong somewhere. */
function mutate(value: unknown, depth: number, random: Random): unknown {
  if (random() < 0.15 || depth === 0 || typeof value !== "object" || value === null) return pick(ODD, random);
  if (Array.isArray(value)) {
    const at = Math.floor(random() * value.length);
    if (value.length === 0 || random() < 0.3) return [...value, pick(ODD, random)];
    return value.with(at, mutate(value[at], depth - 1, random));
  }
  const entries = Object.entries(value);
  const [name, old] = pick(entries, random) ?? ["extra", null];
  const change = random();
  if (change < 0.15) return Object.fromEntries(entries.filter(([key]) => key !== name));
  if (change < 0.3) return { ...value, [pick(ODD_NAMES, random)]: pick(ODD, random) };
  return { ...value, [name]: mutate(old, depth - 1, random) };
}

/** `text` with one character gone or one too many. */
function spoil(text: string, random: Random): string {
  const at = Math.floor(random() * text.length);
  if (random() < 0.5) return text.slice(0, at) + text.slice(at + 1);
  return text.slice(0, at) + pick(ODD_CHARACTERS, random) + text.slice(at);
}

function nextBody(model: string, random: Random): string {
  let value: unknown = { model, ...BASE };
  for (let times = 1 + Math.floor(random() * 3); times > 0; times--) value = mutate(value, 4, random);
  const text = JSON.stringify(value) ?? "null";
  return random() < 0.2 ? spoil(text, random) : text;
}

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({ policy: wirePolicy(), scenario: INSTANT });
});

test.each([...PROVIDER_WIRES])(
  `spoiled bodies are answered or refused before a provider of %s`,
  async (wire) => {
    const random = seededRandom(SEED);
    const statuses = new Map<number, number>();
    const bad: string[] = [];
    for (let i = 0; i < BODIES; i++) {
      const body = nextBody(via(wire), random);
      const response = await fetch(`${gateway.url}${CHAT_PATH}`, {
        method: "POST",
        headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
        body,
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      const answer = await response.text();
      const { status } = response;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const hasShape = status === 200 || answer.includes('"code":"');
      if (status >= 500 || !hasShape) bad.push(`${status} ${answer.slice(0, 200)} for ${body.slice(0, 300)}`);
    }
    expect(bad).toEqual([]);
    // They are neither all harmless nor all fatal.
    expect(statuses.get(200) ?? 0).toBeGreaterThan(BODIES / 30);
    expect(statuses.get(400) ?? 0).toBeGreaterThan(BODIES / 3);
    expect(gateway.errors()).not.toContain("internal_error");
  },
);

test("what a caller calls a field is told of in the header, whatever characters it has", async () => {
  const messages = [{ role: "user", name: "ann", content: "Hi" }];
  const odd = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`f${index}`, 1]));
  const body = { model: via("gemini"), messages, "a\nx-evil: b, c\u00e9": 1, "\ud800": 1, ...odd };
  const response = await fetch(`${gateway.url}${CHAT_PATH}`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}` },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
  const names = response.headers.get("x-pointsman-warnings")?.split(", ") ?? [];
  expect(names.slice(0, 3)).toEqual(["messages[0].name", "a%0Ax-evil:%20b%2C%20c%C3%A9", "%EF%BF%BD"]);
  expect(names).toHaveLength(16);
});
