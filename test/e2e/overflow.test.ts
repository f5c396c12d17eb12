/** Requests that are too long and answers with too many words, from the outside. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { endToEnd } from "./end-to-end.ts";
import {
  admin,
  chat,
  clearFaults,
  decisionOf,
  inject,
  type RunningGateway,
  startGateway,
} from "./harness.ts";
import { ask, DOWN, INSTANT, lastRungPolicy, textOf } from "./last-rung-policy.ts";

endToEnd();

/** A model that cannot keep its words to itself. */
const talkative = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: () =>
    Response.json({
      id: "x",
      object: "chat.completion",
      created: 1,
      model: "talker",
      choices: [
        {
          index: 0,
          finish_reason: "stop",
          message: { role: "assistant", content: 'Sure!\n```json\n{"total": 12}\n```\nAnything else?' },
        },
      ],
      usage: { prompt_tokens: 5, completion_tokens: 9, total_tokens: 14 },
    }),
});

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway({
    policy: lastRungPolicy({ talker: talkative.port ?? 0 }),
    scenario: INSTANT,
  });
}, 30_000);
afterEach(() => clearFaults(gateway));
afterAll(() => talkative.stop(true));

interface Explained {
  readonly fault: { readonly code: string; readonly message: string } | null;
  readonly estimatedInputTokens: number;
  readonly overflow: {
    readonly how: string;
    readonly leftOut: { readonly messages: readonly unknown[] } | null;
    readonly first: { readonly deployment: string } | null;
    readonly summary: { readonly deployment: string } | null;
    readonly withoutSummary: readonly Explained["overflow"][];
  };
}

async function explained(body: object): Promise<Explained> {
  return (await admin(gateway, "/admin/explain", { request: body })) as Explained;
}

