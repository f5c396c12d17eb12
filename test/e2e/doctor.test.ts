/** `pointsman doctor` against providers that are well, ill and absent: what it says, asks and never tells. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { CheckResult } from "../../src/control/doctor/check-result.ts";
import { endToEnd } from "./end-to-end.ts";
import { pointsman, ROOT } from "./harness.ts";
import { type RecordingUpstream, startUpstream } from "./recording-upstream.ts";

const directory = endToEnd().folder();

const SECRET = "sk-e2e-doctor-secret-77af3";
const AWS_SECRET = "wJalrXUtnFEMI/e2e/doctor/secret";

/** Nothing of the machine's own, and nobody who would be asked over a network. */
const ENVIRONMENT = {
  E2E_DOCTOR_KEY: SECRET,
  AWS_ACCESS_KEY_ID: "AKIAE2EDOCTOR",
  AWS_SECRET_ACCESS_KEY: AWS_SECRET,
  AWS_PROFILE: "",
  AWS_SESSION_TOKEN: "",
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  AWS_EC2_METADATA_DISABLED: "true",
  NO_PROXY: "*",
};

/** Answers by the model that is asked for, and tells a time of its own. */
function startIllUpstream(clockBehindMs: number) {
  const asked: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const headers = { date: new Date(Date.now() - clockBehindMs).toUTCString() };
      const { pathname } = new URL(request.url);
      asked.push(`${request.method} ${pathname}`);
      const refuse = (status: number, body: unknown, more: Record<string, string> = {}) =>
        Response.json(body, { status, headers: { ...headers, ...more } });
      if (request.method === "HEAD") return new Response(null, { status: 404, headers });
      if (pathname.startsWith("/model/")) {
        const message = `User: arn:aws:iam::123456789012:user/${SECRET} is not authorized to perform: bedrock:InvokeModel on resource: x`;
        return refuse(403, { message }, { "x-amzn-errortype": "AccessDeniedException" });
      }
      const { model } = (await request.json()) as { model: string };
      switch (model) {
        case "refused":
          return refuse(401, { error: { code: SECRET, message: `Incorrect API key provided: ${SECRET}` } });
        case "unknown":
          return refuse(404, { error: { code: "model_not_found", message: "No such model" } });
        case "busy":
          return refuse(429, { error: { code: "rate_limit_exceeded", message: "Slow down" } });
        case "moved":
          return new Response(null, {
            status: 308,
            headers: { ...headers, location: "http://127.0.0.1:1/" },
          });
        case "silent":
          await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
          return new Response(null);
        default:
          return new Response("<html>not an API</html>", {
            headers: { ...headers, "content-type": "text/html" },
          });
      }
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, asked, stop: () => server.stop(true) };
}

/** Stands before an upstream that reads a body of whatever it is asked. */
function startFront({ baseUrl }: RecordingUpstream) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      if (request.method === "HEAD") return new Response(null, { status: 405 });
      if (request.method === "GET") return new Response("Not here", { status: 404 });
      const { pathname } = new URL(request.url);
      const { method, headers } = request;
      return fetch(new URL(pathname, baseUrl), { method, headers, body: await request.text() });
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) };
}

let front: ReturnType<typeof startFront>;
let well: RecordingUpstream;
let ill: ReturnType<typeof startIllUpstream>;
let absent: string;

beforeAll(async () => {
  well = startUpstream();
  front = startFront(well);
  ill = startIllUpstream(10 * 60_000);
  absent = await portOfNobody();
  writeFileSync(join(directory, "policy.yaml"), policy());
});
afterAll(async () => {
  await front.stop();
  await well.stop();
  await ill.stop();
});

function policy(): string {
  const key = "credential: { env: E2E_DOCTOR_KEY }";
  return `version: 1
name: doctored
providers:
  well: { kind: openai-compatible, base_url: "${front.url}/v1", ${key} }
  ill: { kind: openai-compatible, base_url: "${ill.url}/v1", ${key} }
  keyless: { kind: openai-compatible, base_url: "${front.url}/v1", credential: { env: E2E_NOT_SET } }
  absent: { kind: openai-compatible, base_url: "${absent}/v1" }
  untrusted: { kind: openai-compatible, base_url: "${ill.url.replace("http", "https")}/v1" }
  aws: { kind: bedrock, base_url: "${ill.url}" }
  sim: { kind: simulator }
models:
  priced: { context_window: 32000, prices: { input: 2, output: 10 } }
  unpriced: { context_window: 32000 }
deployments:
  good: { model: priced, provider: well, model_id: vendor/good, region: here }
  keyless: { model: priced, provider: keyless, model_id: vendor/good, region: here }
  refused: { model: priced, provider: ill, model_id: refused, region: here }
  unknown: { model: priced, provider: ill, model_id: unknown, region: here }
  busy: { model: unpriced, provider: ill, model_id: busy, region: here }
  moved: { model: priced, provider: ill, model_id: moved, region: here }
  silent: { model: priced, provider: ill, model_id: silent, region: here }
  page: { model: priced, provider: ill, model_id: page, region: here }
  absent: { model: priced, provider: absent, model_id: a, region: here }
  untrusted: { model: priced, provider: untrusted, model_id: a, region: here }
  claude: { model: priced, provider: aws, model_id: "global.anthropic.claude-x-v1:0", region: eu-west-1 }
  simulated: { model: priced, provider: sim, model_id: s, region: here }
use_cases:
  chat: { residency: [here, "eu-*"], ladder: { primary: priced, fallback: [unpriced], degraded: [{ busy: { message: Later. } }] } }
`;
}

