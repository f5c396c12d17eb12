import { describe, expect, test } from "bun:test";
import type { Deployment } from "../../core/deployment.ts";
import { Secret } from "../../core/secret.ts";
import { FAKE_PORTS } from "../fake-policy.ts";
import type { Finding } from "../finding.ts";
import { parsePolicy } from "../reading/load.ts";
import { type CompilePorts, compilePolicy } from "./compile.ts";

/** Every secret is there; its value says where it was. */
const PORTS: CompilePorts = {
  ...FAKE_PORTS,
  credential: ({ env, file, header }) => {
    const secret = new Secret(`of ${env ?? file}`);
    return header === undefined ? { type: "bearer", secret } : { type: "header", header, secret };
  },
};

/** A policy with one provider `p` and one deployment `d` of it. */
function policyOf(provider: string, deployment: string): string {
  return `version: 1
name: test
providers: { p: ${provider} }
models: { m: { context_window: 8000, prices: { input: 1, output: 1 } } }
deployments: { d: { model: m, provider: p, ${deployment} } }
use_cases: { chat: { ladder: { primary: m, degraded: [{ busy: { message: x } }] } } }
`;
}

function compile(
  provider: string,
  deployment = "model_id: x, region: eu-central-1",
  ports: CompilePorts = PORTS,
): { readonly deployment: Deployment | undefined; readonly findings: readonly Finding[] } {
  const parsed = parsePolicy([{ file: "policy.yaml", text: policyOf(provider, deployment) }]);
  if (parsed.document === null) return { deployment: undefined, findings: parsed.findings };
  const { snapshot, findings } = compilePolicy(parsed.document, parsed.locate, ports);
  return { deployment: snapshot?.deployments.get("d"), findings };
}

/** The deployment of a policy that must have no finding. */
function deploymentOf(provider: string, deployment?: string): Deployment {
  const compiled = compile(provider, deployment);
  expect(compiled.findings).toEqual([]);
  if (compiled.deployment === undefined) throw new Error("not compiled");
  return compiled.deployment;
}

/** What the credential is and where its secret was, without any wrapping. */
function shown({ credential }: Deployment): unknown {
  if (credential.type === "bearer") return `bearer ${credential.secret.reveal()}`;
  return credential.type === "header" ? `${credential.header} ${credential.secret.reveal()}` : credential;
}

describe("the simulator plays every API", () => {
  test.each([
    ["", "openai-chat", "openai-embeddings", "/d/v1"],
    [", wire: openai-chat", "openai-chat", "openai-embeddings", "/d/v1"],
    [", wire: openai-responses", "openai-responses", "openai-embeddings", "/d/v1"],
    [", wire: anthropic-messages", "anthropic-messages", null, "/d/v1"],
    [", wire: bedrock-converse", "bedrock-converse", "bedrock-invoke", "/d"],
    [", wire: bedrock-invoke", "bedrock-invoke", "bedrock-invoke", "/d"],
    [", wire: gemini", "gemini", "gemini-embeddings", "/d/v1beta"],
  ] as const)("kind: simulator%s", (rest, wire, embeddingWire, path) => {
    expect(deploymentOf(`{ kind: simulator${rest} }`)).toMatchObject({
      kind: "simulator",
      wire,
      embeddingWire,
      baseUrl: `http://127.0.0.1:9999${path}`,
      endpoint: { type: "plain" },
      credential: { type: "none" },
      simulated: true,
    });
  });
});

