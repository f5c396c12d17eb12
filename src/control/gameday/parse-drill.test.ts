import { describe, expect, test } from "bun:test";
import { drillJsonSchema } from "./drill.ts";
import { DRILL } from "./fake-drill.ts";
import { parseDrill } from "./parse-drill.ts";

const parse = (text: string) => parseDrill({ file: "drill.yaml", text });

function findingsOf(text: string) {
  const parsed = parse(text);
  if (parsed.ok) throw new Error("The drill is valid.");
  return parsed.findings;
}

test("a drill keeps its schedule as it was written, for the simulator to read", () => {
  const parsed = parse(DRILL);
  expect(parsed).toMatchObject({
    ok: true,
    document: { name: "drill", compress: 1, slo: { truncated_as_complete: 0, hung: 0, wrong_answers: 0 } },
    schedule: { faults: [{ start: "5s", duration: "5s", fault: { status: 503 } }] },
  });
});

describe("a drill that is wrong", () => {
  test("says where and how to mend it, all of it at once", () => {
    const text = DRILL.replace("rate: 10", "rate: -1")
      .replace("503", "200")
      .replace("name: gone", "nam: gone");
    const findings = findingsOf(text);
    expect(findings.map(({ path }) => path)).toEqual([
      "load.rate",
      "schedule.faults[0].nam",
      "schedule.faults[0].fault.status",
    ]);
    expect(findings[1]).toMatchObject({ line: 7, code: "unknown_key", fix: 'Did you mean "name"?' });
  });

  test("a kind of fault that is misspelt is told the one that is meant", () => {
    const findings = findingsOf(DRILL.replace("{ status: 503 }", "{ throttl: 5s }"));
    expect(findings.map(({ fix }) => fix)).toContain('Did you mean "throttle"?');
  });

  test.each([
    ["both a rate and callers", DRILL.replace("rate: 10", "rate: 10, concurrency: 2"), /exactly one of rate/],
    ["no use case", DRILL.replace("use_case: chat\n", ""), /exactly one of use_case/],
    ["a scenario and faults of its own", DRILL.replace("faults:", "scenario: a.yaml\n  faults:"), /either/],
    ["a stop condition without a limit", `${DRILL}stop_conditions: [{ metric: hung }]`, /below and above/],
    ["a list in place of a map", "- a", /not a map/],
    ["no YAML", "a: [", /YAML/],
  ])("%s", (_, text, message) => {
    expect(findingsOf(text)[0]?.message).toMatch(message);
  });
});

test("the published schema says what every field is for", () => {
  const schema = drillJsonSchema();
  expect(schema).toMatchObject({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    required: ["version", "name", "load", "schedule"],
    additionalProperties: false,
  });
  expect(JSON.stringify(schema)).toContain("slow_first_token");
});
