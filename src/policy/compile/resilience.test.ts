import { describe, expect, test } from "bun:test";
import { BASE_POLICY, compileTexts, FAKE_REQUEST, routeInput, snapshotOf } from "../fake-policy.ts";
import { planRoute } from "../routing/plan.ts";

const chat = (lines: string) =>
  BASE_POLICY.replace("max_output_tokens: 40", `max_output_tokens: 40\n    ${lines}`);
const interactive = (lines: string) => chat(`latency_tier: interactive\n    ${lines}`);
const codes = (text: string) => compileTexts(text).findings.map(({ code, path }) => `${code} ${path}`);

describe("hedge", () => {
  test("has defaults, and is absent where it is not written", () => {
    expect(snapshotOf(interactive("hedge: {}")).useCases.get("chat")?.hedge).toEqual({
      after: "p95",
      maxShare: 0.05,
    });
    expect(snapshotOf(BASE_POLICY).useCases.get("chat")?.hedge).toBeNull();
  });

  test("is read, and is part of the plan of interactive requests alone", () => {
    const snapshot = snapshotOf(interactive("hedge: { after: 800ms, max_share: 0.2 }"));
    const input = routeInput(snapshot);
    const planned = planRoute(input);
    expect(planned.ok && planned.value.hedge).toEqual({ after: 800, maxShare: 0.2 });
    const patient = planRoute({
      ...input,
      request: { ...FAKE_REQUEST, contract: { latencyTier: "standard" } },
    });
    expect(patient.ok && patient.value.hedge).toBeNull();
  });

  test.each([
    ["a tier that is not interactive", chat("hedge: {}"), "hedge_without_effect use_cases.chat.hedge"],
    [
      "one attempt",
      interactive("max_attempts: 1\n    hedge: {}"),
      "hedge_without_effect use_cases.chat.hedge",
    ],
    [
      "a ceiling that the first call may use up",
      BASE_POLICY.replace(
        "max_output_tokens: 40",
        "latency_tier: interactive\n    cost_ceiling_usd: 0.01\n    hedge: {}",
      ),
      "hedge_without_effect use_cases.chat.hedge",
    ],
    [
      "a ladder with one deployment of the model",
      interactive("hedge: {}")
        .replace("large@us-east-1", "{ deployments: [small-us] }")
        .replace("fallback: [small]", "fallback: [large]"),
      "hedge_without_effect use_cases.chat.hedge",
    ],
  ])("is warned about with %s", (_, text, finding) => {
    expect(codes(text)).toContain(finding);
  });

  test("is not warned about where it can work", () => {
    expect(codes(interactive("hedge: {}")).filter((code) => code.startsWith("hedge"))).toEqual([]);
  });

  test.each(["{ after: 800 }", "{ after: p99 }", "{ max_share: 0 }", "{ max_share: 2 }", "{ before: 1s }"])(
    "%s is refused",
    (written) => {
      expect(compileTexts(interactive(`hedge: ${written}`)).snapshot).toBeNull();
    },
  );
});

describe("exercise", () => {
  test("has a default share, none where it is not written, and half at the most", () => {
    expect(snapshotOf(chat("exercise: {}")).useCases.get("chat")?.exerciseShare).toBe(0.01);
    expect(snapshotOf(BASE_POLICY).useCases.get("chat")?.exerciseShare).toBe(0);
    expect(compileTexts(chat("exercise: { share: 0.6 }")).snapshot).toBeNull();
  });

  test("is warned about where there is nothing to exercise", () => {
    const text = chat("exercise: {}").replace("fallback: [small]", "cross_region: none");
    expect(codes(text)).toContain("nothing_to_exercise use_cases.chat.exercise");
  });
});

describe("probes", () => {
  const probed = (written: string) => `${BASE_POLICY}probes: ${written}\n`;

  test("are none where nothing is written, and all deployments' by default", () => {
    expect(snapshotOf(BASE_POLICY).probes.size).toBe(0);
    const { probes } = snapshotOf(probed("{}"));
    expect([...probes.keys()].toSorted()).toEqual(["large-eu", "large-us", "small-us"]);
    expect(probes.get("large-us")).toEqual({
      everyMs: 30_000,
      timeoutMs: 5000,
      when: "open",
      prompt: "ping",
    });
  });

  test("differ by deployment, or are off", () => {
    const { probes } = snapshotOf(
      probed("{ every: 1m, deployments: { large-us: { every: 10s, when: always }, small-us: off } }"),
    );
    expect(probes.get("large-us")).toMatchObject({ everyMs: 10_000, when: "always" });
    expect(probes.get("large-eu")).toMatchObject({ everyMs: 60_000, when: "open" });
    expect(probes.has("small-us")).toBe(false);
  });

  test("of a deployment that does not exist are an error, with a suggestion", () => {
    const { snapshot, findings } = compileTexts(probed("{ deployments: { large-ux: off } }"));
    expect(snapshot).toBeNull();
    expect(findings[0]).toMatchObject({ code: "unknown_deployment", path: "probes.deployments.large-ux" });
    expect(findings[0]?.fix).toContain("large-us");
  });

  test.each(["{ every: 0s }", "{ timeout: 0ms }", "{ when: closed }", '{ prompt: "" }'])(
    "%s is refused",
    (written) => {
      expect(compileTexts(probed(written)).snapshot).toBeNull();
    },
  );
});
