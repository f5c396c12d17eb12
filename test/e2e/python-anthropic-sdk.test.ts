/** The official Anthropic SDK for Python, unmodified, against a running gateway and every provider's wire. */
import { beforeAll, expect, test } from "bun:test";
import { endToEnd } from "./end-to-end.ts";
import { KEY, type RunningGateway, startGateway } from "./harness.ts";
import { expectPython, pythonMissing, runPython } from "./python-environment.ts";
import { INSTANT, PROVIDER_WIRES, via, wirePolicy } from "./wire-policies.ts";

endToEnd();

interface Seen {
  readonly answers: Readonly<Record<string, { readonly text: string; readonly request_id: string }>>;
  readonly tools: Readonly<Record<string, { readonly answer: string }>>;
  readonly counts: Readonly<Record<string, number>>;
  readonly models: readonly string[];
  readonly errors: unknown;
  readonly broken: Readonly<Record<string, unknown>>;
}

let gateway: RunningGateway;
let seen: Seen;

expectPython();

beforeAll(async () => {
  if (pythonMissing) return;
  gateway = await startGateway({ policy: wirePolicy(), scenario: INSTANT });
  seen = await runPython<Seen>("anthropic_sdk.py", {
    POINTSMAN_URL: gateway.url,
    SIMULATOR_URL: gateway.simulatorUrl ?? "",
    POINTSMAN_KEY: KEY,
    MODELS: PROVIDER_WIRES.map(via).join(","),
  });
});

const check = test.skipIf(pythonMissing);

check.each(PROVIDER_WIRES.map(via))("%s: plain and streamed answers are the same", (model) => {
  expect(seen.answers[model]).toMatchObject({
    text: expect.stringContaining("Where is my parcel?"),
    same: true,
    stop_reason: "end_turn",
    streamed_reason: "end_turn",
    usage: true,
    request_id: expect.stringMatching(/^req_/),
  });
});

check.each(PROVIDER_WIRES.map(via))("%s: two tool calls, then an answer from their results", (model) => {
  expect(seen.tools[model]).toMatchObject({
    reason: "tool_use",
    calls: [
      ["get_weather", ["city"]],
      ["get_time", ["city"]],
    ],
  });
  for (const result of ["result 0", "result 1"]) expect(seen.tools[model]?.answer).toContain(result);
});

check("tokens are counted", () => {
  for (const count of Object.values(seen.counts)) expect(count).toBeGreaterThan(4);
});

check("models are listed", () => {
  for (const wire of PROVIDER_WIRES) expect(seen.models).toContain(via(wire));
});

check("errors have the right class, status and request id", () => {
  const id = expect.stringMatching(/^req_/);
  expect(seen.errors).toEqual({
    unauthenticated: { class: "AuthenticationError", status: 401, request_id: id },
    unknown_model: { class: "NotFoundError", status: 404, request_id: id },
    bad_request: { class: "BadRequestError", status: 400, request_id: id },
  });
});

check.each(PROVIDER_WIRES.map(via))("%s: a stream that breaks raises, without an end", (model) => {
  expect(seen.broken[model]).toEqual({ had_text: true, ended: false, raised: true });
});
