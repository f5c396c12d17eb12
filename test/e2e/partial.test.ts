/** What a model had said when its answer broke off and nobody else had one, in every dialect. */
import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { endToEnd } from "./end-to-end.ts";
import {
  chat,
  clearFaults,
  decisionOf,
  inject,
  KEY,
  type RunningGateway,
  readStream,
  startGateway,
} from "./harness.ts";
import { INSTANT, TEMPLATE_WORDS, testPolicy } from "./policies.ts";

endToEnd();

let gateway: RunningGateway;

const CUT = { cut_after_tokens: 25 };
const QUESTION = "Tell me everything about the parcel DE-4711 and where it is now.";
const WORDS = `template: { message: "${TEMPLATE_WORDS}." }`;

function policy(): string {
  const useCase = (name: string, modes: string, more = "") =>
    `  ${name}: { latency_tier: interactive, deadline: 4s, ${more}ladder: { primary: atlas@us-east-1, cross_region: auto, degraded: [${modes}] } }\n`;
  const own = [
    useCase("partial-chat", `{ partial: {} }, { ${WORDS} }`, "stream_recovery: buffer, "),
    useCase("demanding-chat", `{ partial: { min_chars: 10000 } }, { ${WORDS} }`),
    useCase("failing-chat", "{ partial: { status: 206 } }"),
    useCase("silent-chat", `{ ${WORDS} }`, "stream_recovery: buffer, "),
    useCase("worded-chat", `{ rules: [{ contains: parcel, answer: Ask the desk. }] }, { partial: {} }`),
  ];
  return testPolicy()
    .replace("consecutive_failures: 5", "consecutive_failures: 1000")
    .replace("use_cases:\n", `use_cases:\n${own.join("")}`);
}

beforeAll(async () => {
  const scenario = `${INSTANT}deployments:\n  atlas-us: { model: atlas }\n  atlas-eu: { model: atlas }\n`;
  gateway = await startGateway({ policy: policy(), scenario });
});
afterEach(() => clearFaults(gateway));

interface ChatAnswer {
  readonly choices: readonly {
    readonly finish_reason: string | null;
    readonly message: { readonly content: string };
  }[];
  readonly usage: { readonly completion_tokens: number };
  readonly pointsman?: Readonly<Record<string, unknown>>;
}

async function whole(model = "partial-chat", more: Record<string, unknown> = {}) {
  const response = await chat(gateway, { model, messages: [{ role: "user", content: QUESTION }], ...more });
  return { response, answer: (await response.json()) as ChatAnswer };
}