describe("providers with one URL", () => {
  test.each([
    [
      "openai",
      "{ kind: openai, credential: { env: K } }",
      "openai-chat",
      "openai-embeddings",
      "https://api.openai.com/v1",
      "bearer of K",
    ],
    [
      "openai responses",
      "{ kind: openai, wire: openai-responses, credential: { file: /k } }",
      "openai-responses",
      "openai-embeddings",
      "https://api.openai.com/v1",
      "bearer of /k",
    ],
    [
      "openai-compatible",
      "{ kind: openai-compatible, base_url: 'http://h:1/v1//', credential: { env: K, style: { header: x-k } } }",
      "openai-chat",
      "openai-embeddings",
      "http://h:1/v1",
      "x-k of K",
    ],
    [
      "anthropic",
      "{ kind: anthropic, credential: { env: K } }",
      "anthropic-messages",
      null,
      "https://api.anthropic.com/v1",
      "x-api-key of K",
    ],
    [
      "anthropic behind a proxy",
      "{ kind: anthropic, base_url: 'http://h/v1', credential: { env: K, style: bearer } }",
      "anthropic-messages",
      null,
      "http://h/v1",
      "bearer of K",
    ],
    [
      "gemini",
      "{ kind: gemini, credential: { env: K } }",
      "gemini",
      "gemini-embeddings",
      "https://generativelanguage.googleapis.com/v1beta",
      "x-goog-api-key of K",
    ],
  ] as const)("%s", (_what, provider, wire, embeddingWire, baseUrl, credential) => {
    const deployment = deploymentOf(provider);
    expect(deployment).toMatchObject({
      wire,
      embeddingWire,
      baseUrl,
      endpoint: { type: "plain" },
      regions: ["eu-central-1"],
      simulated: false,
    });
    expect(deployment.framing).toBeUndefined();
    expect(shown(deployment)).toBe(credential);
  });

  test("headers are sent in lower case, OpenAI's organization and project among them", () => {
    const { headers, unsupported } = deploymentOf(
      "{ kind: openai, organization: o, project: p, headers: { X-Team: t }, unsupported: [seed], credential: { env: K } }",
    );
    expect(headers).toEqual({ "openai-organization": "o", "openai-project": "p", "x-team": "t" });
    expect([...unsupported]).toEqual(["seed"]);
  });
});

describe("azure-openai", () => {
  test("a resource, an API key and the v1 API", () => {
    const deployment = deploymentOf("{ kind: azure-openai, resource: contoso, credential: { env: K } }");
    expect(deployment).toMatchObject({
      wire: "openai-chat",
      embeddingWire: "openai-embeddings",
      baseUrl: "https://contoso.openai.azure.com",
      endpoint: { type: "azure", apiVersion: null },
    });
    expect(shown(deployment)).toBe("api-key of K");
  });

  test("a URL, the dated API and a token of Entra", () => {
    const deployment = deploymentOf(
      "{ kind: azure-openai, base_url: 'https://h/', api_version: 2024-10-21, credential: { entra: { tenant_id: t, client_id: c } } }",
    );
    expect(deployment).toMatchObject({
      baseUrl: "https://h",
      endpoint: { type: "azure", apiVersion: "2024-10-21" },
      credential: {
        type: "token",
        issuer: { type: "entra", tenantId: "t", clientId: "c" },
        scope: "https://cognitiveservices.azure.com/.default",
      },
    });
  });

  test("Entra's default chain names nobody", () => {
    expect(
      deploymentOf("{ kind: azure-openai, resource: contoso, credential: { entra: {} } }").credential,
    ).toEqual({
      type: "token",
      issuer: { type: "entra" },
      scope: "https://cognitiveservices.azure.com/.default",
    });
  });
});

describe("bedrock", () => {
  const MODEL = "model_id: 'anthropic.claude-3-haiku-20240307-v1:0'";
  test.each([
    ["eu-central-1", "https://bedrock-runtime.eu-central-1.amazonaws.com"],
    ["us-gov-west-1", "https://bedrock-runtime.us-gov-west-1.amazonaws.com"],
    ["cn-north-1", "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"],
    ["eusc-de-east-1", "https://bedrock-runtime.eusc-de-east-1.amazonaws.eu"],
  ])("is called and signed for in %s", (region, baseUrl) => {
    expect(deploymentOf("{ kind: bedrock }", `${MODEL}, region: ${region}`)).toMatchObject({
      wire: "bedrock-converse",
      embeddingWire: "bedrock-invoke",
      baseUrl,
      endpoint: { type: "plain" },
      regions: [region],
      credential: { type: "aws", service: "bedrock", region, identity: {} },
    });
  });

  test("a profile, a role, another wire and a private endpoint", () => {
    const role = "arn:aws:iam::123456789012:role/caller";
    const provider = `{ kind: bedrock, wire: bedrock-invoke, base_url: 'https://vpce/', credential: { aws: { profile: p, role_arn: '${role}', external_id: x1 } } }`;
    expect(deploymentOf(provider, `${MODEL}, region: eu-west-1`)).toMatchObject({
      wire: "bedrock-invoke",
      baseUrl: "https://vpce",
      credential: { type: "aws", identity: { profile: "p", roleArn: role, externalId: "x1" } },
    });
  });

  test("an API key of Bedrock is a bearer token", () => {
    const provider = "{ kind: bedrock, credential: { env: AWS_BEARER_TOKEN_BEDROCK } }";
    expect(shown(deploymentOf(provider, `${MODEL}, region: eu-west-1`))).toBe(
      "bearer of AWS_BEARER_TOKEN_BEDROCK",
    );
  });

  test("deployments of one provider share its identity, so that its keys are found at once", () => {
    const first = `${MODEL}, region: eu-west-1 }, e: { model: m, provider: p, ${MODEL}, region: eu-west-3`;
    const parsed = parsePolicy([{ file: "policy.yaml", text: policyOf("{ kind: bedrock }", first) }]);
    if (parsed.document === null) throw new Error("not valid");
    const { snapshot } = compilePolicy(parsed.document, parsed.locate, PORTS);
    const identities = ["d", "e"].map((id) => {
      const credential = snapshot?.deployments.get(id)?.credential;
      return credential?.type === "aws" ? credential.identity : null;
    });
    expect(identities[0]).not.toBeNull();
    expect(identities[0]).toBe(identities[1] ?? null);
  });
});

