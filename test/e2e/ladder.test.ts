/** Whatever the primary does, the caller gets an answer from the rung that should give it, and a true record. */
import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { type Schema, Validator } from "@cfworker/json-schema";
import type OpenAI from "openai";
import type { Attempt } from "../../src/core/decision.ts";
import { endToEnd } from "./end-to-end.ts";
import {
  admin,
  callsUpstream,
  chat,
  clearFaults,
  decisionOf,
  eventually,
  inject,
  type RunningGateway,
  readStream,
  startGateway,
} from "./harness.ts";
import { BUSY_SECONDS, BUSY_WORDS, INSTANT, TEMPLATE_WORDS, testPolicy } from "./policies.ts";

endToEnd();

type Fault = string | Readonly<Record<string, unknown>>;

const PRIMARY = "atlas-us";
const OTHER_REGION = "atlas-eu";
const FALLBACK = "nimbus-us";

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({ policy: testPolicy(), scenario: INSTANT });
});
afterEach(async () => {
  await clearFaults(gateway);
  await recovered();
});

/** Every deployment of the ladder serves again: cooldowns are over, circuits closed, failures forgotten. */
async function recovered(): Promise<void> {
  for (const model of ["support-chat", "elsewhere-chat", "nimbus-chat"]) {
    await eventually(async () => {
      const answer = await chat(gateway, { model });
      await answer.text();
      return answer.headers.get("x-pointsman-rung") === "primary";
    });
  }
  await eventually(async () =>
    (await health()).every((row) => row.state === "closed" && row.cooldownUntil === null),
  );
}

interface HealthRow {
  readonly deployment: string;
  readonly state: string;
  readonly cooldownUntil: number | null;
}

async function health(): Promise<readonly HealthRow[]> {
  const { deployments } = (await admin(gateway, "/admin/health")) as { deployments: readonly HealthRow[] };
  return deployments;
}

function fail(fault: Fault, ...deployment: string[]): Promise<void> {
  return inject(gateway, { fault, match: { deployment } });
}

function classes(attempts: readonly Attempt[]): readonly string[] {
  return attempts.map((attempt) => attempt.fault?.code ?? attempt.skipped ?? attempt.result);
}

/** The answer's text, whole or streamed; a stream must have ended properly. */
async function textOf(response: Response, stream: boolean): Promise<string> {
  if (!stream) {
    const body = (await response.json()) as OpenAI.ChatCompletion;
    return body.choices[0]?.message.content ?? "";
  }
  const read = await readStream(response);
  expect(read).toMatchObject({ done: true, error: null, broken: false });
  return read.text;
}

interface Case {
  readonly fault: Fault;
  readonly stream: boolean;
  /** The first attempt's fault. */
  readonly kind: string;
  readonly code: string;
}

const both = (fault: Fault, kind: string, code: string): Case[] =>
  [false, true].map((stream) => ({ fault, stream, kind, code }));

describe("a failing primary is left for the other region", () => {
  const cases: readonly Case[] = [
    ...both({ status: 503 }, "outage", "provider_overloaded"),
    ...both({ status: 500 }, "outage", "provider_error"),
    ...both({ status: 529 }, "outage", "provider_overloaded"),
    ...both("reset", "outage", "connection_reset"),
    { fault: "hang", stream: false, kind: "timeout", code: "total_timeout" },
    { fault: "hang", stream: true, kind: "timeout", code: "first_token_timeout" },
    ...both({ throttle: "300ms" }, "throttled", "provider_throttled"),
    {
      fault: { throttle: "1s", retry_after_date: true },
      stream: false,
      kind: "throttled",
      code: "provider_throttled",
    },
    { fault: { slow_first_token: "5s" }, stream: true, kind: "timeout", code: "first_token_timeout" },
    { fault: { stall_after_tokens: 0 }, stream: true, kind: "timeout", code: "first_token_timeout" },
    { fault: { stall_after_tokens: 3 }, stream: false, kind: "timeout", code: "total_timeout" },
    { fault: "invalid_json", stream: false, kind: "malformed", code: "bad_answer" },
    { fault: "invalid_json", stream: true, kind: "malformed", code: "bad_chunk" },
    { fault: { malformed_chunk_at: 0 }, stream: true, kind: "malformed", code: "bad_chunk" },
    ...both("empty_answer", "malformed", "empty_answer"),
    ...both({ error_in_stream_after_tokens: 0 }, "outage", "provider_error"),
    { fault: { cut_after_tokens: 0 }, stream: true, kind: "outage", code: "connection_reset" },
    { fault: { cut_after_tokens: 5 }, stream: false, kind: "outage", code: "connection_reset" },
  ];
  const name = ({ fault, stream }: Case) => `${JSON.stringify(fault)} ${stream ? "streamed" : "whole"}`;

  test.each(cases.map((one) => [name(one), one] as const))("%s", async (_, { fault, stream, kind, code }) => {
    await fail(fault, PRIMARY);
    const response = await chat(gateway, { stream });
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-pointsman-rung": "cross-region",
      "x-pointsman-model": "atlas",
      "x-pointsman-region": "eu-west-1",
      "x-pointsman-attempts": "2",
    });
    expect(await textOf(response, stream)).toContain("Hello there");
    const decision = await decisionOf(gateway, response);
    expect(decision).toMatchObject({
      outcome: "answered",
      status: 200,
      rung: "cross-region",
      degraded: null,
      stream,
    });
    expect(decision.attempts).toMatchObject([
      { deployment: PRIMARY, rung: "primary", result: "fault", fault: { kind, code } },
      { deployment: OTHER_REGION, rung: "cross-region", result: "ok" },
    ]);
  });
});

