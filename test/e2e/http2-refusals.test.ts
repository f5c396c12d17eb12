/** Refusals over HTTP/2 are heard, also where they are decided before the request's body is here. */
import { beforeAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { LIMIT, MEBIBYTE } from "./by-hand.ts";
import { endToEnd, endWithFile } from "./end-to-end.ts";
import { chat, KEY, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, testPolicy } from "./policies.ts";

endToEnd();

interface Sent {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body. */
  readonly bytes: number;
}

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway({ policy: testPolicy(), scenario: INSTANT });
});

const GOOD = { authorization: `Bearer ${KEY}` };
const BAD = { authorization: "Bearer bad" };

function sent(path: string, headers: Readonly<Record<string, string>>, bytes: number): Sent {
  return { path, headers: { ...headers, "content-length": String(bytes) }, bytes };
}

test.each<[string, number, string, Sent]>([
  ["a wrong key with 1 MB", 401, "invalid_api_key", sent("/v1/chat/completions", BAD, 1_000_000)],
  ["a wrong key with 12 MB", 401, "invalid_api_key", sent("/v1/chat/completions", BAD, 12_000_000)],
  [
    "a wrong key with 12 MB of unstated length",
    401,
    "invalid_api_key",
    { path: "/v1/chat/completions", headers: BAD, bytes: 12_000_000 },
  ],
  ["a stated length over the limit", 413, "body_too_large", sent("/v1/messages", GOOD, LIMIT + MEBIBYTE)],
  [
    "a length over the limit that is not stated",
    413,
    "body_too_large",
    { path: "/v1/chat/completions", headers: GOOD, bytes: 2 * LIMIT },
  ],
  [
    "a header at fault",
    400,
    "invalid_header",
    sent("/v1/chat/completions", { ...GOOD, "x-pointsman-task-type": "poetry" }, 12_000_000),
  ],
  ["an unknown path", 404, "unknown_path", sent("/v1/nothing", GOOD, 12_000_000)],
  ["a wrong method", 405, "method_not_allowed", sent("/v1/models", GOOD, 12_000_000)],
  ["a control path with a wrong key", 401, "invalid_api_key", sent("/admin/explain", BAD, 12_000_000)],
  ["a policy that is too large", 413, "body_too_large", sent("/admin/explain", GOOD, LIMIT + MEBIBYTE)],
  ["an upload that is no form", 400, "unsupported_content_type", sent("/v1/files", GOOD, 12_000_000)],
  [
    "a form that is none",
    400,
    "invalid_multipart",
    sent("/v1/files", { ...GOOD, "content-type": "multipart/form-data; boundary=x" }, 12_000_000),
  ],
])("%s", async (_name, status, code, request) => {
  expect(await overHttp2([request])).toEqual([{ status, code }]);
  expect((await chat(gateway, {})).status).toBe(200);
});

test("all of this left no internal error in the log", () => {
  expect(gateway.errors()).not.toContain("internal_error");
});

async function overHttp2(requests: readonly Sent[]): Promise<unknown> {
  const child = endWithFile(
    spawn("node", [join(import.meta.dir, "node", "http2-requests.mjs")], {
      env: { ...process.env, POINTSMAN_URL: gateway.url, REQUESTS: JSON.stringify(requests) },
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
  let stdout = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  await new Promise((resolve) => child.on("close", resolve));
  return JSON.parse(stdout);
}
