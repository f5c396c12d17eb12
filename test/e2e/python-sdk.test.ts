/**
 * The official OpenAI SDK for Python, from PyPI, against a running gateway. Without python3 or PyPI it is
 * skipped and says why; with CI=true that is a failure.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, KEY, listDecisions, ROOT, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, KEYS, testPolicy } from "./policies.ts";

setDefaultTimeout(60_000);

const HERE = join(import.meta.dir, "python");
const REQUIREMENTS = join(HERE, "requirements.txt");
const VENV = join(ROOT, "node_modules", ".cache", "pointsman-python");
const INSTALL_LIMIT_MS = 120_000;

interface SeenError {
  readonly class: string | null;
  readonly message: string;
  readonly retry_after: string | null;
}

interface Seen {
  readonly plain: {
    readonly headers: Record<string, string>;
    readonly request_id: string;
    readonly content: string;
  };
  readonly stream: { readonly content: string; readonly helper: string };
  readonly tools: { readonly answer: string };
  readonly schema: unknown;
  readonly models: readonly string[];
  readonly errors: Readonly<
    Record<"unauthenticated" | "unknown_model" | "bad_request" | "rate_limited", SeenError>
  >;
  readonly exhausted: SeenError;
  readonly broken_stream: unknown;
}

/** The interpreter of an environment that has exactly the pinned packages, or why there is none. */
function preparePython(): { readonly python: string } | { readonly reason: string } {
  const python = join(VENV, "bin", "python");
  const stamp = join(VENV, "requirements.txt");
  const wanted = readFileSync(REQUIREMENTS, "utf8");
  if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return { python };
  rmSync(VENV, { recursive: true, force: true });
  mkdirSync(VENV, { recursive: true });
  const steps: readonly (readonly [string, readonly string[]])[] = [
    ["python3", ["-m", "venv", VENV]],
    [
      python,
      [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--retries",
        "1",
        "--timeout",
        "10",
        "-r",
        REQUIREMENTS,
      ],
    ],
  ];
  for (const [command, args] of steps) {
    const done = spawnSync(command, args, { encoding: "utf8", timeout: INSTALL_LIMIT_MS });
    if (done.status === 0) continue;
    const said = done.error?.message ?? done.stderr.trim().split("\n").at(-1);
    return { reason: `${[command, ...args.slice(0, 3)].join(" ")} failed: ${said}` };
  }
  writeFileSync(stamp, wanted);
  return { python };
}

const prepared = preparePython();
const missing = "reason" in prepared;
const inCi = process.env.CI === "true";
if (missing) console.log(`The Python SDK was not tried: ${prepared.reason}`);

let gateway: RunningGateway;
let seen: Seen;

beforeAll(async () => {
  if (missing) return;
  gateway = await startGateway({ policy: testPolicy(), scenario: INSTANT });
  seen = await runScript(prepared.python);
});
afterAll(async () => {
  if (!missing) await gateway.stop();
});

function runScript(python: string): Promise<Seen> {
  const child = spawn(python, [join(HERE, "openai_sdk.py")], {
    env: {
      ...process.env,
      POINTSMAN_URL: gateway.url,
      SIMULATOR_URL: gateway.simulatorUrl ?? "",
      POINTSMAN_KEY: KEY,
      POINTSMAN_LIMITED_KEY: KEYS.limited,
    },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) =>
    child.on("close", (code) =>
      code === 0
        ? resolve(JSON.parse(stdout) as Seen)
        : reject(new Error(`The script ended with ${code}: ${stderr}`)),
    ),
  );
}

test.skipIf(missing && !inCi)("its packages are installed", () => {
  expect(prepared).toHaveProperty("python");
});

const check = test.skipIf(missing);

check("a plain answer, with the raw headers of its decision", () => {
  expect(seen.plain).toMatchObject({
    content: expect.stringContaining("Where is my parcel?"),
    finish: "stop",
    total: 0,
  });
  expect(seen.plain.headers).toMatchObject({
    "x-request-id": seen.plain.request_id,
    "x-pointsman-use-case": "support-chat",
    "x-pointsman-rung": "primary",
    "x-pointsman-model": "atlas",
    "x-pointsman-region": "us-east-1",
    "x-pointsman-attempts": "1",
    "x-pointsman-simulated": "true",
  });
});

check("a stream, by hand and by the helper, is the same answer", () => {
  expect(seen.stream).toMatchObject({
    content: seen.plain.content,
    helper: seen.plain.content,
    finishes: ["stop"],
  });
  expect(seen.stream).toMatchObject({ completion_tokens: expect.any(Number) });
});

check("tools: two calls, then an answer from their results", () => {
  expect(seen.tools).toMatchObject({
    finish: "tool_calls",
    calls: [
      ["get_weather", ["city"]],
      ["get_time", ["city"]],
    ],
  });
  for (const result of ["result 0", "result 1"]) expect(seen.tools.answer).toContain(result);
});

check("a pydantic model is parsed", () => {
  expect(seen.schema).toEqual({ is_invoice: true });
});

check("models.list", () => {
  for (const name of ["support-chat", "gpt-4o", "extraction"]) expect(seen.models).toContain(name);
});

check("errors have the right class, code and request id", () => {
  const {
    unauthenticated,
    unknown_model: unknownModel,
    bad_request: badRequest,
    rate_limited: rateLimited,
  } = seen.errors;
  const id = expect.stringMatching(/^req_/);
  expect(unauthenticated).toMatchObject({
    class: "AuthenticationError",
    status: 401,
    code: "invalid_api_key",
    request_id: id,
  });
  expect(unknownModel).toMatchObject({
    class: "NotFoundError",
    status: 404,
    code: "model_not_found",
    param: "model",
    request_id: id,
  });
  expect(unknownModel.message).toContain("support-chat");
  expect(badRequest).toMatchObject({
    class: "BadRequestError",
    status: 400,
    code: "invalid_value",
    param: "temperature",
    type: "invalid_request_error",
  });
  expect(rateLimited).toMatchObject({ class: "RateLimitError", status: 429, code: "rate_limited" });
  expect(Number(rateLimited.retry_after)).toBeGreaterThan(0);
});

check("a stream that breaks raises, without a finish reason", () => {
  expect(seen.broken_stream).toEqual({ had_text: true, finishes: [], raised: "APIError" });
});

check("an SDK that retries calls once when the ladder has given up", async () => {
  expect(seen.exhausted).toMatchObject({
    class: "InternalServerError",
    status: 503,
    code: "all_attempts_failed",
    request_id: "python-retries",
  });
  const rows = await eventually(async () => {
    const page = await listDecisions(gateway, "limit=100");
    const found = page.decisions.filter((decision) => decision.requestId === "python-retries");
    return found.length > 0 ? found : null;
  });
  expect(rows).toHaveLength(1);
});