describe("what is not a matter of the region", () => {
  test.each([false, true])(
    "a context overflow goes to the model with the larger window (stream: %p)",
    async (stream) => {
      await fail("context_overflow", PRIMARY, OTHER_REGION);
      const response = await chat(gateway, { stream });
      expect(response.status).toBe(200);
      expect(response.headers.get("x-pointsman-rung")).toBe("fallback");
      expect(await textOf(response, stream)).toContain("nimbus");
      const { attempts } = await decisionOf(gateway, response);
      // The same model elsewhere has the same window: it is not asked.
      expect(attempts).toMatchObject([
        { deployment: PRIMARY, fault: { kind: "context_overflow" } },
        { deployment: FALLBACK, result: "ok" },
      ]);
    },
  );

  test.each([false, true])(
    "primary and its other region down: the fallback model answers (stream: %p)",
    async (stream) => {
      await fail({ status: 503 }, PRIMARY, OTHER_REGION);
      const response = await chat(gateway, { stream });
      expect(response.status).toBe(200);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        "x-pointsman-rung": "fallback",
        "x-pointsman-model": "nimbus",
        "x-pointsman-region": "us-west-2",
        "x-pointsman-attempts": "3",
      });
      expect(await textOf(response, stream)).toContain("Hello there");
      const { attempts } = await decisionOf(gateway, response);
      expect(classes(attempts)).toEqual(["provider_overloaded", "provider_overloaded", "ok"]);
    },
  );

  test.each([
    ["content_filter", "content_filter", 400, "content_filter", "filtered"],
    ["status 400", { status: 400 }, 400, "provider_rejected_request", "invalid"],
    ["status 401", { status: 401 }, 502, "provider_credentials_refused", "provider_auth"],
    ["status 404", { status: 404 }, 502, "provider_model_not_found", "provider_not_found"],
  ] as const)("%s stops: another model would not help", async (_, fault, status, code, kind) => {
    await fail(fault, PRIMARY);
    const response = await chat(gateway, {});
    expect(response.status).toBe(status);
    const type = status === 400 ? "invalid_request_error" : "server_error";
    const body = await response.text();
    expect(JSON.parse(body)).toMatchObject({ error: { code, type } });
    // What the provider said is for the record alone.
    expect(body).not.toContain("Simulated");
    const decision = await decisionOf(gateway, response);
    expect(decision).toMatchObject({ outcome: "failed", status, fault: { kind } });
    expect(decision.attempts).toMatchObject([
      { fault: { cause: { detail: expect.stringContaining("Simulated") } } },
    ]);
  });
});

describe("answers in the wrong format", () => {
  const schema = {
    type: "object",
    properties: { number: { type: "string" }, total: { type: "number" } },
    required: ["number", "total"],
    additionalProperties: false,
  };
  const extract = async () => {
    const response = await chat(gateway, {
      model: "extraction",
      messages: [{ role: "user", content: "Invoice 2024-117, total 118.50" }],
      response_format: { type: "json_schema", json_schema: { name: "invoice", strict: true, schema } },
    });
    expect(response.status).toBe(200);
    const body = (await response.json()) as OpenAI.ChatCompletion;
    const value: unknown = JSON.parse(body.choices[0]?.message.content ?? "");
    return { valid: new Validator(schema as Schema, "2020-12").validate(value).valid, response };
  };

  test.each([
    ["schema_violation", "schema_violation"],
    ["invalid_json", "not_json"],
  ])("%s always: asked again twice, then the next model; the caller's JSON is valid", async (fault, code) => {
    await fail(fault, PRIMARY);
    const { valid, response } = await extract();
    expect(valid).toBe(true);
    const { attempts, usage } = await decisionOf(gateway, response);
    expect(classes(attempts)).toEqual([code, code, code, "ok"]);
    expect(attempts.map((attempt) => attempt.deployment)).toEqual([PRIMARY, PRIMARY, PRIMARY, FALLBACK]);
    // What was thrown away was paid for all the same.
    for (const attempt of attempts) expect(attempt.cost).toBeGreaterThan(0);
    expect(usage.outputTokens).toBeGreaterThan(attempts.at(-1)?.usage?.outputTokens ?? 0);
  });

  test("now and then: the repeat with the complaint is enough", async () => {
    await inject(gateway, { fault: "schema_violation", match: { deployment: PRIMARY }, probability: 0.5 });
    let mended = 0;
    for (let i = 0; i < 12; i++) {
      const { valid, response } = await extract();
      expect(valid).toBe(true);
      const { attempts } = await decisionOf(gateway, response);
      if (attempts.length > 1 && attempts.at(-1)?.deployment === PRIMARY) mended++;
    }
    expect(mended).toBeGreaterThan(0);
  });
});