describe("sagemaker", () => {
  test("an endpoint whose container speaks OpenAI's API", () => {
    expect(deploymentOf("{ kind: sagemaker }", "model_id: my-llm, region: us-west-2")).toMatchObject({
      wire: "openai-chat",
      embeddingWire: "openai-embeddings",
      baseUrl: "https://runtime.sagemaker.us-west-2.amazonaws.com",
      endpoint: { type: "sagemaker" },
      framing: "sagemaker-sse",
      headers: {},
      credential: { type: "aws", service: "sagemaker", region: "us-west-2", identity: {} },
    });
  });

  test("what of the endpoint is called goes into headers, a template into the endpoint", () => {
    const endpoint =
      "{ target_variant: blue, target_model: a.tar.gz, inference_component: c1, framing: aws-event-stream, " +
      "template: { request: { inputs: '{{prompt}}' }, text: /0/generated_text } }";
    const deployment = deploymentOf(
      "{ kind: sagemaker, headers: { x-amzn-sagemaker-custom-attributes: a } }",
      `model_id: my-llm, region: us-west-2, endpoint: ${endpoint}`,
    );
    expect(deployment.framing).toBe("aws-event-stream");
    expect(deployment.headers).toEqual({
      "x-amzn-sagemaker-custom-attributes": "a",
      "x-amzn-sagemaker-target-variant": "blue",
      "x-amzn-sagemaker-target-model": "a.tar.gz",
      "x-amzn-sagemaker-inference-component": "c1",
    });
    expect(deployment.endpoint).toEqual({
      type: "sagemaker",
      targetVariant: "blue",
      targetModel: "a.tar.gz",
      inferenceComponent: "c1",
      template: { request: { inputs: "{{prompt}}" }, text: "/0/generated_text" },
    });
  });
});

describe("vertex", () => {
  test.each([
    ["europe-west4", "https://europe-west4-aiplatform.googleapis.com", ["europe-west4"]],
    ["eu", "https://aiplatform.eu.rep.googleapis.com", ["eu"]],
    ["global", "https://aiplatform.googleapis.com", ["*"]],
  ])("is called in %s", (region, baseUrl, regions) => {
    const deployment = deploymentOf(
      "{ kind: vertex, project: p-1 }",
      `model_id: gemini-2.5-pro, region: ${region}`,
    );
    expect(deployment).toMatchObject({
      wire: "gemini",
      embeddingWire: null,
      baseUrl,
      regions,
      endpoint: { type: "vertex", project: "p-1", location: region, publisher: "google" },
      credential: {
        type: "token",
        issuer: { type: "google" },
        scope: "https://www.googleapis.com/auth/cloud-platform",
      },
    });
  });

  test("Claude, with a credentials file", () => {
    const provider =
      "{ kind: vertex, project: p-1, publisher: anthropic, credential: { google: { key_file: /k.json } } }";
    expect(deploymentOf(provider, "model_id: claude-sonnet-4-5@20250929, region: us-east5")).toMatchObject({
      wire: "anthropic-messages",
      endpoint: { type: "vertex", publisher: "anthropic" },
      credential: { type: "token", issuer: { type: "google", keyFile: "/k.json" } },
    });
  });
});

