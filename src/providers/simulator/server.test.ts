import { describe, expect, test } from "bun:test";
import { AS_JSON, ask, type Chat, contentOf, framesOf, INSTANT, start, turns, until } from "./fake-client.ts";
import type { Simulator } from "./server.ts";

describe("an answer", () => {
  test("whole: the wire's shape, marked as simulated", async () => {
    const { simulator } = await start();
    const response = await ask(simulator).answer;
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pointsman-simulated")).toBe("true");
    expect(response.headers.get("x-request-id")).toStartWith("sim");
    const body = (await response.json()) as Chat;
    expect(body.simulated).toBe(true);
    expect(body.choices[0]?.message.content).toStartWith(
      "[simulated by atlas-large] You asked about “Where is Paris?”",
    );
    expect(body.choices[0]?.finish_reason).toBe("stop");
    expect(body.usage.total_tokens).toBe(body.usage.prompt_tokens + body.usage.completion_tokens);
  });

  test("streamed: the same text, then a finish reason, usage where asked, [DONE]", async () => {
    const { simulator } = await start();
    const whole = (await (await ask(simulator).answer).json()) as Chat;
    const response = await ask(simulator, { stream: true, stream_options: { include_usage: true } }).answer;
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const frames = framesOf(await response.text());
    expect(contentOf(frames).join("")).toBe(whole.choices[0]?.message.content ?? "");
    expect(frames.at(-1)).toBe("[DONE]");
    expect(JSON.parse(frames.at(-2) ?? "")).toMatchObject({
      choices: [],
      usage: whole.usage,
      simulated: true,
    });
    expect(JSON.parse(frames.at(-3) ?? "").choices[0]).toMatchObject({ delta: {}, finish_reason: "stop" });
    expect(JSON.parse(frames[0] ?? "")).toMatchObject({
      simulated: true,
      choices: [{ delta: { role: "assistant" } }],
    });
  });

  test("n, max_tokens and logprobs arrive on the wire", async () => {
    const { simulator } = await start();
    const body = (await (
      await ask(simulator, { n: 2, max_tokens: 3, logprobs: true }).answer
    ).json()) as Chat;
    expect(body.choices.map((choice) => choice.finish_reason)).toEqual(["length", "length"]);
    expect(body.choices[0]?.logprobs).toMatchObject({ content: [{}, {}, {}] });
    expect(body.usage.completion_tokens).toBe(6);
  });

  test("the same seed gives the same bytes, another seed others", async () => {
    const bytes = async (seed: number) => {
      const { simulator } = await start(INSTANT.replace("42", String(seed)));
      let all = "";
      for (const body of [
        {},
        { stream: true },
        { response_format: AS_JSON },
        { n: 3, stream: true, logprobs: true },
      ]) {
        all += await (await ask(simulator, body).answer).text();
      }
      return all;
    };
    const first = await bytes(1);
    expect(await bytes(1)).toBe(first);
    expect(await bytes(2)).not.toBe(first);
  });

  test("a deployment that the scenario does not name has the defaults", async () => {
    const { simulator } = await start();
    const body = (await (await ask(simulator, {}, "some%20other").answer).json()) as Chat;
    expect(body.choices[0]?.message.content).toStartWith("[simulated by some other]");
  });

  test.each([
    ["GET", "/atlas/v1/chat/completions", null, 405],
    ["POST", "/atlas/v1/models", "{}", 405],
    ["POST", "/nothing", "{}", 404],
    ["POST", "/%ff/v1/chat/completions", "{}", 404],
    ["POST", "/atlas/v1/chat/completions", "{", 400],
    ["POST", "/atlas/v1/chat/completions", '{"model":"m","messages":[]}', 400],
  ])("%s %s with %p is %p", async (method, path, body, status) => {
    const { simulator } = await start();
    const response = await fetch(`${simulator.url}${path}`, { method, body });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { message: expect.any(String) }, simulated: true });
  });

  test("a body past the bound is refused", async () => {
    const { simulator } = await start();
    const response = await fetch(`${simulator.url}/atlas/v1/chat/completions`, {
      method: "POST",
      body: " ".repeat(16 * 1024 * 1024 + 1),
    });
    expect(response.status).toBe(413);
  });

  test("models lists the deployment's own", async () => {
    const { simulator } = await start();
    const response = await fetch(`${simulator.url}/atlas/v1/models`);
    expect(await response.json()).toMatchObject({
      object: "list",
      data: [{ id: "atlas-large", object: "model" }],
    });
  });
});

