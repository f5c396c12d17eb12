import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { StreamEvent } from "../../core/events.ts";
import { NO_USAGE } from "../../core/events.ts";
import { FakeClock } from "../../core/fake-clock.ts";
import type { ModelRequest } from "../../core/request.ts";
import type { UseCase } from "../../core/snapshot.ts";
import { BASE_POLICY, FAKE_CALLER, FAKE_REQUEST, routeInput, snapshotOf } from "../../policy/fake-policy.ts";
import { loadWire } from "../../providers/wire-registry.ts";
import type { AnswerStore, KeptAnswer } from "../../store/answer-store.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import { createAnswerCache } from "./answer-cache.ts";
import { readCacheControl } from "./cache-control.ts";
import { createKeptAnswers } from "./kept-answers.ts";
import { documentOf, MAX_DOCUMENT_CHARS, readDocument } from "./kept-document.ts";
import { mayGive } from "./may-give.ts";
import { requestKey } from "./request-key.ts";

const wire = await loadWire("openai-chat");

function useCaseOf(cache: UseCase["cache"] = { ttlMs: 1000, staleForMs: 0, scope: "tenant" }): UseCase {
  const useCase = snapshotOf(BASE_POLICY).useCases.get("chat");
  if (!useCase) throw new Error("no use case");
  return { ...useCase, cache };
}

describe("the key of a request", () => {
  const useCase = useCaseOf();
  const keyOf = (
    change: Partial<ModelRequest> = {},
    caller = FAKE_CALLER,
    of = useCase,
    arm: string | null = null,
  ) => requestKey({ ...FAKE_REQUEST, ...change }, of, caller, wire, arm);
  const said = (text: string): Partial<ModelRequest> => ({
    messages: [{ role: "user", content: [{ type: "text", text }] }],
  });

  test("is the same for the same request, whatever the order of its fields and how it is sent", () => {
    const tool = (parameters: Record<string, unknown>) => ({ tools: [{ name: "t", parameters }] });
    expect(keyOf(tool({ a: 1, b: { c: 2, d: 3 } }))).toBe(keyOf(tool({ b: { d: 3, c: 2 }, a: 1 })));
    expect(keyOf({ stream: true, streamUsage: true })).toBe(keyOf());
    expect(keyOf({ contract: { latencyTier: "batch", contextWindow: 9 } })).toBe(keyOf());
    expect(keyOf({}, { ...FAKE_CALLER, keyId: "another" })).toBe(keyOf());
    expect(keyOf()).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each<[string, Partial<ModelRequest>]>([
    ["text", said("Hello!")],
    ["role", { messages: [{ role: "assistant", content: [{ type: "text", text: "Hello" }] }] }],
    ["sampling", { sampling: { temperature: 0 } }],
    ["seed", { sampling: { seed: 1 } }],
    ["format", { responseFormat: { type: "json" } }],
    ["tools", { tools: [{ name: "t", parameters: {} }] }],
    ["tool choice", { toolChoice: { type: "none" } }],
    ["reasoning", { reasoning: { effort: "low" } }],
    ["safety", { contract: { safetyLevel: "high" } }],
    ["residency", { contract: { residency: ["eu-*"] } }],
    ["strictness", { strict: true }],
    ["a field beyond the contract", { origin: { ...FAKE_REQUEST.origin, body: { verbosity: "low" } } }],
  ])("differs by %s", (_what, change) => {
    expect(keyOf(change)).not.toBe(keyOf());
  });

  test("differs by tenant, tier, use case and arm of a rollout", () => {
    const keys = [
      keyOf(),
      keyOf({}, { ...FAKE_CALLER, tenant: "other" }),
      keyOf({}, { ...FAKE_CALLER, tier: "free" }),
      keyOf({}, FAKE_CALLER, { ...useCase, id: "other" }),
      keyOf({}, FAKE_CALLER, useCase, "rollout/b"),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("two texts never run into one", () => {
    const two = (a: string, b: string) =>
      keyOf({
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: a },
              { type: "text", text: b },
            ],
          },
        ],
      });
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (a, b, c, d) => {
        expect(two(a, b) === two(c, d)).toBe(a === c && b === d);
      }),
    );
  });

  test("a hint to the provider's cache changes nothing", () => {
    const content = [{ type: "text", text: "Hello", cache: {} }] as const;
    expect(keyOf({ messages: [{ role: "user", content }] })).toBe(keyOf());
  });

  test("users are kept apart where the policy says so, and one without a name has no key", () => {
    const apart = useCaseOf({ ttlMs: 1, staleForMs: 0, scope: "user" });
    const of = (user?: string) => keyOf(user === undefined ? {} : { user }, FAKE_CALLER, apart);
    expect(of("ann")).not.toBe(of("bob"));
    expect(of()).toBeNull();
    expect(keyOf({ user: "ann" })).toBe(keyOf({ user: "bob" }));
  });

  test.each<[string, Partial<ModelRequest>]>([
    ["vectors", { operation: "embed" }],
    ["a count", { operation: "count_tokens" }],
    ["several choices", { sampling: { choices: 2 } }],
    [
      "an image that lies elsewhere",
      {
        messages: [
          { role: "user", content: [{ type: "image", source: { kind: "url", url: "https://e.org/x.png" } }] },
        ],
      },
    ],
    [
      "an uploaded file",
      { messages: [{ role: "user", content: [{ type: "document", source: { kind: "file", id: "f" } }] }] },
    ],
  ])("%s is not kept", (_what, change) => {
    expect(keyOf(change)).toBeNull();
  });
});