function post(path: string, body: unknown): Promise<Response> {
  const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
  return fetch(`${gateway.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
}

const textOf = ({ choices: [choice] }: ChatAnswer) => choice?.message.content ?? "";

describe.each([
  ["cut", CUT],
  ["stalled", { stall_after_tokens: 25 }],
  ["broken by an error", { error_in_stream_after_tokens: 25 }],
  ["garbled", { malformed_chunk_at: 25 }],
  ["too slow for its limits", { slow_tokens: 12 }],
])("whole answers that are all %s", (_how, fault) => {
  test("what came first is told, labelled everywhere, and has no invented end", async () => {
    const complete = textOf((await whole()).answer);
    await inject(gateway, { fault });
    const { response, answer } = await whole();
    expect(response.status).toBe(200);
    const text = textOf(answer);
    expect(text.length).toBeGreaterThan(10);
    expect(complete.startsWith(text) && text !== complete).toBe(true);
    expect(answer.choices[0]?.finish_reason).toBeNull();
    expect(answer.usage.completion_tokens).toBeGreaterThan(0);
    expect(answer.pointsman).toMatchObject({ degraded: "partial", partial: true });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-pointsman-partial": "true",
      "x-pointsman-degraded": "partial",
      "x-pointsman-rung": "degraded",
      "x-pointsman-model": "atlas",
    });
    const decision = await decisionOf(gateway, response);
    expect(decision).toMatchObject({
      outcome: "degraded",
      degraded: "partial",
      model: "atlas",
      finish: { unified: "incomplete" },
      fault: { kind: "exhausted" },
    });
    expect(decision.attempts.length).toBeGreaterThanOrEqual(2);
    expect(decision.attempts.every(({ result }) => result === "fault")).toBe(true);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain('pointsman_degraded_total{use_case="partial-chat",mode="partial"}');
  });
});

describe("the order", () => {
  test("the next rungs come first: a complete answer is never given up for a part", async () => {
    await inject(gateway, { match: { deployment: "atlas-us" }, fault: CUT });
    const { response, answer } = await whole();
    expect(response.headers.get("x-pointsman-region")).toBe("eu-west-1");
    expect(response.headers.get("x-pointsman-partial")).toBeNull();
    expect(answer.choices[0]?.finish_reason).toBe("stop");
  });

  test("of two parts the longer one is told", async () => {
    await inject(gateway, { match: { deployment: "atlas-us" }, fault: { cut_after_tokens: 20 } });
    await inject(gateway, { match: { deployment: "atlas-eu" }, fault: { cut_after_tokens: 4 } });
    const { response } = await whole();
    expect(response.headers.get("x-pointsman-region")).toBe("us-east-1");
  });

  test("modes stand in the policy's order, and one that is not told passes on", async () => {
    await inject(gateway, { fault: CUT });
    expect(textOf((await whole("worded-chat")).answer)).toBe("Ask the desk.");
    expect(textOf((await whole("demanding-chat")).answer)).toStartWith(TEMPLATE_WORDS);
    const { response } = await whole("failing-chat");
    expect(response.status).toBe(206);
  });

  test("with nothing said, and without the mode, the next words are given", async () => {
    await inject(gateway, { fault: { status: 503 } });
    expect(textOf((await whole()).answer)).toStartWith(TEMPLATE_WORDS);
    await clearFaults(gateway);
    await inject(gateway, { fault: CUT });
    expect(textOf((await whole("silent-chat")).answer)).toStartWith(TEMPLATE_WORDS);
  });

  test("half a JSON text, and half of a tool call, are not told", async () => {
    await inject(gateway, { fault: CUT });
    const json = await whole("partial-chat", { response_format: { type: "json_object" } });
    expect(json.response.headers.get("x-pointsman-degraded")).toBe("template");
    await clearFaults(gateway);
    await inject(gateway, { fault: { cut_after_tokens: 2 } });
    const tools = [{ type: "function", function: { name: "track", parameters: { type: "object" } } }];
    const called = await whole("partial-chat", { tools, tool_choice: "required" });
    expect(called.response.headers.get("x-pointsman-degraded")).toBe("template");
  });

  test("a caller who asks for no stream gets the same whole answer as ever", async () => {
    const plain = await whole("silent-chat");
    const inPieces = await whole("partial-chat");
    expect(textOf(inPieces.answer)).toBe(textOf(plain.answer));
    expect(inPieces.answer.usage).toEqual(plain.answer.usage);
    expect(inPieces.answer.choices[0]?.finish_reason).toBe("stop");
  });
});

describe("a stream that is held back", () => {
  test("is told as far as it came, with its end mark and without a reason", async () => {
    await inject(gateway, { fault: CUT });
    const messages = [{ role: "user", content: QUESTION }];
    const response = await chat(gateway, { model: "partial-chat", messages, stream: true });
    expect(response.headers.get("x-pointsman-partial")).toBe("true");
    const stream = await readStream(response);
    expect(stream).toMatchObject({ done: true, error: null, broken: false });
    expect(stream.text.length).toBeGreaterThan(10);
    const reasons = stream.chunks.flatMap(({ choices }) => choices?.map((one) => one.finish_reason) ?? []);
    expect(new Set(reasons)).toEqual(new Set([null]));
    expect(JSON.stringify(stream.chunks.at(-1))).toContain('"partial":true');
  });
});

describe.each([false, true])("in other dialects, streamed: %p", (stream) => {
  const messages = [{ role: "user", content: QUESTION }];
  const ask = async (path: string, body: Record<string, unknown>) => {
    await inject(gateway, { fault: CUT });
    const response = await post(path, body);
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pointsman-partial")).toBe("true");
    return response.text();
  };

  test("Responses: incomplete", async () => {
    const text = await ask("/v1/responses", { model: "partial-chat", input: QUESTION, stream });
    expect(text).toContain('"status":"incomplete"');
    expect(text).not.toContain('"status":"completed"');
    if (stream) expect(text).toContain("event: response.incomplete");
    else expect(JSON.parse(text)).toMatchObject({ status: "incomplete", incomplete_details: {} });
  });

  test("Anthropic Messages: no stop reason", async () => {
    const text = await ask("/v1/messages", { model: "partial-chat", max_tokens: 900, messages, stream });
    expect(text).toContain('"stop_reason":null');
    expect(text).not.toContain("end_turn");
    if (stream) expect(text).toContain("message_stop");
    else expect(JSON.parse(text)).toMatchObject({ type: "message", content: [{ type: "text" }] });
  });

  test("Bedrock Converse: an output that could not be read to its end", async () => {
    const path = `/model/partial-chat/converse${stream ? "-stream" : ""}`;
    const body = { messages: [{ role: "user", content: [{ text: QUESTION }] }] };
    const text = await ask(path, body);
    expect(text).toContain('"stopReason":"malformed_model_output"');
    expect(text).not.toContain("end_turn");
  });

  test("native: incomplete", async () => {
    const text = await ask("/v1/invoke", { use_case: "partial-chat", messages, stream });
    expect(text).toContain('"unified":"incomplete"');
    expect(text).toContain('"partial":true');
    expect(text).not.toContain('"unified":"stop"');
  });
});
