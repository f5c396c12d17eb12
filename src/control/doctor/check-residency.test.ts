import { describe, expect, test } from "bun:test";
import { checkPrices } from "./check-prices.ts";
import { checkResidency } from "./check-residency.ts";
import { deploymentOf, patientOf } from "./fake-patient.ts";

const policy = (useCases: string) => `version: 1
name: residency
providers: { aws: { kind: bedrock }, own: { kind: openai-compatible, base_url: "http://127.0.0.1:1/v1" } }
models:
  claude: { context_window: 1000 }
  other: { context_window: 1000, prices: { input: 1, output: 1 } }
deployments:
  plain-us: { model: claude, provider: aws, model_id: "anthropic.claude-sonnet-4-5-20250929-v1:0", region: us-east-1 }
  here: { model: claude, provider: own, model_id: c, region: eu-west-1 }
  eu: { model: claude, provider: aws, model_id: "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", region: eu-west-1 }
  anywhere: { model: claude, provider: aws, model_id: "global.anthropic.claude-sonnet-4-5-20250929-v1:0", region: eu-west-1 }
  unknown: { model: other, provider: aws, model_id: "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/ab12", region: eu-west-1 }
  written: { model: other, provider: aws, model_id: "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/cd34", region: eu-west-1, regions: [eu-west-1] }
use_cases:
${useCases}
`;

const EU = `  eu-chat: { aliases: [eu-alias], residency: ["eu-*"], ladder: { primary: claude } }`;
const TWO = `${EU}
  west: { residency: [eu-west-1], ladder: { primary: claude, fallback: [other] } }
  all: { ladder: { primary: claude } }`;

function check(id: string, useCases: string) {
  const patient = patientOf(policy(useCases));
  return checkResidency(deploymentOf(id, patient), patient.snapshot.useCases);
}

describe("residency", () => {
  test("a region outside is a warning, once a use case, whatever aliases it has", () => {
    const verdicts = check("plain-us", TWO);
    expect(verdicts.map(({ status }) => status)).toEqual(["warning", "warning"]);
    expect(verdicts[0]?.message).toBe(
      "The use case eu-chat refuses it: outside its residency eu-*, a call is processed in us-east-1.",
    );
  });

  test("a profile is named, with every region outside that it leads to", () => {
    expect(check("eu", EU)).toEqual([]);
    const [verdict] = check("eu", TWO);
    expect(verdict?.message).toContain("west refuses it");
    expect(verdict?.message).toContain("the profile eu.anthropic.claude-sonnet-4-5-20250929-v1:0 may send");
    for (const region of ["eu-central-1", "eu-north-1", "eu-south-1", "eu-west-3"]) {
      expect(verdict?.message).toContain(region);
    }
    expect(verdict?.message.replace("residency eu-west-1", "")).not.toContain("eu-west-1");
    expect(check("anywhere", EU)[0]?.message).toContain("may send a call to any region.");
  });

  test("nobody knows where a profile of the account's own leads, unless it is written", () => {
    const [verdict, more] = check("unknown", TWO);
    expect(verdict?.message).toContain("is not known: whatever has a residency refuses it (west).");
    expect(verdict?.fix).toContain("Write `regions`");
    expect(more).toBeUndefined();
    expect(check("unknown", EU)[0]?.message).toContain("whatever has a residency refuses it.");
    expect(check("written", TWO)).toEqual([]);
  });

  test("inside, or without a residency, there is nothing to say", () => {
    expect(check("here", TWO)).toEqual([]);
    expect(check("plain-us", "  all: { ladder: { primary: claude } }")).toEqual([]);
  });

  test("a ladder of a rule counts too", () => {
    const routed = `  eu-other: { residency: ["eu-*"], ladder: { primary: claude@eu-west-1 } }
routes:
  - { name: r, use_case: [eu-other], when: "true", ladder: { primary: claude@us-east-1, fallback: [claude@eu-west-1] } }`;
    expect(check("plain-us", routed)).toHaveLength(1);
  });
});

test("a model without prices is a warning, a free one is not", () => {
  const patient = patientOf(policy(EU));
  expect(checkPrices(deploymentOf("eu", patient))).toMatchObject({
    status: "warning",
    fix: expect.stringContaining("models.claude"),
  });
  expect(checkPrices(deploymentOf("written", patient))).toBeNull();
});