describe("pace", () => {
  const SLOW = "version: 1\ndeployments: { atlas: { first_token: 100ms, tokens_per_second: 10 } }";

  test("first token and token rate follow the clock", async () => {
    const { simulator, clock } = await start(SLOW);
    const { answer } = ask(simulator, { stream: true, max_tokens: 3 });
    await until(() => clock.pending === 1);
    await clock.advance(100);
    const response = await answer;
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(contentOf(framesOf(new TextDecoder().decode(first?.value)))).toHaveLength(1);
    const more = reader?.read();
    expect(await Promise.race([more, turns(50)])).toBe("nothing");
    await clock.advance(200);
    await more;
    await until(() => simulator.stats().atlas?.answered === 1);
    expect(clock.pending).toBe(0);
  });

  test("a whole answer takes as long as its stream would", async () => {
    const { simulator, clock } = await start(SLOW);
    const { answer } = ask(simulator, { max_tokens: 3 });
    await until(() => clock.pending === 1);
    await clock.advance(299);
    expect(await Promise.race([answer, turns(50)])).toBe("nothing");
    await clock.advance(1);
    expect((await answer).status).toBe(200);
  });

  test.each([
    [{ slow_first_token: "5s" }, 4999],
    [{ slow_tokens: 2 }, 100 + 999],
  ])("%j", async (fault, early) => {
    const { simulator, clock } = await start(SLOW);
    simulator.inject({ fault });
    const { answer } = ask(simulator, { max_tokens: 3 });
    await until(() => clock.pending === 1);
    await clock.advance(early);
    expect(await Promise.race([answer, turns(50)])).toBe("nothing");
    await clock.advance(10_000);
    expect((await answer).status).toBe(200);
  });

  test("a client that leaves takes its timer along", async () => {
    const { simulator, clock } = await start(SLOW);
    const { answer, leave } = ask(simulator, { stream: true });
    await until(() => clock.pending === 1);
    leave();
    await expect(answer).rejects.toThrow();
    await until(() => clock.pending === 0);
    expect(simulator.stats().atlas).toMatchObject({ requests: 1, cancelled: 1, active: 0, answered: 0 });
  });
});

describe("schedule and quota", () => {
  test("a fault begins and ends on the clock, and hits what it matches", async () => {
    const { simulator, clock } = await start(`${INSTANT}
faults: [{ match: { region: us-east-1 }, start: 10s, duration: 20s, fault: { status: 503 } }]`);
    const status = async (deployment: string) => {
      const response = await ask(simulator, {}, deployment).answer;
      await response.text();
      return response.status;
    };
    expect(await status("atlas")).toBe(200);
    await clock.advance(10_000);
    expect(await status("atlas")).toBe(503);
    expect(await status("elsewhere")).toBe(200);
    await clock.advance(20_000);
    expect(await status("atlas")).toBe(200);
    expect(simulator.stats().atlas).toMatchObject({
      requests: 3,
      answered: 2,
      faults: { status: 1 },
      active: 0,
    });
  });

  test("past the quota: 429 with the wait, and admitted after it", async () => {
    const { simulator, clock } = await start(
      "version: 1\ndeployments: { atlas: { quota: { requests_per_minute: 2, tokens_per_minute: 100000 } } }",
    );
    const seen: number[] = [];
    for (let i = 0; i < 3; i++) {
      const response = await ask(simulator).answer;
      seen.push(response.status);
      if (response.status === 429) {
        expect(response.headers.get("retry-after")).toBe("30");
        expect(response.headers.get("x-ratelimit-remaining-requests")).toBe("0");
        expect(await response.json()).toMatchObject({ error: { code: "rate_limit_exceeded" } });
      } else {
        await response.text();
        expect(response.headers.get("x-ratelimit-limit-tokens")).toBe("100000");
      }
    }
    expect(seen).toEqual([200, 200, 429]);
    await clock.advance(30_000);
    expect((await ask(simulator).answer).status).toBe(200);
    expect(simulator.stats().atlas?.throttled).toBe(1);
  });
});

describe("/_simulator", () => {
  async function control(simulator: Simulator, method: string, path = "", body?: unknown) {
    const sent = body === undefined ? null : JSON.stringify(body);
    const response = await fetch(`${simulator.url}/_simulator${path}`, { method, body: sent });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  test("shows, injects from now on, clears", async () => {
    const { simulator, clock } = await start();
    await clock.advance(5000);
    const posted = await control(simulator, "POST", "/faults", { duration: "2s", fault: { status: 503 } });
    expect(posted).toEqual({ status: 201, body: { id: "fault-1" } });
    expect((await ask(simulator).answer).status).toBe(503);
    const shown = await control(simulator, "GET");
    expect(shown.body).toMatchObject({
      elapsedMs: 5000,
      scenario: { seed: 42 },
      activeFaults: [{ id: "fault-1", startMs: 5000 }],
      deployments: { atlas: { requests: 1, faults: { status: 1 } } },
    });
    await clock.advance(2000);
    expect((await ask(simulator).answer).status).toBe(200);
    expect((await control(simulator, "DELETE", "/faults/fault-1")).body).toEqual({ cleared: 1 });
    expect((await control(simulator, "DELETE", "/faults/fault-1")).status).toBe(404);
    simulator.inject({ fault: "hang" });
    simulator.inject({ fault: "reset" });
    expect((await control(simulator, "DELETE", "/faults")).body).toEqual({ cleared: 2 });
    expect((await ask(simulator).answer).status).toBe(200);
  });

  test.each([
    ["POST", "/faults", { fault: { status: 200 } }, 400],
    ["POST", "/faults", undefined, 400],
    ["PUT", "/faults", {}, 405],
    ["POST", "", {}, 405],
    ["GET", "/elsewhere", undefined, 404],
  ])("%s %s %j is %p", async (method, path, body, status) => {
    const { simulator } = await start();
    const answer = await control(simulator, method, path, body);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ error: { message: expect.any(String) } });
  });

  test("inject refuses a fault that is none", async () => {
    const { simulator } = await start();
    expect(() => simulator.inject({ fault: { status: 42 } })).toThrow("status");
  });
});
