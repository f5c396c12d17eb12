/** boto3's Bedrock Runtime client, unmodified, against a running gateway and every provider's wire. */
import { beforeAll, expect, test } from "bun:test";
import { DEMO_ACCESS_KEY_ID } from "../../src/core/demo-key.ts";
import { endToEnd } from "./end-to-end.ts";
import { KEY, type RunningGateway, startGateway } from "./harness.ts";
import { expectPython, pythonMissing, runPython } from "./python-environment.ts";
import { INSTANT, PROVIDER_WIRES, via, wirePolicy } from "./wire-policies.ts";

endToEnd();

interface Seen {
  readonly answers: Readonly<Record<string, unknown>>;
  readonly tools: Readonly<Record<string, { readonly answer: string }>>;
  readonly invoked: Readonly<Record<string, unknown>>;
  readonly image: string;
  readonly errors: unknown;
  readonly broken: Readonly<Record<string, unknown>>;
}

let gateway: RunningGateway;
let seen: Seen;

expectPython();

beforeAll(async () => {
  if (pythonMissing) return;
  gateway = await startGateway({ policy: wirePolicy(), scenario: INSTANT });
  seen = await runPython<Seen>("bedrock_boto3.py", {
    POINTSMAN_URL: gateway.url,
    SIMULATOR_URL: gateway.simulatorUrl ?? "",
    POINTSMAN_KEY: KEY,
    ACCESS_KEY_ID: DEMO_ACCESS_KEY_ID,
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

check.each(PROVIDER_WIRES.map(via))("%s: InvokeModel with an Anthropic body, whole and streamed", (model) => {
  expect(seen.invoked[model]).toEqual({ text: expect.stringContaining("Where is my parcel?"), same: true });
});

check("an image arrives as bytes", () => {
  expect(seen.image).toContain("one image");
});

check("errors have the right code and status", () => {
  expect(seen.errors).toMatchObject({
    wrong_secret: { status: 401 },
    unknown_model: { code: "ResourceNotFoundException", status: 404 },
    bad_request: { code: "ValidationException", status: 400 },
    throttled: { code: "ServiceUnavailableException", status: 503 },
  });
});

check.each(PROVIDER_WIRES.map(via))("%s: a stream that breaks raises, without an end", (model) => {
  expect(seen.broken[model]).toEqual({ had_text: true, ended: false, raised: true });
});