const STOP = { unified: "stop", raw: "stop" } as const;
const ANSWER: readonly StreamEvent[] = [
  { type: "start", id: "chatcmpl-1", created: 1 },
  { type: "text", choice: 0, text: "Hel" },
  { type: "usage", usage: NO_USAGE },
  { type: "text", choice: 0, text: "lo" },
  { type: "choice_end", choice: 0, reason: STOP },
  { type: "finish", reason: STOP, usage: { ...NO_USAGE, outputTokens: 5 } },
];

describe("an answer as a document", () => {
  const route = routeInput(snapshotOf(BASE_POLICY));
  const deployment = route.snapshot.deployments.get("large-us");
  if (!deployment) throw new Error("no deployment");
  const document = (events: readonly StreamEvent[]) => documentOf(deployment, [], events);

  test("its text is one piece, and what belongs to the call is left out", () => {
    expect(readDocument(document(ANSWER) ?? "")).toMatchObject({
      by: { deployment: "large-us", model: "large", region: "us-east-1", simulated: true },
      events: [
        { type: "start" },
        { type: "text", choice: 0, text: "Hello" },
        { type: "choice_end" },
        { type: "finish", usage: NO_USAGE },
      ],
    });
    expect(document(ANSWER)).not.toContain("chatcmpl-1");
  });

  const ended = (unified: "length" | "refusal" | "content_filter" | "tool_calls"): readonly StreamEvent[] => {
    const reason = { unified, raw: null };
    return [
      ...ANSWER.slice(0, 4),
      { type: "choice_end", choice: 0, reason },
      { type: "finish", reason, usage: null },
    ];
  };
  test.each<[string, readonly StreamEvent[]]>([
    ["cut by a limit", ended("length")],
    ["refused", ended("refusal")],
    ["filtered", ended("content_filter")],
    ["calling tools", [{ type: "tool_call", choice: 0, index: 0, id: "c", name: "t" }, ...ANSWER]],
    ["refusing in words", [{ type: "refusal", choice: 0, text: "No." }, ...ANSWER]],
    ["without an end", ANSWER.slice(0, -1)],
    ["without text", ANSWER.filter(({ type }) => type !== "text")],
    ["too long", [{ type: "text", choice: 0, text: "x".repeat(MAX_DOCUMENT_CHARS) }, ...ANSWER]],
    ["broken", [...ANSWER.slice(0, 4), { type: "fault", fault: { kind: "outage", code: "x", message: "" } }]],
  ])("one %s is not kept", (_what, events) => {
    expect(document(events)).toBeNull();
  });

  test("is given only while who gave it might still be asked", () => {
    const by = readDocument(document(ANSWER) ?? "").by;
    const given = (text: string, change: Partial<ModelRequest> = {}) =>
      mayGive(by, routeInput(snapshotOf(text), { request: { ...FAKE_REQUEST, ...change } }));
    expect(given(BASE_POLICY)).toBe(true);
    expect(given(BASE_POLICY, { contract: { safetyLevel: "high" } })).toBe(true);
    expect(given(BASE_POLICY, { contract: { safetyLevel: "regulated" } })).toBe(false);
    expect(given(BASE_POLICY, { contract: { residency: ["eu-*"] } })).toBe(false);
    const within = BASE_POLICY.replace("max_output_tokens: 40", "residency: [us-west-2]");
    const elsewhere = within.replace("large@us-east-1", "small").replace("fallback: [small]", "fallback: []");
    expect(given(elsewhere)).toBe(false);
    expect(given(BASE_POLICY.replace("large: {", "large: { status: retired,"))).toBe(false);
    expect(given(BASE_POLICY.replace("large: {", "large: { tenants: [somebody],"))).toBe(false);
    expect(given(BASE_POLICY.replaceAll("large-us", "large-na"))).toBe(false);
  });
});

