import { describe, expect, test } from "bun:test";
import type { StreamEvent } from "../../core/events.ts";
import type { DegradedMode } from "../../core/plan.ts";
import { BASE_POLICY, FAKE_CALLER, FAKE_REQUEST, routeInput, snapshotOf } from "../../policy/fake-policy.ts";
import { draftRoute } from "../../policy/routing/plan.ts";
import type { KeptAnswer } from "../../store/answer-store.ts";
import type { CacheSlot } from "../cache/cache-slot.ts";
import { documentOf } from "../cache/kept-document.ts";
import type { Exchange } from "../exchange.ts";
import type { Gateway } from "../gateway.ts";
import { type DegradedAnswer, eventsOf } from "./degraded-answer.ts";
import { standIn } from "./modes.ts";
import type { StandIns } from "./stand-ins.ts";

const NOW = 1_700_000_000_000;
const route = routeInput(snapshotOf(BASE_POLICY));

/** No more of an exchange than the modes look at. */
function exchangeWith(degraded: readonly DegradedMode[], change: Partial<Exchange> = {}): Exchange {
  return {
    arrivedAt: NOW,
    requestId: "req_1",
    decisionId: "dec_1",
    callerSignal: new AbortController().signal,
    caller: FAKE_CALLER,
    request: FAKE_REQUEST,
    route,
    plan: { ...draftRoute(route), degraded },
    cacheSlot: null,
    cacheUse: null,
    ticket: null,
    ...change,
  } as Exchange;
}

function gatewayWith(standIns: Partial<StandIns> | null = null): Gateway {
  const none: StandIns = {
    answers: { find: () => null, keep() {}, keepOnly() {}, stats: () => ({ count: 0, chars: 0 }) },
    passages: { search: () => [], follow() {}, settled: async () => {} },
    tickets: { open: async () => null },
  };
  return { ...(standIns && { standIns: { ...none, ...standIns } }) } as Gateway;
}

async function answerOf(exchange: Exchange, gateway = gatewayWith({})): Promise<DegradedAnswer | null> {
  return (await standIn(gateway, exchange, { attempts: [], retryAfterSeconds: 4 })).answer;
}

const textOf = (answer: DegradedAnswer | null) =>
  answer?.events.map((event: StreamEvent) => (event.type === "text" ? event.text : "")).join("");

const TEMPLATE: DegradedMode = { mode: "template", message: "{{use_case}} {{retry_after}}", status: 200 };
const BUSY: DegradedMode = {
  mode: "busy",
  message: "Back in {{retry_after}}.",
  status: 503,
  retryAfterSeconds: 9,
};
const RULES: DegradedMode = {
  mode: "rules",
  rules: [{ source: "bye", matches: (text) => text.includes("Bye"), answer: "So long.", status: 202 }],
};
const RETRIEVAL: DegradedMode = { mode: "retrieval", folder: "faq", top: 2, message: "", status: 200 };
const HUMAN: DegradedMode = {
  mode: "human",
  queue: "desk",
  message: "{{ticket_id}}",
  storePrompt: false,
  maxOpen: 1,
  webhook: null,
  status: 200,
};
const CACHED: DegradedMode = { mode: "cached", maxAgeMs: 1000, status: 200 };

