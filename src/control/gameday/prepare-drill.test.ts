import { describe, expect, test } from "bun:test";
import { DRILL, prepare, prepared } from "./fake-drill.ts";
import { createQuestions, PATHS } from "./plan-load.ts";

describe("what a drill becomes", () => {
  test("faults know whom they strike and when, deployments take model and region from the policy", () => {
    const drill = prepared();
    expect(drill.faults).toMatchObject([
      {
        name: "gone",
        kind: "status 503",
        deployments: ["large-us"],
        bands: [{ startMs: 5000, endMs: 10_000 }],
      },
    ]);
    expect(JSON.parse(drill.scenario).deployments["large-eu"]).toEqual({
      model: "large",
      region: "eu-west-1",
    });
    expect(drill.useCases).toMatchObject([{ id: "chat", weight: 1, stream: 0.5, deadlineMs: 90_000 }]);
  });

  test("compression divides the schedule and the load, never a fault's own delay or an objective", () => {
    const text = DRILL.replace("version: 1", "version: 1\ncompress: 10")
      .replace("{ status: 503 }", "{ slow_first_token: 3s }")
      .replace("duration: 5s", "duration: 5s, repeat_every: 8s")
      .concat("slo: { open_within: 2s }\n");
    const drill = prepared(text.replace("duration: 20s", "duration: 200s"));
    expect(drill.load.durationMs).toBe(20_000);
    expect(drill.openWithinMs).toBe(2000);
    expect(drill.faults[0]?.input).toMatchObject({
      start: "500ms",
      duration: "500ms",
      repeat_every: "800ms",
      fault: { slow_first_token: "3s" },
    });
    const bands = drill.faults[0]?.bands ?? [];
    expect(bands.slice(0, 2)).toEqual([
      { startMs: 500, endMs: 1000 },
      { startMs: 1300, endMs: 1800 },
    ]);
    expect(bands.at(-1)?.endMs).toBeLessThanOrEqual(20_000);
  });

  test("the command line may change the seed, the rate and the length", () => {
    const drill = prepared(DRILL, { seed: 9, ratePerSecond: 3, durationMs: 7000 });
    expect(drill).toMatchObject({ seed: 9, load: { ratePerSecond: 3, durationMs: 7000 } });
    expect(drill.faults[0]?.bands).toEqual([{ startMs: 5000, endMs: 7000 }]);
  });

  test("without a seed anywhere the schedule's holds, without that 1", () => {
    expect(prepared().seed).toBe(1);
    expect(prepared(DRILL.replace("  faults:", "  seed: 5\n  faults:")).seed).toBe(5);
  });
});

describe("a use case for vectors", () => {
  const overlay = `models: { vec: { context_window: 100, capabilities: [embeddings] } }
deployments: { vec-us: { model: vec, provider: sim, model_id: v, region: us-east-1 } }
use_cases: { find: { task_type: embedding, ladder: { primary: vec } } }
`;
  const of = (find: string) =>
    prepare(DRILL.replace("use_case: chat", `use_cases: { find: ${find} }`), {}, overlay);

  test("is asked for vectors, and never for a stream", () => {
    const result = of("1");
    if (!result.ok) throw new Error("refused");
    expect(result.drill.useCases).toMatchObject([{ id: "find", asks: "embed", stream: 0 }]);
    const { body, stream, useCase } = createQuestions(result.drill)(3);
    expect(stream).toBe(false);
    expect(PATHS[useCase.asks]).toBe("/v1/embeddings");
    expect(JSON.parse(body)).toEqual({ model: "find", input: expect.any(String) });
  });

  test.each(["{ stream: 0.5 }", "{ schema: { type: object } }"])("with %s is refused", (find) => {
    expect(of(find)).toMatchObject({
      ok: false,
      findings: [{ path: "use_cases.find", message: expect.stringContaining("vectors") }],
    });
  });
});

describe("what is refused before anything starts", () => {
  const messages = (text: string, ...overlays: string[]) => {
    const result = prepare(text, {}, ...overlays);
    return result.ok ? [] : result.findings.map(({ message, fix }) => `${message} ${fix}`);
  };

  test.each([
    [
      "a use case that is not there",
      DRILL.replace("use_case: chat", "use_case: chet"),
      /"chet".*mean "chat"/,
    ],
    ["a fault that can strike nobody", DRILL.replace("us-east-1", "us-east-9"), /"gone" fits no/],
    [
      "a deployment that is not there",
      DRILL.replace("  faults:", "  deployments: { larg-us: {} }\n  faults:"),
      /"larg-us".*"large-us"/,
    ],
    ["a circuit that is not there", `${DRILL}slo: { circuits: [x] }\n`, /no deployment "x"/],
    ["a load that is over at once", DRILL.replace("duration: 20s", "duration: 20ms"), /from 1 s to 1 h/],
    ["a fault that never begins", DRILL.replace("start: 5s", "start: 1h"), /"gone" never begins.*20 s/],
    [
      "a surge that never begins",
      DRILL.replace("duration: 20s", "duration: 20s, surges: [{ start: 20s, duration: 1s, times: 2 }]"),
      /surge never begins.*20 s/,
    ],
    [
      "a stop condition that can never hold",
      `${DRILL}stop_conditions: [{ metric: availability, below: 0.8, over: 50s }]\n`,
      /over 50 s.*20 s/,
    ],
  ])("%s", (_, text, message) => {
    expect(messages(text)[0]).toMatch(message);
  });

  test("what compression or the command line leaves no time for", () => {
    expect(prepare(DRILL, { durationMs: 4000 })).toMatchObject({
      ok: false,
      findings: [{ path: "schedule.faults[0].start" }],
    });
    const fast = DRILL.replace("version: 1", "version: 1\ncompress: 10");
    const watched = `${fast}stop_conditions: [{ metric: hung, above: 1, over: 3s }]\n`;
    expect(messages(watched)[0]).toMatch(/over 3 s.*2 s/);
    expect(messages(fast)).toEqual([]);
  });

  test("a policy that would call a real provider", () => {
    const overlay = (url: string) => `
providers: { real: { kind: openai-compatible, base_url: "${url}" } }
deployments: { real-one: { model: small, provider: real, model_id: m, region: us-west-2 } }
`;
    expect(messages(DRILL, overlay("https://models.example.com/v1"))[0]).toMatch(/real-one .* real provider/);
    expect(messages(DRILL, overlay("http://127.evil.example/v1"))).toHaveLength(1);
    expect(messages(DRILL, overlay("http://127.0.0.1:1/v1"))).toEqual([]);
  });
});
