import { describe, expect, test } from "bun:test";
import { CredentialsUnavailable, CredentialUnfit } from "../../providers/tokens/unavailable.ts";
import { checkCredential } from "./check-credential.ts";
import { placeOf } from "./credential-place.ts";
import { deploymentOf, ENVIRONMENT, fakeWorld, patientOf, SECRET } from "./fake-patient.ts";

interface Circumstances {
  readonly environment?: Readonly<Record<string, string>>;
  readonly offline?: boolean;
  /** What the policy's keys are; absent: `SECRET`. */
  readonly secret?: string;
  /** What the issuer says; absent: it gives what is asked for. */
  readonly refusal?: unknown;
}

function check(
  id: string,
  { environment = {}, offline = false, secret = SECRET, refusal }: Circumstances = {},
) {
  const patient = patientOf(undefined, { KEY: secret });
  const deployment = deploymentOf(id, patient);
  const { clock } = fakeWorld();
  return checkCredential({
    deployment,
    place: placeOf(deployment.credential, patient.document.providers[deployment.provider], environment),
    offline,
    limit: { clock, withinMs: 1000, signal: null },
    authorize: () => (refusal === undefined ? undefined : Promise.reject(refusal)),
  });
}

const unavailable = (name: string) =>
  new CredentialsUnavailable("AWS", Object.assign(new Error(`near ${SECRET}`), { name }));

describe("a key", () => {
  test("that no header can carry is none, and is not shown", async () => {
    for (const id of ["gpt", "gemini"]) {
      const verdict = await check(id, { secret: `${SECRET}\nsecond`, offline: true });
      expect(verdict).toMatchObject({ status: "failed", message: expect.stringContaining("line break") });
      expect(verdict.fix).toContain("one line");
      expect(JSON.stringify(verdict)).not.toContain(SECRET);
    }
  });

  test("is named by where it is kept, never by its value", async () => {
    expect(await check("gpt")).toEqual({
      status: "ok",
      message: "The key is from the environment variable KEY.",
    });
    expect((await check("gemini")).message).toBe(
      "The key is from the environment variable KEY, sent in the header x-goog-api-key.",
    );
  });

  test("that is missing is a failure with what to set, offline too", async () => {
    for (const offline of [false, true]) {
      expect(await check("claude", { offline })).toEqual({
        status: "failed",
        message: "The key of provider unset is not in the environment variable NOT_SET.",
        fix: "Set NOT_SET to the key before the gateway starts.",
      });
    }
  });

  test("that is missing from a file says which", async () => {
    const text = `version: 1
name: files
providers:
  openai: { kind: openai, credential: { file: /nowhere/key } }
  vertex: { kind: vertex, project: p-1, credential: { google: { key_file: /nowhere/vertex.json } } }
models: { chat: { context_window: 1000 } }
deployments:
  gpt: { model: chat, provider: openai, model_id: g, region: r }
  vertex: { model: chat, provider: vertex, model_id: g, region: europe-west4 }
use_cases: { chat: { ladder: { primary: chat } } }
`;
    const patient = patientOf(text, ENVIRONMENT);
    const { clock, ports } = fakeWorld();
    const ask = (id: string) => {
      const deployment = deploymentOf(id, patient);
      return checkCredential({
        deployment,
        place: placeOf(deployment.credential, patient.document.providers[deployment.provider], {}),
        offline: false,
        limit: { clock, withinMs: 1000, signal: null },
        authorize: ports.authorize,
      });
    };
    expect(await ask("gpt")).toMatchObject({
      status: "failed",
      message: "The key of provider openai is not in the file /nowhere/key.",
      fix: expect.stringContaining("Write the key into the file /nowhere/key"),
    });
    expect((await ask("vertex")).fix).toContain("key of a service account");
  });

  test("that is not wanted is fine", async () => {
    expect((await check("open")).status).toBe("ok");
  });
});

describe("what must be obtained", () => {
  test.each([
    ["bedrock", {}, "Keys were obtained from AWS's standard chain"],
    ["bedrock", { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" }, "variables AWS_ACCESS_KEY_ID and"],
    [
      "bedrock",
      { AWS_PROFILE: "p", AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" },
      "shared files that AWS_PROFILE names",
    ],
    ["sagemaker", { AWS_PROFILE: "p" }, "from the profile ml of AWS's shared files."],
    ["azure", {}, "A token was obtained from Microsoft Entra's default chain"],
    [
      "azure",
      { AZURE_TENANT_ID: "t", AZURE_CLIENT_ID: "c", AZURE_CLIENT_SECRET: "s" },
      "with the client secret of AZURE_CLIENT_SECRET",
    ],
    ["vertex", {}, "from Google's application default credentials."],
    ["vertex", { GOOGLE_APPLICATION_CREDENTIALS: "/f" }, "that GOOGLE_APPLICATION_CREDENTIALS names"],
  ])("%s with %p", async (id, environment, words) => {
    const { status, message } = await check(id, { environment });
    expect(status).toBe("ok");
    expect(message).toContain(words);
  });

  test("is not asked for offline, and is no failure then", async () => {
    const refusal = new Error("asked all the same");
    const { status, message } = await check("bedrock", { offline: true, refusal });
    expect(status).toBe("skipped");
    expect(message).toContain("AWS's standard chain");
  });

  test.each([
    ["bedrock", "CredentialsProviderError", "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"],
    ["sagemaker", "CredentialsProviderError", "aws sso login --profile ml"],
    ["azure", "CredentialUnavailableError", "az login"],
    ["vertex", "Error", "gcloud auth application-default login"],
  ])("%s refused with %s", async (id, name, fix) => {
    const verdict = await check(id, { refusal: unavailable(name) });
    expect(verdict).toMatchObject({ status: "failed", fix: expect.stringContaining(fix) });
    expect(verdict.message).toContain(`(${name})`);
    expect(JSON.stringify(verdict)).not.toContain(SECRET);
  });

  test("and is no key, is told as that", async () => {
    const verdict = await check("bedrock", { refusal: new CredentialUnfit() });
    expect(verdict).toMatchObject({ status: "failed", message: expect.stringContaining("line break") });
  });

  test("an issuer that says nothing is given up", async () => {
    const deployment = deploymentOf("bedrock");
    const { clock } = fakeWorld();
    const checking = checkCredential({
      deployment,
      place: "the chain",
      offline: false,
      limit: { clock, withinMs: 1000, signal: null },
      authorize: () => new Promise<never>(() => undefined),
    });
    await clock.advance(1000);
    expect(await checking).toMatchObject({
      status: "failed",
      message: "Nothing could be obtained from the chain (nobody answered in time).",
    });
  });
});

test("a role that may not be assumed says what both sides need", async () => {
  const role = "arn:aws:iam::123456789012:role/pointsman";
  const deployment = {
    ...deploymentOf("bedrock"),
    credential: { type: "aws", service: "bedrock", region: "eu-central-1", identity: { roleArn: role } },
  } as const;
  const { clock } = fakeWorld();
  const verdict = await checkCredential({
    deployment,
    place: placeOf(deployment.credential, undefined, {}),
    offline: false,
    limit: { clock, withinMs: 1000, signal: null },
    authorize: () => Promise.reject(unavailable("AccessDenied")),
  });
  expect(verdict.message).toContain(`the role ${role}, assumed with AWS's standard chain`);
  expect(verdict.fix).toContain(`Allow sts:AssumeRole on ${role}`);
});