/** A place of this machine where nobody listens. */
async function portOfNobody(): Promise<string> {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port = 0 } = server;
  await server.stop(true);
  const refused = await new Promise<boolean>((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => resolve(false));
    socket.once("error", () => resolve(true));
  });
  if (!refused) throw new Error("Somebody took the port.");
  return `http://127.0.0.1:${port}`;
}

interface Report {
  readonly healthy: boolean;
  readonly version: string | null;
  readonly findings: readonly { readonly code: string }[];
  readonly results: readonly CheckResult[];
  readonly summary: Readonly<Record<CheckResult["status"], number>>;
}

const doctor = (...args: readonly string[]) =>
  pointsman(["doctor", "--policy", "policy.yaml", ...args], { cwd: directory, env: ENVIRONMENT });

async function reportOf(...args: readonly string[]) {
  const { code, stdout, stderr } = await doctor("--json", ...args);
  const report = JSON.parse(stdout) as Report;
  const find = (deployment: string | null, check: CheckResult["check"]) =>
    report.results.find((result) => result.deployment === deployment && result.check === check);
  return { code, stdout, stderr, report, find };
}

describe("an examination", () => {
  let examined: Awaited<ReturnType<typeof reportOf>>;
  beforeAll(async () => {
    examined = await reportOf("--timeout", "1500ms");
  });

  test("ends with 1, since some failed, and says nothing beside its report", () => {
    expect(examined.code).toBe(1);
    expect(examined.stderr).toBe("");
    expect(examined.report).toMatchObject({ healthy: false, version: expect.stringMatching(/^doctored@/) });
    const { summary, results } = examined.report;
    expect(summary.ok + summary.warning + summary.failed + summary.skipped).toBe(results.length);
  });

  test("a model that answers: one small call with the key, its latency and cost", () => {
    expect(examined.find("good", "credential")?.message).toContain("environment variable E2E_DOCTOR_KEY");
    for (const check of ["address", "clock"] as const) {
      expect(examined.find("good", check)).toMatchObject({ status: "ok" });
    }
    const model = examined.find("good", "model");
    // 5 × 2 + 2 × 10 US dollars a million.
    expect(model).toMatchObject({ status: "ok", costUsd: "0.00003", latencyMs: expect.any(Number) });
    const calls = well.calls.filter(({ body }) => body.model === "vendor/good");
    expect(calls).toHaveLength(1);
    expect(calls[0]?.headers.authorization).toBe(`Bearer ${SECRET}`);
    expect(calls[0]?.headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(calls[0]?.body).toMatchObject({ stream: false, messages: [{ role: "user", content: "ping" }] });
  });

  test.each([
    ["keyless", "credential", "failed", "Set E2E_NOT_SET"],
    ["keyless", "model", "skipped", ""],
    ["refused", "model", "failed", "key"],
    ["unknown", "model", "failed", "model_id"],
    ["busy", "model", "warning", "quota"],
    ["busy", "prices", "warning", "models.unpriced"],
    ["moved", "model", "failed", "base_url"],
    ["silent", "model", "failed", "--timeout"],
    ["page", "model", "failed", "base_url"],
    ["absent", "address", "failed", "Start the server"],
    ["absent", "model", "skipped", ""],
    ["untrusted", "address", "failed", "http://"],
    ["claude", "credential", "ok", ""],
    ["claude", "model", "failed", "bedrock:InvokeModelWithResponseStream"],
    ["claude", "residency", "warning", "profile"],
    ["simulated", "model", "skipped", ""],
  ] as const)("%s, %s: %s", (deployment, check, status, fix) => {
    const found = examined.find(deployment, check);
    expect(found?.status).toBe(status);
    expect(found?.fix ?? "").toContain(fix);
  });

  test("a clock that is ten minutes off warns, and fails where calls are signed", () => {
    expect(examined.find("refused", "clock")).toMatchObject({
      status: "warning",
      message: expect.stringMatching(/(9 m 5\d|10 m \d) s ahead of/),
    });
    expect(examined.find("claude", "clock")?.status).toBe("failed");
    expect(ill.asked.filter((asked) => asked === "HEAD /")).toHaveLength(1);
  });

  test("no secret is told, not even one that a provider quotes", () => {
    for (const secret of [SECRET, AWS_SECRET, "123456789012"]) expect(examined.stdout).not.toContain(secret);
  });
});

describe("as text", () => {
  test("by deployment, with marks, fixes and a summary", async () => {
    const { code, stdout } = await doctor("--only", "refused");
    expect(code).toBe(1);
    expect(stdout).toContain("refused  priced · ill · here\n  ✓ credential  ");
    expect(stdout).toMatch(
      /✗ model +The key from the environment variable E2E_DOCTOR_KEY was refused \(401\)\./,
    );
    expect(stdout).toMatch(/\n\d ok, \d warnings, 1 failed, 0 skipped\.\n$/);
    expect(stdout).not.toContain("absent  ");
    expect(stdout).not.toContain("\u001b");
  });

  test("what is well ends with 0", async () => {
    const { code, stdout } = await doctor("--only", "good");
    expect(code).toBe(0);
    expect(stdout).toMatch(/✓ model +Answered in \d+ ms, for \$0\.00003\.\n/);
  });
});

describe("offline", () => {
  test("nobody is called, and what is missing is said", async () => {
    const before = [well.calls.length, ill.asked.length];
    const { code, report, find } = await reportOf("--offline");
    expect(code).toBe(1);
    const failed = report.results.filter(({ status }) => status === "failed");
    expect(failed.map(({ deployment, check }) => `${deployment} ${check}`)).toEqual(["keyless credential"]);
    expect(find("good", "model")?.status).toBe("skipped");
    expect(find("claude", "credential")?.message).toContain("AWS_ACCESS_KEY_ID");
    expect([well.calls.length, ill.asked.length]).toEqual(before);
  });

  test("the example with every kind of provider says what it lacks", async () => {
    const { code, stdout, stderr } = await pointsman(
      ["doctor", "--policy", join(ROOT, "examples/providers.yaml"), "--offline", "--json"],
      { cwd: directory, env: { ...ENVIRONMENT, OPENAI_API_KEY: SECRET, ANTHROPIC_API_KEY: "" } },
    );
    expect(code).toBe(1);
    expect(stderr).toBe("");
    const { results } = JSON.parse(stdout) as Report;
    const lacking = results.filter(({ check, status }) => check === "credential" && status === "failed");
    expect(lacking.map(({ deployment }) => deployment)).toContain("claude-direct");
    expect(lacking.map(({ deployment }) => deployment)).not.toContain("gpt-direct");
    expect(lacking.find(({ deployment }) => deployment === "claude-direct")?.fix).toContain(
      "ANTHROPIC_API_KEY",
    );
    const outside = results.filter(({ check }) => check === "residency").map(({ deployment }) => deployment);
    expect(outside).toContain("claude-global");
    expect(outside).not.toContain("claude-eu");
    expect(stdout).not.toContain(SECRET);
  });
});

test("a policy of simulated providers alone has nothing to check, and that is fine", async () => {
  const args = ["doctor", "--policy", join(ROOT, "examples/policy.yaml"), "--json"];
  const { code, stdout } = await pointsman(args, { cwd: directory, env: ENVIRONMENT });
  expect(code).toBe(0);
  const { healthy, results } = JSON.parse(stdout) as Report;
  expect(healthy).toBe(true);
  const models = results.filter(({ check }) => check === "model");
  expect(models.length).toBeGreaterThan(0);
  for (const { status, message } of models) {
    expect([status, message]).toEqual(["skipped", "simulated: nothing to check"]);
  }
});

test("a policy with a broken line is reported with its place, and nobody is called", async () => {
  writeFileSync(join(directory, "broken.yaml"), policy().replace("primary: priced,", "primary: pricd,"));
  const before = [well.calls.length, ill.asked.length];
  const { code, stdout } = await pointsman(["doctor", "--policy", "broken.yaml"], {
    cwd: directory,
    env: ENVIRONMENT,
  });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^broken\.yaml:\d+:\d+ .*unknown_model/m);
  expect(stdout).toContain('Did you mean "priced"?');
  expect([well.calls.length, ill.asked.length]).toEqual(before);
});