describe("nobody answers", () => {
  const everythingFails = () => inject(gateway, { fault: { status: 503 } });

  test.each([false, true])("the policy's template does, with status 200 (stream: %p)", async (stream) => {
    await everythingFails();
    const response = await chat(gateway, { stream });
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-pointsman-rung": "degraded",
      "x-pointsman-degraded": "template",
      "x-pointsman-attempts": "3",
    });
    expect(response.headers.has("x-pointsman-simulated")).toBe(false);
    const requestId = response.headers.get("x-request-id");
    expect(await textOf(response, stream)).toBe(`${TEMPLATE_WORDS} ${requestId}.`);
    const decision = await decisionOf(gateway, response);
    expect(decision).toMatchObject({
      outcome: "degraded",
      rung: "degraded",
      degraded: "template",
      model: null,
    });
    expect(classes(decision.attempts)).toEqual(Array(3).fill("provider_overloaded"));
  });

  test("the body of a degraded answer says so too", async () => {
    await everythingFails();
    const response = await chat(gateway, {});
    const body: unknown = await response.json();
    expect(body).toMatchObject({ pointsman: { degraded: "template", use_case: "support-chat" } });
    expect(body).toMatchObject({ choices: [{ finish_reason: "stop" }], usage: { total_tokens: 0 } });
  });

  test("the busy message has the policy's status and when to come back", async () => {
    await everythingFails();
    const response = await chat(gateway, { model: "busy-chat" });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe(String(BUSY_SECONDS));
    expect(response.headers.get("x-pointsman-degraded")).toBe("busy");
    expect(await response.json()).toMatchObject({ error: { code: "degraded", message: BUSY_WORDS } });
  });

  test("without a degraded mode it is a 503 that says when to come back, also once circuits are open", async () => {
    await everythingFails();
    for (let i = 0; i < 8; i++) {
      const response = await chat(gateway, { model: "bare-chat" });
      expect(response.status).toBe(503);
      expect(response.headers.get("x-should-retry")).toBe("false");
      expect(response.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
      const body = (await response.json()) as { error: { code: string; type: string; message: string } };
      expect(body.error).toMatchObject({ code: "all_attempts_failed", type: "server_error", param: null });
      // Nothing of what the provider said.
      expect(body.error.message).not.toContain("Simulated");
    }
  });

  test("once circuits are open the template comes without a call", async () => {
    await everythingFails();
    await eventually(async () => {
      const response = await chat(gateway, {});
      await response.text();
      return response.headers.get("x-pointsman-attempts") === "0";
    });
    const before = await callsUpstream(gateway);
    const response = await chat(gateway, {});
    expect(await textOf(response, false)).toStartWith(TEMPLATE_WORDS);
    const { attempts } = await decisionOf(gateway, response);
    if (response.headers.get("x-pointsman-attempts") === "0") {
      expect(classes(attempts)).toEqual(Array(3).fill("circuit_open"));
      expect(await callsUpstream(gateway)).toEqual(before);
    }
  });
});

test("an open circuit closes again by itself, and the primary serves", async () => {
  await fail({ status: 503 }, PRIMARY);
  const stateOf = async () => (await health()).find((row) => row.deployment === PRIMARY)?.state;
  for (let i = 0; i < 6; i++) await (await chat(gateway, {})).text();
  expect(await stateOf()).toBe("open");
  const passedBy = await chat(gateway, {});
  expect(passedBy.headers.get("x-pointsman-rung")).toBe("cross-region");
  expect(classes((await decisionOf(gateway, passedBy)).attempts)).toEqual(["circuit_open", "ok"]);
  await clearFaults(gateway);
  await eventually(async () => {
    const response = await chat(gateway, {});
    await response.text();
    return response.headers.get("x-pointsman-rung") === "primary";
  }, 5_000);
  expect(await stateOf()).toBe("closed");
});

test("a throttled quota group is left alone while it cools down", async () => {
  await fail({ throttle: "2s" }, PRIMARY);
  const before = (await callsUpstream(gateway))[PRIMARY] ?? 0;
  const answers = await Promise.all(Array.from({ length: 10 }, () => chat(gateway, {})));
  await Promise.all(answers.map((answer) => answer.text()));
  const afterBurst = (await callsUpstream(gateway))[PRIMARY] ?? 0;
  // Those that were under way before the first 429 came back may have called.
  expect(afterBurst - before).toBeLessThanOrEqual(10);
  for (let i = 0; i < 20; i++) {
    const response = await chat(gateway, {});
    await response.text();
    expect(response.headers.get("x-pointsman-rung")).toBe("cross-region");
    if (i === 0) {
      expect(classes((await decisionOf(gateway, response)).attempts)).toEqual(["cooling_down", "ok"]);
    }
  }
  expect((await callsUpstream(gateway))[PRIMARY]).toBe(afterBurst);
});
