import { describe, expect, test } from "bun:test";
import type { CheckResult } from "./check-result.ts";
import { examined, fakeWorld, patientOf, SECRET } from "./fake-patient.ts";

const said = (results: readonly CheckResult[], id: string) =>
  results.filter(({ deployment }) => deployment === id).map(({ check, status }) => `${check} ${status}`);

describe("an examination", () => {
  test("says of each deployment whether it is known, reached, in time, and answers", async () => {
    const results = await examined(patientOf(), fakeWorld());
    expect(said(results, "gpt")).toEqual(["credential ok", "address ok", "clock ok", "model ok"]);
    expect(said(results, "sim")).toEqual(["model skipped"]);
    expect(said(results, "open").at(-1)).toBe("prices warning");
    expect(said(results, "claude")).toEqual(["credential failed", "address ok", "clock ok", "model skipped"]);
    expect(said(results, "old").at(-1)).toBe("model skipped");
    expect(JSON.stringify(results)).not.toContain(SECRET);
  });

  test("says all of one deployment together", async () => {
    const order = (await examined(patientOf(), fakeWorld())).map(({ deployment }) => deployment);
    const runs = order.filter((id, i) => id !== order[i - 1]);
    expect(runs).toHaveLength(new Set(order).size);
    expect(runs).toHaveLength(13);
  });

  test("asks an endpoint once, however many deployments are behind it", async () => {
    const world = fakeWorld();
    await examined(patientOf(), world);
    expect(world.asked.filter((asked) => asked.includes("api.openai.com"))).toEqual([
      "resolve api.openai.com",
      "tls api.openai.com:443",
      "date https://api.openai.com",
    ]);
  });

  test("calls neither simulated, nor retired models, nor those without a credential", async () => {
    const world = fakeWorld();
    await examined(patientOf(), world);
    const called = world.calls.map(({ deployment }) => deployment.id);
    expect(called).toHaveLength(10);
    for (const id of ["sim", "old", "claude"]) expect(called).not.toContain(id);
  });

  test("does not call a model where nobody is there", async () => {
    const world = fakeWorld({ connect: () => Promise.reject(new Error("no")) });
    const results = await examined(patientOf(), world, { only: "gpt" });
    expect(results.map(({ status }) => status)).toEqual(["ok", "failed", "skipped", "skipped"]);
    expect(world.calls).toEqual([]);
  });

  test("looks at one deployment alone where only that is asked for", async () => {
    const world = fakeWorld();
    const results = await examined(patientOf(), world, { only: "gemini" });
    expect(new Set(results.map(({ deployment }) => deployment))).toEqual(new Set(["gemini"]));
    expect(world.calls).toHaveLength(1);
  });

  test("a skewed clock fails who signs and warns the others", async () => {
    const fetchDate = async () => new Date(world.clock.now() - 600_000).toUTCString();
    const world = fakeWorld({ fetchDate });
    const clocks = (await examined(patientOf(), world)).filter(({ check }) => check === "clock");
    const failed = clocks.filter(({ status }) => status === "failed").map(({ deployment }) => deployment);
    expect(failed.toSorted()).toEqual(["bedrock", "profile", "sagemaker"]);
    expect(clocks.filter(({ status }) => status === "warning").length).toBe(clocks.length - 3);
  });
});

describe("offline", () => {
  test("nobody is asked anything, and what is missing is still said", async () => {
    const stop = () => {
      throw new Error("asked");
    };
    const world = fakeWorld({
      authorize: stop,
      send: stop,
      resolveHost: stop,
      connect: stop,
      fetchDate: stop,
    });
    const results = await examined(patientOf(), world, { offline: true });
    const failed = results.filter(({ status }) => status === "failed");
    expect(failed.map(({ deployment, check }) => [deployment, check])).toEqual([["claude", "credential"]]);
    expect(said(results, "gpt")).toEqual([
      "credential ok",
      "address skipped",
      "clock skipped",
      "model skipped",
    ]);
    expect(said(results, "bedrock")[0]).toBe("credential skipped");
  });
});

describe("in parallel", () => {
  test("eight at a time, each said as soon as it is known", async () => {
    let open = 0;
    let most = 0;
    const ends: (() => void)[] = [];
    const world = fakeWorld({
      async send() {
        most = Math.max(most, ++open);
        await new Promise<void>((resolve) => ends.push(resolve));
        open--;
        return { ok: false, fault: { kind: "throttled", code: "x", message: "" } };
      },
    });
    const many = Array.from(
      { length: 20 },
      (_, i) => `  d${i}: { model: m, provider: p, model_id: x, region: r }`,
    );
    const patient = patientOf(`version: 1
name: many
providers: { p: { kind: openai-compatible, base_url: "http://127.0.0.1:1/v1" } }
models: { m: { context_window: 1000, prices: { input: 0, output: 0 } } }
deployments:
${many.join("\n")}
use_cases: { u: { ladder: { primary: m } } }
`);
    const examining = examined(patient, world);
    for (let round = 0; round < 40; round++) {
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      if (round === 0) expect(ends).toHaveLength(8);
      ends.shift()?.();
    }
    expect(await examining).toHaveLength(20 * 4);
    expect(most).toBe(8);
  });

  test("called off, it ends without another word", async () => {
    const off = new AbortController();
    const world = fakeWorld({
      send: async () => {
        off.abort();
        return { ok: false, fault: { kind: "cancelled", code: "caller_left", message: "" } };
      },
    });
    const results = await examined(patientOf(), world, { signal: off.signal, only: "gpt" });
    expect(results).toEqual([]);
  });
});
