import { describe, expect, test } from "bun:test";
import { isCallableFrom, profileRegions, readBedrockModel } from "./inference-profiles.ts";

const ARN = "arn:aws:bedrock:eu-west-1:123456789012";

describe("what a model id names", () => {
  test.each([
    ["anthropic.claude-3-haiku-20240307-v1:0", "model"],
    ["anthropic.claude-opus-4-6-v1", "model"],
    ["deepseek.v3.2", "model"],
    ["zai.glm-4.7", "model"],
    ["ai21.jamba-1-5-large-v1:0", "model"],
    ["arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-pro-v1:0", "model"],
    [`${ARN}:provisioned-model/ab12cd34`, "model"],
    [`${ARN}:custom-model/amazon.nova-lite-v1:0:8k/ab12cd34`, "model"],
    [`${ARN}:custom-model-deployment/ab12cd34`, "model"],
    [`${ARN}:imported-model/ab12cd34`, "model"],
    ["arn:aws:sagemaker:eu-west-1:123456789012:endpoint/marketplace-llm", "model"],
    ["eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "profile"],
    ["us-gov.anthropic.claude-3-haiku-20240307-v1:0", "profile"],
    ["global.anthropic.claude-sonnet-4-5-20250929-v1:0", "profile"],
    [`${ARN}:inference-profile/eu.amazon.nova-pro-v1:0`, "profile"],
    ["in.anthropic.claude-sonnet-9", "unknown"],
    ["ab12cd34ef56", "unknown"],
    [`${ARN}:application-inference-profile/ab12cd34`, "unknown"],
    [`${ARN}:default-prompt-router/anthropic.claude:1`, "unknown"],
    [`${ARN}:something-new/x`, "unknown"],
    ["arn:aws:bedrock", "unknown"],
    ["", "unknown"],
  ] as const)("%s: %s", (modelId, type) => {
    expect(readBedrockModel(modelId).type).toBe(type);
  });

  test("an ARN states its region, and a profile's ARN its profile", () => {
    expect(readBedrockModel(`${ARN}:inference-profile/eu.amazon.nova-pro-v1:0`)).toEqual({
      type: "profile",
      geography: "eu",
      model: "amazon.nova-pro-v1:0",
      region: "eu-west-1",
    });
    expect(readBedrockModel("amazon.nova-pro-v1:0")).toEqual({ type: "model", region: null });
  });
});

describe("where a call may be processed", () => {
  const EU = ["eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"];
  test.each([
    // As the documentation has them.
    ["us.anthropic.claude-3-haiku-20240307-v1:0", "us-east-1", ["us-east-1", "us-west-2"]],
    ["us.anthropic.claude-3-haiku-20240307-v1:0", "us-east-2", ["us-east-1", "us-east-2", "us-west-2"]],
    ["us.anthropic.claude-sonnet-4-20250514-v1:0", "us-east-1", ["us-east-1", "us-east-2", "us-west-2"]],
    [
      "us.anthropic.claude-sonnet-4-20250514-v1:0",
      "us-west-1",
      ["us-east-1", "us-east-2", "us-west-1", "us-west-2"],
    ],
    [
      "us.anthropic.claude-opus-4-5-20251101-v1:0",
      "ca-central-1",
      ["ca-central-1", "us-east-1", "us-east-2", "us-west-2"],
    ],
    ["eu.anthropic.claude-3-sonnet-20240229-v1:0", "eu-west-1", ["eu-central-1", "eu-west-1", "eu-west-3"]],
    ["eu.amazon.nova-pro-v1:0", "eu-north-1", ["eu-central-1", "eu-north-1", "eu-west-1", "eu-west-3"]],
    [
      "eu.amazon.nova-pro-v1:0",
      "eu-south-2",
      ["eu-central-1", "eu-north-1", "eu-south-2", "eu-west-1", "eu-west-3"],
    ],
    ["eu.anthropic.claude-haiku-4-5-20251001-v1:0", "eu-west-1", EU],
    ["eu.anthropic.claude-haiku-4-5-20251001-v1:0", "eu-west-2", [...EU, "eu-west-2"]],
    [
      "apac.anthropic.claude-3-5-sonnet-20241022-v2:0",
      "ap-south-2",
      [
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-south-2",
        "ap-southeast-1",
        "ap-southeast-2",
      ],
    ],
    [
      "apac.amazon.nova-lite-v1:0",
      "ap-south-1",
      [
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
      ],
    ],
    ["jp.anthropic.claude-sonnet-4-5-20250929-v1:0", "ap-northeast-1", ["ap-northeast-1", "ap-northeast-3"]],
    ["au.anthropic.claude-sonnet-4-5-20250929-v1:0", "ap-southeast-4", ["ap-southeast-2", "ap-southeast-4"]],
    ["ca.amazon.nova-lite-v1:0", "ca-west-1", ["ca-central-1", "ca-west-1"]],
    ["us-gov.anthropic.claude-3-7-sonnet-20250219-v1:0", "us-gov-east-1", ["us-gov-east-1", "us-gov-west-1"]],
    // Where the call is made.
    ["anthropic.claude-3-haiku-20240307-v1:0", "us-east-1", ["us-east-1"]],
    [`${ARN}:provisioned-model/ab12cd34`, "eu-west-1", ["eu-west-1"]],
    // Anywhere.
    ["global.anthropic.claude-sonnet-4-5-20250929-v1:0", "eu-west-1", ["*"]],
  ])("%s from %s", (modelId, region, expected) => {
    expect([...(profileRegions(modelId, region) ?? [])].sort()).toEqual([...expected].sort());
  });

  test("a profile that the table does not name has all that its geography has", () => {
    expect([...(profileRegions("eu.somebody.new-v9:0", "eu-west-1") ?? [])].sort()).toEqual(
      [...EU, "eu-central-2", "eu-west-2"].sort(),
    );
    expect(profileRegions("us.twelvelabs.pegasus-1-2-v1:0", "us-east-1")).toContain("us-west-1");
  });

  test("a named profile called from a region that the table has nothing for, too", () => {
    // The documentation has Milan among the destinations from Tel Aviv and not from Dublin.
    expect(profileRegions("eu.amazon.nova-pro-v1:0", "eu-west-1")).not.toContain("eu-south-1");
    expect(profileRegions("eu.amazon.nova-pro-v1:0", "il-central-1")).toContain("eu-south-1");
    expect(profileRegions("apac.amazon.nova-pro-v1:0", "me-central-1")).toContain("ap-southeast-3");
  });

  test.each([
    `${ARN}:application-inference-profile/ab12cd34`,
    `${ARN}:default-prompt-router/anthropic.claude:1`,
    "in.anthropic.claude-sonnet-9",
    "ab12cd34ef56",
  ])("%s does not tell", (modelId) => {
    expect(profileRegions(modelId, "eu-west-1")).toBeNull();
  });
});

test.each([
  ["eu", "eu-west-1", true],
  ["eu", "us-east-1", false],
  ["us", "ca-central-1", true],
  ["apac", "me-central-1", true],
  ["jp", "ap-northeast-2", false],
  ["global", "sa-east-1", true],
])("profiles of %s from %s: %p", (geography, region, callable) => {
  expect(isCallableFrom(geography, region)).toBe(callable);
});
