import { describe, expect, test } from "bun:test";
import { fakeProcess } from "../../fake-ports.ts";

const JOB = {
  id: "job_1",
  status: "succeeded",
  endpoint: "/v1/chat/completions",
  use_case: "chat",
  created_at: 1_700_000_000,
  ended_at: 1_700_000_060,
  expires_at: 1_700_086_400,
  attempts: 2,
  next_attempt_at: null,
  error: null,
  dead_letter: false,
  response: {
    status_code: 200,
    request_id: "req_1",
    decision_id: "dec_1",
    degraded: null,
    body: { text: "line\u001b[2J" },
  },
  webhook: {
    url: "https://h.example/",
    status: "due",
    attempts: 1,
    last_error: "the application answered 503",
  },
};
const answering = (...answers: readonly unknown[]) => {
  let at = 0;
  return fakeProcess({
    stdin: '{"a":1}',
    gateway: () => Response.json(answers[Math.min(at++, answers.length - 1)]),
  });
};

describe("submit", () => {
  test("sends what was written, and what it is to be", async () => {
    const shell = answering(JOB);
    const more = ["--deadline", "1h", "--delay", "90s", "--idempotency-key", "k", "--accept-degraded"];
    expect(
      await shell.run(
        "jobs",
        "submit",
        "/v1/invoke",
        '{"x":"ü"}',
        ...more,
        "--webhook",
        "https://h.example/",
      ),
    ).toBe(0);
    expect(shell.asked[0]).toMatchObject({
      method: "POST",
      path: "/v1/jobs",
      body: {
        endpoint: "/v1/invoke",
        body: { x: "ü" },
        deadline_seconds: 3600,
        delay_seconds: 90,
        idempotency_key: "k",
        accept_degraded: true,
        webhook: { url: "https://h.example/" },
      },
    });
  });

  test("reads standard input, and refuses what is no JSON", async () => {
    const shell = answering(JOB);
    expect(await shell.run("jobs", "submit", "/v1/invoke", "-")).toBe(0);
    expect(shell.asked[0]?.body).toEqual({ endpoint: "/v1/invoke", body: { a: 1 } });
    expect(await shell.run("jobs", "submit", "/v1/invoke", "{")).toBe(2);
  });

  test("takes a file of it, and says when there is none", async () => {
    const shell = fakeProcess({ cwd: import.meta.dir, gateway: () => Response.json(JOB) });
    expect(await shell.run("jobs", "submit", "/v1/invoke", "nowhere.json")).toBe(2);
    expect(shell.stderr()).toContain("There is no file nowhere.json.");
    expect(await shell.run("jobs", "submit", "/v1/invoke", "../../../../package.json")).toBe(0);
    expect(shell.asked[0]?.body).toMatchObject({ body: { name: "pointsman" } });
  });

  test("waits where it is told to; a job that failed is a negative result", async () => {
    const failed = { ...JOB, status: "failed", error: { kind: "invalid", code: "c", message: "No." } };
    const shell = answering({ ...JOB, status: "queued" }, failed);
    expect(await shell.run("jobs", "submit", "/v1/invoke", "{}", "--wait")).toBe(1);
    expect(shell.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /v1/jobs",
      "GET /v1/jobs/job_1",
    ]);
    expect(shell.stdout()).toContain("invalid (c): No.");
  });
});

describe("looking", () => {
  test("show prints the result without what steers a terminal", async () => {
    const shell = answering(JOB);
    expect(await shell.run("jobs", "show", "job_1")).toBe(0);
    expect(shell.stdout()).toContain("succeeded after 2 tries");
    expect(shell.stdout()).toContain("due, tried 1 time: the application answered 503");
    expect(shell.stdout()).not.toContain("\u001b[2J");
  });

  test("list hands filters on, and says where it goes on", async () => {
    const shell = answering({ data: [JOB], has_more: true, last_id: "job_1" });
    expect(
      await shell.run("jobs", "list", "--status", "succeeded", "--use-case", "chat", "--limit", "1"),
    ).toBe(0);
    expect(shell.asked[0]?.path).toBe("/v1/jobs?limit=1&status=succeeded&use_case=chat");
    expect(shell.stderr()).toContain("--after job_1");
    expect(await fakeProcess().run("jobs", "list", "--status", "lost")).toBe(2);
  });

  test("dead lists why", async () => {
    const dead = {
      id: "job_1",
      tenant: null,
      use_case: "chat",
      died_at: 1_700_000_000,
      reason: "outage (x)",
    };
    const shell = answering({ jobs: [dead], cursor: null });
    expect(await shell.run("jobs", "dead")).toBe(0);
    expect(shell.stdout()).toContain("outage (x)");
  });
});

describe("changing", () => {
  test.each(["cancel", "redeliver"])("%s", async (verb) => {
    const shell = answering(JOB);
    expect(await shell.run("jobs", verb, "../x")).toBe(0);
    expect(shell.asked[0]).toMatchObject({ method: "POST", path: `/v1/jobs/..%2Fx/${verb}`, body: {} });
  });

  test.each([
    [404, "unknown_job"],
    [400, "job_not_cancellable"],
    [400, "nothing_to_deliver"],
  ])("%i %s is a negative result", async (status, code) => {
    const error = { message: "No.", type: "invalid", code };
    const shell = fakeProcess({ gateway: () => Response.json({ error }, { status }) });
    expect(await shell.run("jobs", "cancel", "job_1")).toBe(1);
  });

  test("replay names jobs or all, and says when one was not found", async () => {
    const all = answering({ replayed: ["a"], more: true });
    expect(await all.run("jobs", "replay", "--all")).toBe(0);
    expect(all.asked[0]?.body).toEqual({ all: true });
    const some = answering({ replayed: ["a"], more: false });
    expect(await some.run("jobs", "replay", "a", "b")).toBe(1);
    expect(some.asked[0]?.body).toEqual({ ids: ["a", "b"] });
    expect(await fakeProcess().run("jobs", "replay")).toBe(2);
    expect(await fakeProcess().run("jobs", "replay", "a", "--all")).toBe(2);
  });

  test("discard forgets", async () => {
    const shell = answering({ discarded: ["a"] });
    expect(await shell.run("jobs", "discard", "a")).toBe(0);
    expect(shell.asked[0]).toMatchObject({ path: "/admin/jobs/dead/discard", body: { ids: ["a"] } });
  });
});
