/** What is left of a job: its webhook, what outlives a crash, and what the command line says of it. */
import { describe, expect, test } from "bun:test";
import { createHmac, timingSafeEqual } from "node:crypto";
import { endToEnd } from "./end-to-end.ts";
import { command, eventually } from "./harness.ts";
import { chatJob, HOOK_KEY, startJobsWorld } from "./jobs-world.ts";

endToEnd();

const world = startJobsWorld();
const { behaviour, call, calls, ended, hookUrl, look, stuckUrl, submit, told } = world;

describe("webhooks", () => {
  const hook = () => ({ webhook: { url: hookUrl } });

  /** Written against the specification of Standard Webhooks, not against the gateway's code. */
  function verify({ headers, body }: (typeof told)[number]): boolean {
    const signed = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${body}`;
    const expected = createHmac("sha256", HOOK_KEY).update(signed).digest();
    const age = Math.abs(Date.now() / 1000 - Number(headers.get("webhook-timestamp")));
    return (headers.get("webhook-signature") ?? "").split(" ").some((part) => {
      const [version, signature = ""] = part.split(",");
      const given = Buffer.from(signature, "base64");
      return (
        version === "v1" && given.length === expected.length && timingSafeEqual(given, expected) && age < 300
      );
    });
  }

  test("tell the end, signed; a refused one is told again under the same id", async () => {
    behaviour.hookStatus = 302;
    const id = await submit(chatJob("talk-chat", "tell me", hook()));
    await ended(id);
    await eventually(async () => told.length === 1);
    const failing = await eventually(async () => {
      const job = await look(id);
      return job.webhook?.attempts === 1 && job;
    });
    expect(failing.webhook).toMatchObject({ status: "due", last_error: expect.stringContaining("302") });
    behaviour.hookStatus = 200;
    await eventually(async () => (await look(id)).webhook?.status === "delivered", 20_000);
    expect(told).toHaveLength(2);
    const [first, second] = told;
    if (!first || !second) throw new Error("not told twice");
    expect([verify(first), verify(second)]).toEqual([true, true]);
    expect(second.headers.get("webhook-id")).toBe(first.headers.get("webhook-id") ?? "");
    expect(verify({ ...first, body: first.body.replace("tell", "sell") })).toBe(false);
    const message = JSON.parse(second.body);
    expect(message).toMatchObject({ type: "job.succeeded", data: { id, status: "succeeded" } });
    expect(message.data.response.body.choices[0].message.content).toBe("Heard: tell me");
    // A redirect is not followed: it leads to the upstream.
    expect(calls.map(({ text }) => text)).toEqual(["tell me"]);
    await call(`/v1/jobs/${id}/redeliver`, {});
    await eventually(async () => told.length === 3);
  });

  test("of an application that does not answer hold up nobody else's", async () => {
    const stuck = [];
    for (let n = 0; n < 12; n++) {
      stuck.push(await submit(chatJob("talk-chat", `stuck ${n}`, { webhook: { url: stuckUrl } })));
    }
    for (const id of stuck) await ended(id);
    const id = await submit(chatJob("talk-chat", "healthy", hook()));
    await eventually(async () => (await look(id)).webhook?.status === "delivered", 30_000);
    // None of those before it has been given up yet.
    expect(await look(stuck[0] ?? "")).toMatchObject({ webhook: { status: "due", attempts: 0 } });
  });

  test.each([
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1:1/",
    "https://127.0.0.1/",
    "https://localhost/",
    "http://[::1]/",
    "http://2130706433/",
    "https://hooks.example.com:8443/",
    "http://hooks.example.com/",
    "https://evil.example.com/",
    "https://hooks.example.com@evil.com/",
    "file:///etc/passwd",
  ])("to %s are refused", async (url) => {
    expect(await call("/v1/jobs", chatJob("talk-chat", "x", { webhook: { url } }))).toMatchObject({
      status: 400,
      body: { error: { code: "webhook_not_allowed", param: "webhook.url" } },
    });
  });
});

test("a job outlives a kill -9 in the middle of its call; the next start goes on, and tells of it", async () => {
  const running = await submit(chatJob("talk-chat", "survivor", { webhook: { url: hookUrl } }));
  const cancelled = await submit(chatJob("talk-chat", "cancelled before", { delay_seconds: 2 }));
  behaviour.answerDelayMs = 600_000;
  const hung = await submit(chatJob("talk-chat", "hung"));
  await eventually(async () => calls.some(({ text }) => text === "hung"));
  await call(`/v1/jobs/${cancelled}/cancel`, {});
  const waiting = await submit(chatJob("talk-chat", "waiting", { delay_seconds: 1 }));
  await world.crash(() => {
    behaviour.answerDelayMs = 0;
  });
  expect(await ended(running)).toMatchObject({ status: "succeeded" });
  expect(await ended(waiting)).toMatchObject({ status: "succeeded", attempts: 1 });
  // Its message is in the dead process's hand until the visibility timeout is over.
  expect(await ended(hung, 45_000)).toMatchObject({ status: "succeeded", attempts: 2 });
  expect(await look(cancelled)).toMatchObject({ status: "cancelled" });
  await eventually(async () => told.some(({ body }) => JSON.parse(body).data.id === running));
  expect(calls.some(({ text }) => text === "cancelled before")).toBe(false);
});

test("the command line submits, shows, lists, cancels and replays", async () => {
  const run = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await command(world.gateway(), "jobs", ...args, "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return JSON.parse(stdout);
  };
  const body = JSON.stringify({
    model: "talk-chat",
    messages: [{ role: "user", content: "from the shell" }],
  });
  const job = await run("submit", "/v1/chat/completions", body, "--wait");
  expect(job).toMatchObject({ status: "succeeded" });
  expect(await run("show", job.id)).toMatchObject({ id: job.id });
  expect((await run("list", "--limit", "1")).data[0].id).toBe(job.id);
  const late = await run("submit", "/v1/chat/completions", body, "--delay", "1h");
  expect(await run("cancel", late.id)).toMatchObject({ status: "cancelled" });
  expect(await run("dead")).toMatchObject({ jobs: [] });
  expect(await run("replay", "--all")).toEqual({ replayed: [], more: false });
});
