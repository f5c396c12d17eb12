import { describe, expect, test } from "bun:test";
import type { Caller } from "../../core/caller.ts";
import { FakeClock } from "../../core/fake-clock.ts";
import { byId, circuitSettings, deployment } from "../../resilience/fake-plan.ts";
import { createHealth, type HealthReport } from "../../resilience/health.ts";
import type { Endpoint } from "../endpoint.ts";
import { findRoute } from "../routes.ts";
import { healthEndpoints } from "./health.ts";

const OPERATOR: Caller = { keyId: "ops-1", tenant: "t", tier: "standard", role: "operator", useCases: null };

function setUp() {
  const clock = new FakeClock();
  const health = createHealth(clock);
  health.reconfigure(byId([deployment("large-us")]), circuitSettings);
  const audited: unknown[] = [];
  const store = { isWritable: true };
  const audit = { note: async (record: unknown) => void audited.push(record) };
  const endpoints = healthEndpoints({
    circuits: { health, clock, audit, kept: async () => store.isWritable },
  });
  const order = async (verb: "reset" | "force-open", name: string, body: object) => {
    const path = `/admin/health/{deployment}/${verb}`;
    const endpoint = endpoints.find((one) => one.path === path);
    if (!endpoint) throw new Error(path);
    return answerOf(endpoint, name, body);
  };
  return { clock, health, audited, order, store };
}

async function answerOf(endpoint: Endpoint, name: string, body: object): Promise<HealthReport | string> {
  const parsed = endpoint.body?.safeParse(body);
  if (!parsed?.success) return "invalid";
  const request = new Request("http://gateway/");
  const input = {
    params: { deployment: name },
    query: {},
    body: parsed.data,
    headers: request.headers,
    request,
    caller: OPERATOR,
  };
  const answer = await endpoint.handle(input);
  return answer instanceof Response ? ((await answer.json()) as HealthReport) : answer.code;
}

describe("an operator", () => {
  test("takes a deployment out for a time, and it is probed afterwards", async () => {
    const { clock, health, audited, order } = setUp();
    const row = await order("force-open", "large-us", { for: "10m", reason: "their maintenance" });
    expect(row).toMatchObject({ state: "open", reason: "forced", nextProbeAt: clock.now() + 600_000 });
    expect(health.admit("large-us", clock.now(), "anyway")).toBe("circuit_open");
    expect(audited).toEqual([
      {
        actor: "ops-1",
        action: "circuit.forced_open",
        subject: "large-us",
        details: { reason: "their maintenance", until: clock.now() + 600_000 },
      },
    ]);
    await clock.advance(600_000);
    expect(health.admit("large-us", clock.now())).toMatchObject({ probe: true });
  });

  test("takes it out until further notice, and puts it back", async () => {
    const { clock, audited, order } = setUp();
    expect(await order("force-open", "large-us", {})).toMatchObject({ state: "open", nextProbeAt: null });
    await clock.advance(1_000_000);
    expect(await order("reset", "large-us", {})).toMatchObject({ state: "closed", reason: null });
    expect(audited.at(-1)).toEqual({
      actor: "ops-1",
      action: "circuit.reset",
      subject: "large-us",
      details: { reason: null, was: "open", openedBy: "forced", cooldownUntil: null },
    });
  });

  test("puts back what its provider wished left alone, and the log says until when that was", async () => {
    const { clock, health, audited, order } = setUp();
    const until = clock.now() + 86_400_000;
    const [row] = health.report(clock.now());
    health.coolUntil(row?.quotaGroup ?? "", until);
    expect(await order("reset", "large-us", {})).toMatchObject({ state: "closed", cooldownUntil: null });
    expect(typeof health.admit("large-us", clock.now())).toBe("object");
    expect(audited).toMatchObject([{ details: { was: "closed", cooldownUntil: until } }]);
  });

  test.each(["reset", "force-open"] as const)(
    "%s that the store has not taken yet says so, and so does the audit log",
    async (verb) => {
      const { audited, order, store } = setUp();
      expect(await order(verb, "large-us", {})).not.toHaveProperty("kept");
      store.isWritable = false;
      expect(await order(verb, "large-us", {})).toMatchObject({ kept: false });
      expect(audited).toMatchObject([{ details: {} }, { details: { kept: false } }]);
      expect(audited[0]).not.toHaveProperty("details.kept");
    },
  );

  test.each(["reset", "force-open"] as const)(
    "%s of an unknown deployment is told so, and not audited",
    async (verb) => {
      const { audited, order } = setUp();
      expect(await order(verb, "large-uk", {})).toBe("unknown_deployment");
      expect(audited).toEqual([]);
    },
  );

  test.each([
    { for: "10" },
    { for: "0s" },
    { for: "2d" },
    { reason: 1 },
    { reason: "x".repeat(501) },
    { why: "?" },
  ])("%p is refused", async (body) => {
    expect(await setUp().order("force-open", "large-us", body)).toBe("invalid");
  });
});

test("only an operator may order", () => {
  for (const verb of ["reset", "force-open"]) {
    expect(findRoute("POST", `/admin/health/large-us/${verb}`)).toMatchObject({
      kind: "found",
      row: { access: "operator", auditsItself: true },
    });
  }
});
