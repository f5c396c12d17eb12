import { describe, expect, test } from "bun:test";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import { FAKE_PORTS, FAKE_REQUEST, routeInput } from "../fake-policy.ts";
import type { Finding } from "../finding.ts";
import { parsePolicy } from "../reading/load.ts";
import { planRoute } from "../routing/plan.ts";
import { type CompilePorts, compilePolicy } from "./compile.ts";

const PROFILE = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
const GLOBAL = "global.anthropic.claude-sonnet-4-5-20250929-v1:0";
const APPLICATION = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/ab12cd34";

/** One deployment in Ireland, of Bedrock unless it names a provider, and a use case that it serves. */
function compile(
  deployment: string,
  useCase = "",
  ports: Partial<CompilePorts> = {},
): { readonly snapshot: ConfigSnapshot | null; readonly findings: readonly Finding[] } {
  const provider = deployment.includes("provider:") ? "" : "provider: aws,";
  const text = `version: 1
name: test
providers: { aws: { kind: bedrock }, sim: { kind: simulator } }
models: { m: { context_window: 9000, prices: { input: 1, output: 1 } } }
deployments:
  d: { model: m, ${provider} region: eu-west-1, ${deployment} }
use_cases:
  chat: { ${useCase} ladder: { primary: m, degraded: [{ busy: { message: x } }] } }
`;
  const parsed = parsePolicy([{ file: "policy.yaml", text }]);
  if (parsed.document === null) return { snapshot: null, findings: parsed.findings };
  return compilePolicy(parsed.document, parsed.locate, { ...FAKE_PORTS, ...ports });
}

function regionsOf(deployment: string, ports: Partial<CompilePorts> = {}): readonly string[] | undefined {
  return compile(deployment, "", ports).snapshot?.deployments.get("d")?.regions;
}

const codes = ({ findings }: { findings: readonly Finding[] }) => findings.map(({ code }) => code);

describe("where a deployment's calls may be processed", () => {
  test("as written, before anything else", () => {
    const ports = { profileRegions: () => ["eu-west-3"] };
    expect(regionsOf(`model_id: '${PROFILE}', regions: [eu-west-1, 'eu-central-*']`, ports)).toEqual([
      "eu-west-1",
      "eu-central-*",
    ]);
  });

  test("else as Bedrock itself says, for the region that is called", () => {
    const asked: string[][] = [];
    const profileRegions = (...question: [string, string]) => {
      asked.push(question);
      return ["eu-west-1", "eu-west-3"];
    };
    expect(regionsOf(`model_id: '${APPLICATION}'`, { profileRegions })).toEqual(["eu-west-1", "eu-west-3"]);
    expect(asked).toEqual([[APPLICATION, "eu-west-1"]]);
  });

  test("else as the shipped table says", () => {
    const regions = regionsOf(`model_id: '${PROFILE}'`, { profileRegions: () => null });
    expect(regions).toContain("eu-south-2");
    expect(regions?.[0]).toBe("eu-west-1");
  });

  test("else where it is called", () => {
    expect(regionsOf("model_id: 'amazon.nova-pro-v1:0'")).toEqual(["eu-west-1"]);
  });

  test("anywhere under a global profile", () => {
    const compiled = compile(`model_id: '${GLOBAL}'`);
    expect(compiled.snapshot?.deployments.get("d")?.regions).toEqual(["*"]);
    expect(compiled.findings).toEqual([]);
  });

  test("perhaps anywhere under a profile of the account's own, with a warning", () => {
    const compiled = compile(`model_id: '${APPLICATION}'`);
    expect(compiled.snapshot?.deployments.get("d")?.regions).toEqual(["*"]);
    expect(compiled.findings).toMatchObject([
      { severity: "warning", code: "unknown_profile_regions", line: 6, path: "deployments.d.model_id" },
    ]);
    expect(compiled.findings[0]?.fix).toContain("regions:");
  });

  test("regions that are written need no warning", () => {
    expect(compile(`model_id: '${APPLICATION}', regions: [eu-west-1]`).findings).toEqual([]);
  });

  test("a profile of another geography is a warning", () => {
    expect(codes(compile("model_id: us.amazon.nova-pro-v1:0"))).toEqual(["profile_not_callable"]);
  });
});

describe("a residency needs every region that a call may be processed in", () => {
  test("a ladder whose profile leaves it is an error before anybody calls", () => {
    const compiled = compile(`model_id: '${PROFILE}'`, "residency: [eu-west-*],");
    expect(compiled.findings).toMatchObject([{ code: "residency_excludes_all", severity: "error" }]);
    expect(compiled.findings[0]?.fix).toContain("eu-central-1");
  });

  test.each([
    ["a profile inside", `model_id: '${PROFILE}'`, "residency: ['eu-*'],", []],
    ["a global profile", `model_id: '${GLOBAL}'`, "residency: ['eu-*'],", ["residency_excludes_all"]],
    [
      "an unknown profile",
      `model_id: '${APPLICATION}'`,
      "residency: ['eu-*', 'us-*'],",
      ["unknown_profile_regions", "residency_excludes_all"],
    ],
    ["a global profile where everything is allowed", `model_id: '${GLOBAL}'`, "residency: ['*'],", []],
    [
      "globs that are written, inside",
      `model_id: '${PROFILE}', regions: ['eu-west-*']`,
      "residency: ['eu-*'],",
      [],
    ],
    [
      "globs that are written, wider",
      `model_id: '${PROFILE}', regions: ['eu-*']`,
      "residency: ['eu-west-*'],",
      ["residency_excludes_all"],
    ],
  ])("%s", (_what, deployment, useCase, expected) => {
    expect(codes(compile(deployment, useCase))).toEqual(expected);
  });

  function refusal(deployment: string, residency: readonly string[]): string | undefined {
    const { snapshot } = compile(deployment);
    if (snapshot === null) throw new Error("not valid");
    const request = { ...FAKE_REQUEST, contract: { residency } };
    const plan = planRoute(routeInput(snapshot, { request }));
    return plan.ok ? plan.value.refusals[0]?.reason : undefined;
  }

  test("a caller's residency is refused with the region that falls outside", () => {
    expect(refusal(`model_id: '${PROFILE}'`, ["eu-west-*"])).toBe(
      "The inference profile of the deployment d may send a call to eu-central-1, outside the residency eu-west-*.",
    );
    expect(refusal(`model_id: '${GLOBAL}'`, ["eu-*", "us-*"])).toBe(
      "The inference profile of the deployment d may send a call to any region, outside the residency eu-*, us-*.",
    );
    expect(refusal(`model_id: '${PROFILE}'`, ["us-*"])).toBe(
      "The region eu-west-1 is outside the residency us-*.",
    );
  });

  test("a deployment of another kind says it in other words", () => {
    expect(refusal("provider: sim, model_id: x, regions: [eu-west-1, us-east-1]", ["eu-*"])).toBe(
      "A call of the deployment d may be processed in us-east-1, outside the residency eu-*.",
    );
  });

  test("and served where every region is inside", () => {
    expect(refusal(`model_id: '${PROFILE}'`, ["eu-*"])).toBeUndefined();
  });
});