describe("degraded modes", () => {
  test("the first that has something to say answers", async () => {
    expect(await answerOf(exchangeWith([TEMPLATE, BUSY]))).toMatchObject({ mode: "template" });
    const busy = await answerOf(exchangeWith([CACHED, RULES, RETRIEVAL, HUMAN, BUSY, TEMPLATE]));
    expect(busy).toMatchObject({ mode: "busy", status: 503, retryAfterSeconds: 9 });
    expect(textOf(busy)).toBe("Back in 9.");
  });

  test("none answers where all pass on, where there is none, and where the caller has left", async () => {
    expect(await answerOf(exchangeWith([CACHED, RULES, RETRIEVAL, HUMAN]))).toBeNull();
    expect(await answerOf(exchangeWith([]))).toBeNull();
    expect(await answerOf(exchangeWith([TEMPLATE], { callerSignal: AbortSignal.abort() }))).toBeNull();
  });

  test("a process without stand-ins has the policy's words all the same", async () => {
    const bare = gatewayWith(null);
    expect(await answerOf(exchangeWith([CACHED, RETRIEVAL, HUMAN, TEMPLATE]), bare)).toMatchObject({
      mode: "template",
    });
  });

  test("a template knows when to come back", async () => {
    expect(textOf(await answerOf(exchangeWith([TEMPLATE])))).toBe("chat 4");
  });

  test("a rule answers what it is for, with its own status", async () => {
    const messages = [{ role: "user", content: [{ type: "text", text: "Bye then" }] }] as const;
    const answer = await answerOf(exchangeWith([RULES], { request: { ...FAKE_REQUEST, messages } }));
    expect([textOf(answer), answer?.status]).toEqual(["So long.", 202]);
  });

  test("passages are quoted with their file", async () => {
    const search = (folder: string, question: string, top: number) =>
      folder === "faq" && question === "Hello" && top === 2
        ? [{ file: "a.md", heading: "Hi", text: "One.\nTwo." }]
        : [];
    const gateway = gatewayWith({ passages: { search, follow() {}, settled: async () => {} } });
    const answer = await answerOf(exchangeWith([RETRIEVAL]), gateway);
    expect(textOf(answer)).toBe("> One.\n> Two.\n(a.md, Hi)");
    expect(answer?.labels).toEqual({ sources: ["a.md"] });
  });

  test.each([true, false])(
    "a ticket holds the user's text only where the policy says so: %p",
    async (storePrompt) => {
      const opened: unknown[] = [];
      const tickets: StandIns["tickets"] = {
        async open(ticket, maxOpen) {
          opened.push({ ...ticket, maxOpen });
          return "tkt_1";
        },
      };
      const exchange = exchangeWith([{ ...HUMAN, storePrompt }]);
      const answer = await answerOf(exchange, gatewayWith({ tickets }));
      expect(textOf(answer)).toBe("tkt_1");
      expect(exchange.ticket).toBe("tkt_1");
      expect(opened).toEqual([
        {
          tenant: "acme",
          useCase: "chat",
          queue: "desk",
          requestId: "req_1",
          decisionId: "dec_1",
          prompt: storePrompt ? "Hello" : null,
          maxOpen: 1,
        },
      ]);
    },
  );
});

describe("a kept answer in place of one", () => {
  const deployment = route.snapshot.deployments.get("large-us");
  if (!deployment) throw new Error("no deployment");
  const document = documentOf(deployment, [], eventsOf("Kept.")) ?? "";
  const kept = (ageMs: number): KeptAnswer => ({
    tenant: "acme",
    key: "k",
    useCase: "chat",
    storedAt: NOW - ageMs,
    expiresAt: NOW + 1,
    document,
  });
  const answer = (ageMs: number, slot: Exchange["cacheSlot"]) => {
    const asked: unknown[] = [];
    const find: StandIns["answers"]["find"] = (...wanted) => {
      asked.push(wanted);
      return kept(ageMs);
    };
    const answers = { ...gatewayWith({}).standIns?.answers, find } as StandIns["answers"];
    const exchange = exchangeWith([CACHED], { cacheSlot: slot });
    return { asked, exchange, given: answerOf(exchange, gatewayWith({ answers })) };
  };

  const slot = (change: Partial<CacheSlot> = {}): CacheSlot => ({
    key: "k",
    refresh: false,
    maxAgeMs: Number.POSITIVE_INFINITY,
    ...change,
  });

  test("as old as the policy allows, by tenant and key", async () => {
    const { asked, exchange, given } = answer(1000, slot());
    expect(textOf(await given)).toBe("Kept.");
    expect(asked).toEqual([["acme", "k", NOW]]);
    expect(exchange.cacheUse).toBe("stale");
  });

  test.each<[string, number, Exchange["cacheSlot"]]>([
    ["too old", 1001, slot()],
    ["older than the caller takes", 501, slot({ maxAgeMs: 500 })],
    ["too old, though the caller would take it", 1001, slot({ maxAgeMs: 5000 })],
    ["the caller wants a new one", 0, slot({ refresh: true })],
    ["nothing of the request is kept", 0, null],
  ])("none where %s", async (_what, ageMs, slot) => {
    const { exchange, given } = answer(ageMs, slot);
    expect(await given).toBeNull();
    expect(exchange.cacheUse).toBeNull();
  });
});