describe("a request that is too long", () => {
  /** About 4,600 tokens: over atlas's window with its output, under everybody else's. */
  const turns = Array.from({ length: 12 }, (_, n) => [
    { role: "user", content: `Turn ${n}. ${"The quick brown fox jumps over the lazy dog. ".repeat(16)}` },
    { role: "assistant", content: `Answer ${n}. ${"Sphinx of black quartz, judge my vow. ".repeat(16)}` },
  ]).flat();
  const messages = [
    { role: "system", content: "Be brief." },
    ...turns,
    { role: "user", content: "And now?" },
  ];
  const long = (model: string, rest: object = {}) => chat(gateway, { model, messages, ...rest });

  test("goes to a larger model by default", async () => {
    const response = await long("default-long");
    expect(response.headers.get("x-pointsman-overflow")).toBe("larger_model");
    expect(response.headers.get("x-pointsman-model")).toBe("nimbus");
    expect(await decisionOf(gateway, response)).toMatchObject({
      overflow: { how: "larger_model", dropped: 0 },
    });
    await response.text();
  });

  test("a short one is not marked", async () => {
    const response = await ask(gateway, "cut-long", "Hello");
    expect(response.headers.get("x-pointsman-overflow")).toBeNull();
    expect(response.headers.get("x-pointsman-model")).toBe("atlas");
    await response.text();
  });

  test.each([false, true])("loses its oldest turns where the policy says so (stream: %p)", async (stream) => {
    const response = await long("cut-long", { stream });
    expect(response.headers.get("x-pointsman-overflow")).toBe("truncated");
    expect(response.headers.get("x-pointsman-model")).toBe("atlas");
    expect(await response.text()).toContain('"overflow":"truncated"');
    const { overflow, estimatedInputTokens } = await decisionOf(gateway, response);
    expect(overflow?.dropped).toBeGreaterThan(1);
    expect(estimatedInputTokens).toBeLessThanOrEqual(3500);
  });

  test.each(["default-long", "cut-long", "trimmed-long"])(
    "is explained as %s then serves it",
    async (model) => {
      const { overflow, estimatedInputTokens } = await explained({ model, messages });
      const decision = await decisionOf(gateway, await long(model));
      expect(decision.overflow).toEqual({
        how: overflow.how as "truncated",
        dropped: overflow.leftOut?.messages.length ?? 0,
      });
      expect(decision.estimatedInputTokens).toBe(estimatedInputTokens);
      expect(decision.attempts[0]?.deployment).toBe(overflow.first?.deployment ?? "");
      const planned = decision.routing?.planned;
      expect(planned?.shortened ?? false).toBe(overflow.how === "truncated");
    },
  );

  test("is explained with its summary, and what comes where that fails", async () => {
    const { overflow } = await explained({ model: "summed-long", messages });
    const { attempts, overflow: done } = await decisionOf(gateway, await long("summed-long"));
    expect(overflow).toMatchObject({ how: "summarized", summary: { deployment: "pebble-us" } });
    expect(done).toEqual({ how: "summarized", dropped: overflow.leftOut?.messages.length ?? 0 });
    expect(attempts.map(({ deployment }) => deployment)).toEqual([
      overflow.summary?.deployment ?? "",
      overflow.first?.deployment ?? "",
    ]);
    await inject(gateway, { match: { deployment: "pebble-us" }, ...DOWN });
    const { overflow: cut } = await decisionOf(gateway, await long("summed-long"));
    const [without] = overflow.withoutSummary;
    expect(cut).toEqual({ how: "truncated", dropped: without?.leftOut?.messages.length ?? 0 });
  });

  test("is explained as refused where nothing can be left out", async () => {
    const content = "The quick brown fox jumps over the lazy dog. ".repeat(500);
    const { fault, overflow } = await explained({
      model: "trimmed-long",
      messages: [{ role: "user", content }],
    });
    expect([fault?.code, overflow.how]).toEqual(["context_length_exceeded", "refused"]);
  });

  test("what must stay is too long for it: the next measure", async () => {
    const response = await ask(
      gateway,
      "cut-long",
      "The quick brown fox jumps over the lazy dog. ".repeat(500),
    );
    expect(response.headers.get("x-pointsman-overflow")).toBe("larger_model");
    await response.text();
  });

  test.each(["trimmed-long", "summed-long"])("is refused where %s cannot be shortened", async (useCase) => {
    const response = await ask(gateway, useCase, "The quick brown fox jumps over the lazy dog. ".repeat(500));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "context_length_exceeded" } });
    expect(await decisionOf(gateway, response)).toMatchObject({
      outcome: "failed",
      fault: { kind: "context_overflow" },
    });
  });

  test("has its history summed up by another model, whose cost it bears", async () => {
    const response = await long("summed-long");
    expect(response.headers.get("x-pointsman-overflow")).toBe("summarized");
    expect(response.headers.get("x-pointsman-attempts")).toBe("2");
    await response.text();
    const { attempts, overflow, cost } = await decisionOf(gateway, response);
    expect(attempts).toMatchObject([
      { deployment: "pebble-us", purpose: "overflow_summary", result: "ok" },
      { deployment: "atlas-us", result: "ok" },
    ]);
    expect(overflow?.how).toBe("summarized");
    expect(cost).toBe((attempts[0]?.cost ?? 0) + (attempts[1]?.cost ?? 0));
  });

  test("is not summed up where the ceiling holds for the answer alone: it is cut, as explained", async () => {
    const { overflow } = await explained({ model: "frugal-long", messages });
    const response = await long("frugal-long");
    expect(response.status).toBe(200);
    await response.text();
    const decision = await decisionOf(gateway, response);
    expect(decision.attempts).toMatchObject([{ deployment: "atlas-us", result: "ok" }]);
    expect(decision.overflow).toEqual({
      how: "truncated",
      dropped: overflow.leftOut?.messages.length ?? 0,
    });
  });

  test("is refused with the ceiling's name where that is what forbids it, and nothing is bought", async () => {
    const { fault } = await explained({ model: "stingy-long", messages });
    const response = await long("stingy-long");
    const { error } = (await response.json()) as { error: { message: string } };
    expect([response.status, error.message]).toEqual([400, fault?.message ?? ""]);
    expect(error.message).toContain("the use case's ceiling of 0.015 USD");
    expect(await decisionOf(gateway, response)).toMatchObject({ attempts: [], cost: 0 });
  });

  test("is cut where the summary fails", async () => {
    await inject(gateway, { match: { deployment: "pebble-us" }, ...DOWN });
    const response = await long("summed-long");
    expect(response.headers.get("x-pointsman-overflow")).toBe("truncated");
    await response.text();
  });

  test("is refused where it fits and only the window that it states does not: nothing is cut for that", async () => {
    const few = { messages: turns.slice(0, 17), metadata: { pointsman_context_window: "150000" } };
    const { fault } = await explained({ model: "summed-long", ...few });
    const response = await chat(gateway, { model: "summed-long", ...few });
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    expect([response.status, error.code, error.message]).toEqual([
      400,
      fault?.code ?? "",
      fault?.message ?? "",
    ]);
    const { attempts, routing } = await decisionOf(gateway, response);
    expect(attempts).toEqual([]);
    expect(routing?.planned).toEqual({ rule: "default", refused: "context_length_exceeded" });
  });

  test("is refused for its output before a summary is bought, where strict and the use case forbid that much", async () => {
    const response = await long("capped-long", { max_tokens: 400, metadata: { pointsman_strict: "true" } });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: "unsupported_control", param: "max_tokens" },
    });
    expect(await decisionOf(gateway, response)).toMatchObject({ attempts: [], cost: 0 });
  });

  test("is refused in the caller's dialect where the policy wants that", async () => {
    const response = await long("strict-long");
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "context_length_exceeded" } });
  });

  test.each([false, true])(
    "by default it is, too, where no model holds it: no words stand in (stream: %p)",
    async (stream) => {
      const response = await long("fresh-chat", { stream });
      expect([response.status, response.headers.get("retry-after")]).toEqual([400, null]);
      expect(response.headers.get("x-pointsman-degraded")).toBeNull();
      expect(await response.json()).toMatchObject({
        error: { type: "invalid_request_error", code: "context_length_exceeded", param: "messages" },
      });
      expect(await decisionOf(gateway, response)).toMatchObject({
        outcome: "failed",
        fault: { kind: "context_overflow" },
        attempts: [],
      });
    },
  );

  test("that was cut has the words to stand in where its model fails", async () => {
    await inject(gateway, { match: { deployment: "atlas-us" }, ...DOWN });
    const response = await long("trimmed-long");
    expect(response.headers.get("x-pointsman-degraded")).toBe("busy");
    expect(response.headers.get("x-pointsman-overflow")).toBe("truncated");
    await response.text();
  });

  test("a provider that says so in spite of the estimate is asked again with less", async () => {
    await inject(gateway, { match: { deployment: "atlas-us" }, fault: "context_overflow" });
    const few = turns.slice(0, 8);
    const response = await chat(gateway, {
      model: "cut-long",
      messages: [...few, { role: "user", content: "And?" }],
    });
    expect(response.status).toBe(200);
    await response.text();
    const { attempts, overflow } = await decisionOf(gateway, response);
    // The simulator refuses it whatever its length: cut once, then the larger model with the last call.
    expect(attempts).toMatchObject([
      { deployment: "atlas-us", fault: { kind: "context_overflow" } },
      { deployment: "atlas-us", fault: { kind: "context_overflow" } },
      { deployment: "nimbus-us", result: "ok" },
    ]);
    expect(overflow?.dropped).toBeGreaterThan(0);
  });

  test("by default the ladder goes on to a larger model by itself", async () => {
    await inject(gateway, { match: { deployment: "atlas-us" }, fault: "context_overflow" });
    const response = await ask(gateway, "default-long", "Short");
    expect(response.headers.get("x-pointsman-overflow")).toBe("larger_model");
    expect(response.headers.get("x-pointsman-model")).toBe("nimbus");
    await response.text();
  });

  test("its measures are counted", async () => {
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toMatch(/pointsman_overflow_total\{use_case="cut-long",how="truncated"\} [1-9]/);
  });
});

describe("JSON among other words", () => {
  test("is taken out for a caller who asked for JSON", async () => {
    const response = await ask(gateway, "talker-chat", "How much?", {
      response_format: { type: "json_object" },
    });
    expect(response.headers.get("x-pointsman-warnings")).toBe("json_extracted");
    expect(response.headers.get("x-pointsman-attempts")).toBe("1");
    expect(await textOf(response)).toBe('{"total": 12}');
    expect((await decisionOf(gateway, response)).warnings).toEqual(["json_extracted"]);
  });

  test("and left alone for one who did not", async () => {
    expect(await textOf(await ask(gateway, "talker-chat", "How much?"))).toStartWith("Sure!");
  });
});
