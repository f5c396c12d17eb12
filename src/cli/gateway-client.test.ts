import { describe, expect, test } from "bun:test";
import { DEMO_KEY } from "../core/demo-key.ts";
import { fakeProcess } from "./fake-ports.ts";

const HEALTH = JSON.stringify({ deployments: [] });
const healthy = () => new Response(HEALTH);
const KEY = "pm_live_topsecret";

describe("where and with which key", () => {
  test.each([
    ["nothing set", {}, [], "http://127.0.0.1:8080/admin/health", DEMO_KEY],
    ["POINTSMAN_DEMO_KEY", { POINTSMAN_DEMO_KEY: "d" }, [], "http://127.0.0.1:8080/admin/health", "d"],
    [
      "POINTSMAN_API_KEY before it",
      { POINTSMAN_DEMO_KEY: "d", POINTSMAN_API_KEY: "a" },
      [],
      "http://127.0.0.1:8080/admin/health",
      "a",
    ],
    [
      "options before the environment",
      { POINTSMAN_URL: "http://env:1", POINTSMAN_API_KEY: "a" },
      ["--url", "https://opt/x/", "--api-key", "o"],
      "https://opt/x/admin/health",
      "o",
    ],
    ["POINTSMAN_URL", { POINTSMAN_URL: "http://env:1" }, [], "http://env:1/admin/health", DEMO_KEY],
  ])("%s", async (_name, env: Record<string, string>, args, url, key) => {
    const shell = fakeProcess({ env, gateway: healthy });
    expect(await shell.run("health", ...args)).toBe(0);
    expect(shell.asked.map((one) => [one.url, one.authorization])).toEqual([[url, `Bearer ${key}`]]);
  });

  test.each([
    ["not a URL", ["--url", "localhost:8080/x y"]],
    ["another scheme", ["--url", "ftp://x"]],
    ["a password in it", ["--url", "http://me:hunter2@x"]],
    ["a query", ["--url", "http://x?token=hunter2"]],
    ["a key with a line break", ["--api-key", "hunter2\nx"]],
    ["an empty key", ["--api-key", " "]],
  ])("%s is wrong usage, is not repeated, and asks nobody", async (_name, args) => {
    const shell = fakeProcess({ gateway: healthy });
    expect(await shell.run("health", ...args)).toBe(2);
    expect(shell.asked).toEqual([]);
    expect(shell.stderr()).toContain("fix:");
    expect(shell.stderr()).not.toContain("hunter2");
  });
});

describe("no answer", () => {
  test("a refused connection says to start the gateway first", async () => {
    const shell = fakeProcess({ env: { POINTSMAN_API_KEY: KEY } });
    expect(await shell.run("health")).toBe(3);
    expect(shell.stderr()).toContain("http://127.0.0.1:8080 cannot be reached (ConnectionRefused)");
    expect(shell.stderr()).toContain("`pointsman up`");
    expect(shell.stdout()).toBe("");
  });

  test("what fetch says of a header is not repeated", async () => {
    const shell = fakeProcess({
      env: { POINTSMAN_API_KEY: KEY },
      gateway: () => {
        throw new TypeError(`Header 'authorization' has invalid value: 'Bearer ${KEY}'`);
      },
    });
    expect(await shell.run("health")).toBe(3);
    expect(shell.stderr()).not.toContain(KEY);
  });

  test("silence is given up on after ten seconds, and leaves no timer", async () => {
    const shell = fakeProcess({ gateway: () => new Promise<Response>(() => undefined) });
    const never = shell.ports.fetch;
    // The fake answers never; a real fetch rejects when its signal aborts.
    const aborting = (input: string | URL | Request, init?: RequestInit) =>
      Promise.race([
        never(input instanceof Request ? input : String(input), init ?? {}),
        new Promise<Response>((_resolve, reject) =>
          init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)),
        ),
      ]);
    Object.assign(shell.ports, { fetch: Object.assign(aborting, { preconnect: () => undefined }) });
    const running = shell.run("health");
    await shell.clock.advance(10_000);
    expect(await running).toBe(3);
    expect(shell.stderr()).toContain("did not answer within 10 s");
    expect(shell.clock.pending).toBe(0);
  });
});

describe("refusals", () => {
  const refuse = (status: number, message: string) => () =>
    Response.json({ error: { message, type: "t", code: "c", param: null }, request_id: "req_1" }, { status });

  test.each([
    [401, "fix: Give a key of the policy with --api-key"],
    [403, "fix: Use a key with that role."],
    [503, "fix: See the gateway's log"],
    [400, "No.\n"],
  ])("%p says what to do", async (status, fix) => {
    const shell = fakeProcess({ gateway: refuse(status, "No."), env: { POINTSMAN_API_KEY: KEY } });
    expect(await shell.run("health")).toBe(3);
    expect(shell.stderr()).toContain(`answered ${status}: No.`);
    expect(shell.stderr()).toContain(fix);
    expect(shell.stderr()).not.toContain(KEY);
    expect(shell.stderr().includes("fix:")).toBe(status !== 400);
  });

  test.each([
    [404, "unknown_job", 1],
    [409, "not_pinned", 1],
    [412, "version_changed", 1],
    [404, "unknown_path", 3],
    [404, "", 3],
    [400, "invalid_value", 3],
    [409, "", 3],
  ])("%i %p ends with %i: an answer is not a failure to ask", async (status, code, exit) => {
    const error = { message: "No.", type: "not_found", code };
    const shell = fakeProcess({ gateway: () => Response.json({ error }, { status }) });
    expect(await shell.run("jobs", "show", "job_1")).toBe(exit);
  });

  test.each([
    ["a page", () => new Response("<html>", { status: 200 })],
    ["an error page", () => new Response("<html>", { status: 502 })],
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "http://elsewhere" } })],
    ["JSON of something else", () => Response.json({ hello: "world" })],
  ])("%s is no gateway", async (_name, gateway) => {
    const shell = fakeProcess({ gateway });
    expect(await shell.run("health")).toBe(3);
    expect(shell.asked).toHaveLength(1);
    expect(shell.stderr()).toContain("see what listens");
  });
});
