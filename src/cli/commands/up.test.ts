import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createScratch } from "../../../test/scratch.ts";
import { fakeProcess } from "../fake-ports.ts";
import { NotStarted } from "../not-started.ts";
import { CALM_SCENARIO, EXAMPLE_POLICY } from "../packaged.ts";

const scratch = createScratch();

describe("up", () => {
  const cwd = "/home/someone";

  test("has defaults for everything", async () => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("up")).toBe(0);
    expect(shell.started).toEqual([
      {
        policy: "/home/someone/pointsman.yaml",
        environment: null,
        host: "127.0.0.1",
        port: 8080,
        data: "/home/someone/.pointsman",
        queue: { kind: "embedded" },
        scenario: null,
        demo: false,
        drainMs: 25_000,
        graceMs: 0,
        json: false,
      },
    ]);
  });

  test("takes every option", async () => {
    const shell = fakeProcess({ cwd, env: { PORT: "9999" } });
    const args = ["--policy", "p.yaml", "--env", "prod", "--host", "::1", "--port", "0"];
    expect(await shell.run("up", ...args, "--data", ":memory:", "--drain", "1m30s")).toBe(0);
    expect(shell.started).toEqual([
      {
        policy: "/home/someone/p.yaml",
        environment: "prod",
        host: "::1",
        port: 0,
        data: ":memory:",
        queue: { kind: "embedded" },
        scenario: null,
        demo: false,
        drainMs: 90_000,
        graceMs: 0,
        json: false,
      },
    ]);
  });

  test("--demo starts from the packaged example, which is there", async () => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("up", "--demo")).toBe(0);
    expect(shell.started[0]).toMatchObject({ policy: EXAMPLE_POLICY, scenario: CALM_SCENARIO, demo: true });
    expect(existsSync(EXAMPLE_POLICY)).toBe(true);
    expect(existsSync(CALM_SCENARIO)).toBe(true);
  });

  test("--demo with a policy of one's own keeps it", async () => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("up", "--demo", "--policy", "/etc/p.yaml")).toBe(0);
    expect(shell.started[0]).toMatchObject({ policy: "/etc/p.yaml", demo: true });
  });

  test.each([
    ["https://policies.example/policy.yaml", "https://policies.example/policy.yaml"],
    ["s3://bucket/policy.yaml", "s3://bucket/policy.yaml"],
    ["appconfig:app/live/policy", "appconfig:app/live/policy"],
    ["store:", "store:"],
    ["store:first.yaml", "store:/home/someone/first.yaml"],
    ["policies", "/home/someone/policies"],
  ])("--policy %s, or as POINTSMAN_POLICY, is %s", async (written, policy) => {
    const option = fakeProcess({ cwd });
    expect(await option.run("up", "--policy", written)).toBe(0);
    expect(option.started[0]).toMatchObject({ policy });
    const variable = fakeProcess({ cwd, env: { POINTSMAN_POLICY: written } });
    expect(await variable.run("up", "--demo")).toBe(0);
    expect(variable.started[0]).toMatchObject({ policy });
    const both = fakeProcess({ cwd, env: { POINTSMAN_POLICY: "other.yaml" } });
    expect(await both.run("up", "--policy", written)).toBe(0);
    expect(both.started[0]).toMatchObject({ policy });
  });

  test.each([
    ["http://policies.example/policy.yaml", "plain http"],
    ["https://ops:hunter2@policies.example/policy.yaml", "password"],
    ["gs://bucket/policy.yaml", "There is no policy source gs:"],
    ["ssm:", "Parameter Store"],
  ])("--policy %s is wrong usage, and is not repeated", async (written, words) => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("up", "--policy", written)).toBe(2);
    expect(shell.stderr()).toContain(words);
    expect(shell.stderr()).not.toContain("hunter2");
    expect(shell.started).toEqual([]);
  });

  test("--queue says where jobs wait, and goes before POINTSMAN_QUEUE", async () => {
    const url = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
    const sqs = { kind: "sqs", url, deadUrl: null };
    const variable = fakeProcess({ cwd, env: { POINTSMAN_QUEUE: `sqs:${url}` } });
    expect(await variable.run("up")).toBe(0);
    expect(variable.started[0]).toMatchObject({ queue: sqs });
    const both = fakeProcess({ cwd, env: { POINTSMAN_QUEUE: `sqs:${url}` } });
    expect(await both.run("up", "--queue", `sqs:${url},dead=${url}-dead`)).toBe(0);
    expect(both.started[0]).toMatchObject({ queue: { ...sqs, deadUrl: `${url}-dead` } });
    const embedded = fakeProcess({ cwd, env: { POINTSMAN_QUEUE: `sqs:${url}` } });
    expect(await embedded.run("up", "--queue", "embedded")).toBe(0);
    expect(embedded.started[0]).toMatchObject({ queue: { kind: "embedded" } });
  });

  test("a queue that is none is wrong usage, and is not repeated", async () => {
    for (const env of [
      {},
      { POINTSMAN_QUEUE: "sqs:https://ops:hunter2@sqs.eu-west-1.amazonaws.com/1/jobs" },
    ]) {
      const shell = fakeProcess({ cwd, env });
      const args = Object.keys(env).length > 0 ? [] : ["--queue", "amqp://ops:hunter2@example"];
      expect(await shell.run("up", ...args)).toBe(2);
      expect(shell.stderr()).toContain("sqs:https://sqs.REGION.amazonaws.com/ACCOUNT/NAME");
      expect(shell.stderr()).not.toContain("hunter2");
      expect(shell.started).toEqual([]);
    }
  });

  test.each([
    ["3000", 3000],
    ["", 8080],
  ])("PORT=%p means port %p", async (PORT, port) => {
    const shell = fakeProcess({ cwd, env: { PORT } });
    expect(await shell.run("up")).toBe(0);
    expect(shell.started[0]?.port).toBe(port);
  });

  test("a PORT that is none is wrong usage", async () => {
    const shell = fakeProcess({ cwd, env: { PORT: "http" } });
    expect(await shell.run("up")).toBe(2);
    expect(shell.stderr()).toContain("PORT");
    expect(shell.started).toEqual([]);
  });

  test("ends with the code of the gateway", async () => {
    expect(await fakeProcess({ serve: async () => 1 }).run("up")).toBe(1);
  });

  const withCode = (code: string) => Object.assign(new Error("no"), { code });

  test.each([
    ["a port in use", withCode("EADDRINUSE"), "Port 8080 of 127.0.0.1 is in use", "--port"],
    ["a port that may not be had", withCode("EACCES"), "may not listen on 127.0.0.1:8080", "--host"],
    ["a setup that is wrong", new NotStarted({ message: "No.", fix: "Do x.", exitCode: 1 }), "No.", "Do x."],
  ])("%s is said with its fix", async (_name, thrown, what, fix) => {
    const shell = fakeProcess({
      serve: async () => {
        throw thrown;
      },
    });
    expect(await shell.run("up")).toBe(1);
    expect(shell.stderr()).toContain(what);
    expect(shell.stderr()).toContain(fix);
  });
});