describe("missing credentials are a warning, and the deployment is refused", () => {
  const missing: CompilePorts = {
    ...PORTS,
    credential: ({ env, file }) => ({ type: "missing", where: env ?? file ?? "?" }),
  };
  test.each([
    ["{ kind: openai, credential: { env: K } }", "eu"],
    ["{ kind: anthropic, credential: { env: K } }", "eu"],
    ["{ kind: gemini, credential: { env: K } }", "eu"],
    ["{ kind: azure-openai, resource: r, credential: { env: K } }", "eu"],
    ["{ kind: bedrock, credential: { env: K } }", "eu-west-1"],
    ["{ kind: vertex, project: p-1, credential: { google: { key_file: K } } }", "europe-west4"],
  ])("%s", (provider, region) => {
    const { deployment, findings } = compile(provider, `model_id: a.b, region: ${region}`, missing);
    expect(findings.map(({ severity, code, line }) => `${line} ${severity} ${code}`)).toEqual([
      "3 warning missing_credential",
    ]);
    expect(findings[0]?.fix).toContain("K");
    expect(deployment?.credential).toEqual({ type: "missing", where: "K" });
  });

  test.each([
    ["{ kind: bedrock }", "eu-west-1"],
    ["{ kind: sagemaker }", "eu-west-1"],
    ["{ kind: vertex, project: p-1 }", "europe-west4"],
    ["{ kind: azure-openai, resource: r, credential: { entra: {} } }", "eu"],
  ])("identities are not looked for before the first call: %s", (provider, region) => {
    expect(compile(provider, `model_id: a.b, region: ${region}`, missing).findings).toEqual([]);
  });
});

describe("what means nothing is an error, with its place and what to do", () => {
  const AWS = "model_id: a.b, region: eu-west-1";
  test.each([
    [
      "an AWS region that is none",
      "{ kind: bedrock }",
      "model_id: a.b, region: europe",
      "invalid_region",
      /eu-central-1/,
    ],
    [
      "a Google location that is none",
      "{ kind: vertex, project: p-1 }",
      "model_id: a, region: eu-west-1",
      "invalid_region",
      /europe-west4/,
    ],
    [
      "an endpoint of a provider without any",
      "{ kind: bedrock }",
      `${AWS}, endpoint: { target_variant: v }`,
      "unused_endpoint",
      /sagemaker/,
    ],
    [
      "an ARN of another region",
      "{ kind: bedrock }",
      "model_id: 'arn:aws:bedrock:us-east-1::foundation-model/a.b', region: eu-west-1",
      "model_region_mismatch",
      /us-east-1/,
    ],
    [
      "Azure without a resource",
      "{ kind: azure-openai, credential: { env: K } }",
      "model_id: x, region: eu",
      "invalid_value",
      /./,
    ],
    [
      "Azure with a key and a token",
      "{ kind: azure-openai, resource: r, credential: { env: K, entra: {} } }",
      "model_id: x, region: eu",
      "invalid_value",
      /./,
    ],
    [
      "Bedrock with a key and an identity",
      "{ kind: bedrock, credential: { env: K, aws: {} } }",
      AWS,
      "invalid_value",
      /./,
    ],
    [
      "an external id without a role",
      "{ kind: bedrock, credential: { aws: { external_id: xy } } }",
      AWS,
      "invalid_value",
      /./,
    ],
    [
      "a role that is none",
      "{ kind: sagemaker, credential: { aws: { role_arn: admin } } }",
      AWS,
      "invalid_value",
      /./,
    ],
    ["a key of an identity", "{ kind: sagemaker, credential: { env: K } }", AWS, "unknown_key", /./],
    [
      "a wire of another provider",
      "{ kind: bedrock, wire: openai-chat }",
      AWS,
      "invalid_value",
      /bedrock-converse/,
    ],
    [
      "a project that would change the path",
      "{ kind: vertex, project: ../x }",
      "model_id: a, region: global",
      "invalid_value",
      /project/,
    ],
    [
      "a pointer that is none",
      "{ kind: sagemaker }",
      `${AWS}, endpoint: { template: { request: {}, text: generated_text } }`,
      "invalid_value",
      /JSON pointer/,
    ],
  ])("%s", (_what, provider, deployment, code, fix) => {
    const { findings } = compile(provider, deployment);
    const found = findings.find((finding) => finding.code === code);
    expect(findings.map((finding) => finding.code)).toContain(code);
    expect(found?.severity).toBe("error");
    expect(found?.line).toBe(
      policyOf(provider, deployment)
        .split("\n")
        .findIndex((line) =>
          line.startsWith(found?.path.startsWith("providers") ? "providers" : "deployments"),
        ) + 1,
    );
    expect(found?.fix).toMatch(fix);
  });
});