function kept(n: number, change: Partial<KeptAnswer> = {}): KeptAnswer {
  const at = { storedAt: n, expiresAt: 1_000_000 };
  return { tenant: "acme", key: `k${n}`, useCase: "chat", ...at, document: "0123456789", ...change };
}

describe("the cache in memory", () => {
  test("keeps tenants apart", () => {
    const cache = createAnswerCache({ count: 10, chars: 1000 });
    cache.keep(kept(1, { tenant: "a", document: "a's" }));
    expect(cache.find("b", "k1", 0)).toBeNull();
    cache.keep(kept(1, { tenant: "b", document: "b's" }));
    expect(cache.find("a", "k1", 0)?.document).toBe("a's");
    expect(cache.find("b", "k1", 0)?.document).toBe("b's");
  });

  test("no tenant's answer is ever given to another, whatever they are called", () => {
    const names = fc.array(fc.tuple(fc.string(), fc.stringMatching(/^[0-9a-f]{1,4}$/)), { maxLength: 20 });
    fc.assert(
      fc.property(names, fc.string(), fc.stringMatching(/^[0-9a-f]{1,4}$/), (all, tenant, key) => {
        const cache = createAnswerCache({ count: 100, chars: 1000 });
        for (const [of, k] of all) cache.keep(kept(1, { tenant: of, key: k }));
        const found = cache.find(tenant, key, 0);
        if (found) expect([found.tenant, found.key]).toEqual([tenant, key]);
      }),
    );
  });

  test("the least recently given leave first, by number and by size", () => {
    const cache = createAnswerCache({ count: 3, chars: 1000 });
    for (const n of [1, 2, 3]) cache.keep(kept(n));
    cache.find("acme", "k1", 0);
    cache.keep(kept(4));
    expect([1, 2, 3, 4].map((n) => cache.find("acme", `k${n}`, 0) !== null)).toEqual([
      true,
      false,
      true,
      true,
    ]);
    cache.keep(kept(5, { document: "x".repeat(985) }));
    expect(cache.stats()).toEqual({ count: 2, chars: 995 });
    cache.keep(kept(6, { document: "x".repeat(2000) }));
    expect(cache.stats()).toEqual({ count: 0, chars: 0 });
  });

  test("forgets what has expired, and use cases that keep none any more", () => {
    const cache = createAnswerCache({ count: 10, chars: 1000 });
    cache.keep(kept(1, { expiresAt: 50 }));
    cache.keep(kept(2, { useCase: "other" }));
    expect(cache.find("acme", "k1", 49)).not.toBeNull();
    expect(cache.find("acme", "k1", 50)).toBeNull();
    cache.keepOnly(["chat"]);
    expect(cache.stats()).toEqual({ count: 0, chars: 0 });
  });

  test("an older answer does not take a newer one's place", () => {
    const cache = createAnswerCache({ count: 10, chars: 1000 });
    cache.keep(kept(1, { storedAt: 5, document: "new" }));
    cache.keep(kept(1, { storedAt: 4, document: "old" }));
    expect(cache.find("acme", "k1", 0)?.document).toBe("new");
  });
});