describe.each(["up", "simulate"])("%s --host", (command) => {
  test.each(["", " "])("%p is wrong usage", async (host) => {
    const shell = fakeProcess();
    expect(await shell.run(command, "--host", host)).toBe(2);
    expect(shell.stderr()).toContain("Give an address of this machine");
    expect(shell.started).toEqual([]);
  });

  test("an address that is none is wrong usage, with its fix", async () => {
    const serve = async () => {
      throw Object.assign(new Error("EINVAL: invalid argument, listen"), {
        code: "EINVAL",
        syscall: "listen",
      });
    };
    const shell = fakeProcess({ serve });
    expect(await shell.run(command, "--host", "999.1.1.1")).toBe(2);
    expect(shell.stderr()).toContain("999.1.1.1 is no address that can be listened on.");
    expect(shell.stderr()).toContain("--host");
  });
});

describe.each(["up", "simulate"])("%s --scenario", (command) => {
  test("a scenario that is not there stops it", async () => {
    const shell = fakeProcess();
    expect(await shell.run(command, "--scenario", "gone.yaml")).toBe(2);
    expect(shell.stderr()).toContain("There is no file gone.yaml.");
    expect(shell.started).toEqual([]);
  });

  test("a bad scenario stops it with place and fix", async () => {
    const cwd = scratch.folder();
    await writeFile(join(cwd, "bad.yaml"), "seed: 1\ndeploymentz: {}\n");
    const shell = fakeProcess({ cwd });
    expect(await shell.run(command, "--scenario", "bad.yaml")).toBe(1);
    expect(shell.stderr()).toContain("bad.yaml:2:1 error");
    expect(shell.stderr()).toContain("not a valid scenario");
    expect(shell.started).toEqual([]);
  });

  test("a good one is handed on with its whole path", async () => {
    const shell = fakeProcess();
    expect(await shell.run(command, "--scenario", CALM_SCENARIO)).toBe(0);
    expect(shell.started[0]?.scenario).toBe(CALM_SCENARIO);
  });
});

test("simulate has defaults and takes a port", async () => {
  const shell = fakeProcess();
  expect(await shell.run("simulate")).toBe(0);
  expect(await shell.run("simulate", "--port", "0", "--host", "0.0.0.0")).toBe(0);
  expect(shell.started).toEqual([
    { scenario: null, host: "127.0.0.1", port: 8090, json: false },
    { scenario: null, host: "0.0.0.0", port: 0, json: false },
  ]);
});