describe("the cache over a store", () => {
  function setUp(change: Partial<AnswerStore> = {}) {
    const clock = new FakeClock(0);
    const { answers } = createMemoryStore();
    const reports: unknown[] = [];
    const store: AnswerStore = { ...answers, ...change };
    const open = () => createKeptAnswers({ store, clock, report: (thrown) => reports.push(thrown) });
    return { clock, answers, reports, open };
  }
  const all = (store: AnswerStore) => store.load(0, { count: 100, chars: 10_000 });

  test("writes off the path, and another process finds it", async () => {
    const { clock, answers, open } = setUp();
    const first = open();
    await first.loaded();
    first.keep(kept(1));
    expect(await all(answers)).toEqual([]);
    await clock.advance(1000);
    expect(await all(answers)).toEqual([kept(1)]);
    const second = open();
    await second.loaded();
    expect(second.find("acme", "k1", 5)).toEqual(kept(1));
    await first.close();
    await second.close();
    expect(clock.pending).toBe(0);
  });

  test("closing writes what waits", async () => {
    const { answers, open } = setUp();
    const cache = open();
    for (let n = 0; n < 100; n++) cache.keep(kept(n));
    await cache.close();
    expect(await all(answers)).toHaveLength(100);
    cache.keep(kept(200));
    expect(cache.find("acme", "k200", 0)).toBeNull();
  });

  test("a store that fails costs no answer, is reported once, and gets it when it is back", async () => {
    let broken = true;
    const { clock, answers, reports, open } = setUp({
      async put(batch) {
        if (broken) throw new Error("disk full");
        await answers.put(batch);
      },
    });
    const cache = open();
    await cache.loaded();
    cache.keep(kept(1));
    await clock.advance(30_000);
    expect(cache.find("acme", "k1", 0)).not.toBeNull();
    expect(reports).toHaveLength(1);
    broken = false;
    await clock.advance(10_000);
    expect(await all(answers)).toHaveLength(1);
    await cache.close();
  });

  test("a use case that keeps none any more loses them here and in the store", async () => {
    const { answers, open } = setUp();
    await answers.put([kept(1), kept(2, { useCase: "other" })]);
    const cache = open();
    cache.keepOnly(["other"]);
    await cache.loaded();
    expect(cache.find("acme", "k1", 0)).toBeNull();
    expect(cache.find("acme", "k2", 0)).not.toBeNull();
    await cache.close();
    expect((await all(answers)).map(({ key }) => key)).toEqual(["k2"]);
  });

  test("sweeps now and then", async () => {
    const { clock, answers, open } = setUp();
    await answers.put([kept(1, { expiresAt: 1000 })]);
    const cache = open();
    await cache.loaded();
    await clock.advance(10 * 60_000);
    expect(await answers.sweep(0, { count: 0, chars: 0 })).toBe(0);
    await cache.close();
  });
});

describe("cache-control of a request", () => {
  const infinity = Number.POSITIVE_INFINITY;
  test.each<[string | null, boolean, boolean, number]>([
    [null, false, false, infinity],
    ["no-store", true, false, infinity],
    ["No-Cache", false, true, infinity],
    ["max-age=60", false, false, 60_000],
    ['max-age="60", no-transform', false, false, 60_000],
    ["max-age=0", false, true, 0],
    ["max-age=soon", false, false, infinity],
    ["private, x-no-store=1", false, false, infinity],
  ])("%p", (header, noStore, refresh, maxAgeMs) => {
    expect(readCacheControl(header)).toEqual({ noStore, refresh, maxAgeMs });
  });
});
