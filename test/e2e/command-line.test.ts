/** The command line as people and pipelines use it: through the launcher, by exit code and JSON. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Decision } from "../../src/core/decision.ts";
import type { Finding } from "../../src/policy/finding.ts";
import { endToEnd, endWithFile, folderOfFile, killGroup } from "./end-to-end.ts";
import {
  chat,
  decisionOf,
  eventually,
  KEY,
  LAUNCHER,
  pointsman,
  ROOT,
  type RunningGateway,
  startGateway,
} from "./harness.ts";
import { INSTANT, testPolicy } from "./policies.ts";

const directory = endToEnd().folder();

const run = (...args: string[]) => pointsman(args, { cwd: directory });

describe("init and validate", () => {
  test("init writes a commented policy once, and it is valid", async () => {
    const first = await run("init", "--json");
    expect(first.code).toBe(0);
    const { file } = JSON.parse(first.stdout) as { file: string };
    const text = readFileSync(join(directory, file), "utf8");
    expect(text.split("\n").filter((line) => line.startsWith("#")).length).toBeGreaterThan(5);
    expect((await run("init")).code).toBe(1);
    expect(readFileSync(join(directory, file), "utf8")).toBe(text);
    const valid = await run("validate", "--json");
    expect(valid.code).toBe(0);
    expect(JSON.parse(valid.stdout)).toMatchObject({
      valid: true,
      version: expect.stringMatching(/@[0-9a-f]{12}$/),
    });
  });

  test("validate says what is wrong with file, line, column and the fix", async () => {
    const broken = testPolicy().replace("primary: pebble }", "primary: peble }");
    const line = broken.split("\n").findIndex((text) => text.includes("peble }")) + 1;
    writeFileSync(join(directory, "broken.yaml"), broken);
    const asJson = await run("validate", "broken.yaml", "--json");
    expect(asJson.code).toBe(1);
    const { valid, findings } = JSON.parse(asJson.stdout) as { valid: boolean; findings: Finding[] };
    expect(valid).toBe(false);
    const errors = findings.filter((finding) => finding.severity === "error");
    expect(errors).toMatchObject([
      { file: "broken.yaml", line, code: "unknown_model", fix: expect.stringContaining("pebble") },
    ]);
    const column = (broken.split("\n")[line - 1] ?? "").indexOf("peble") + 1;
    expect(errors[0]?.column).toBe(column);
    const asText = await run("validate", "broken.yaml");
    expect(asText.code).toBe(1);
    expect(asText.stdout).toContain(`broken.yaml:${line}:${column}`);
  });

  test("the overlay of an environment is checked with its base", async () => {
    writeFileSync(join(directory, "layered.yaml"), testPolicy());
    writeFileSync(join(directory, "layered.prod.yaml"), "use_cases:\n  support-chat:\n    deadlin: 3s\n");
    expect((await run("validate", "layered.yaml")).code).toBe(0);
    const prod = await run("validate", "layered.yaml", "--env", "prod", "--json");
    expect(prod.code).toBe(1);
    const { findings } = JSON.parse(prod.stdout) as { findings: Finding[] };
    expect(findings).toContainEqual(expect.objectContaining({ file: "layered.prod.yaml", line: 3 }));
  });
});

describe("help and wrong usage", () => {
  test.each([
    "",
    "up",
    "init",
    "validate",
    "explain",
    "decisions",
    "decisions tail",
    "decisions list",
    "decisions show",
    "simulate",
  ])("%s --help has examples", async (command) => {
    const { code, stdout } = await run(...command.split(" ").filter((word) => word !== ""), "--help");
    expect(code).toBe(0);
    expect(stdout).toContain("Examples:");
  });

  test("the help lists the exit codes", async () => {
    expect((await run("--help")).stdout).toMatch(/Exit codes:[\s\S]*70 {2}internal error/);
  });

  test.each([
    ["an unknown command", ["serve"]],
    ["an unknown option", ["validate", "--strict"]],
    ["a file that is not there", ["validate", "nowhere.yaml"]],
    ["a port that is none", ["up", "--port", "99999"]],
    ["a key with a line feed", ["decisions", "list", "--api-key", "a\nb"]],
  ] as const)("%s is exit code 2 with a fix", async (_, args) => {
    const { code, stdout, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("fix:");
  });

  test("a gateway that is not there is exit code 3", async () => {
    const { code, stderr } = await run("decisions", "list", "--url", "http://127.0.0.1:9");
    expect(code).toBe(3);
    expect(stderr).toContain("pointsman up");
  });
});

describe("against a running gateway", () => {
  let gateway: RunningGateway;
  const ask = (...args: string[]) =>
    pointsman(args, { cwd: directory, env: { POINTSMAN_URL: gateway.url, POINTSMAN_API_KEY: KEY } });

  beforeAll(async () => {
    gateway = await startGateway({ policy: testPolicy(), scenario: INSTANT });
  });
  afterAll(() => gateway.stop());

  test("decisions tail, list and show agree with the records", async () => {
    const ids: string[] = [];
    let last: Response | null = null;
    for (let i = 0; i < 3; i++) {
      last = await chat(gateway, {});
      ids.push(last.headers.get("x-pointsman-decision") ?? "");
      await last.text();
    }
    const record = last && (await decisionOf(gateway, last));
    const tail = await ask("decisions", "tail", "--count", "3", "--json");
    expect(tail.code).toBe(0);
    const tailed = tail.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Decision);
    expect(tailed.map(({ id }) => id)).toEqual(ids);
    const list = await ask("decisions", "list", "--limit", "2", "--json");
    const page = JSON.parse(list.stdout) as { decisions: Decision[]; cursor: string };
    expect(page.decisions.map(({ id }) => id)).toEqual(ids.toReversed().slice(0, 2));
    expect(page.cursor).toBe(ids[1] ?? "");
    const show = await ask("decisions", "show", ids[2] ?? "", "--json");
    expect(show.code).toBe(0);
    expect(JSON.parse(show.stdout)).toEqual(JSON.parse(JSON.stringify(record)));
    const drawn = await ask("decisions", "show", ids[2] ?? "");
    for (const word of [ids[2] ?? "", "atlas-us", "us-east-1", "support-chat"])
      expect(drawn.stdout).toContain(word);
    expect((await ask("decisions", "list")).stdout).toContain(ids[0] ?? "");
  });

  test("a tail that follows shows requests as they end", async () => {
    const following = ask("decisions", "tail", "--count", "5", "--json", "--use-case", "nimbus-chat");
    const sent = new Set<string>();
    for (let i = 0; i < 5; i++) {
      const response = await chat(gateway, { model: "nimbus-chat" });
      sent.add(response.headers.get("x-pointsman-decision") ?? "");
      await response.text();
      await Bun.sleep(100);
    }
    const { code, stdout } = await following;
    expect(code).toBe(0);
    const shown = stdout
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as Decision).id);
    expect(new Set(shown)).toEqual(sent);
  });

  test("a tail whose reader has read enough ends without a word", async () => {
    const child = endWithFile(
      spawn("sh", ["-c", '"$0" decisions tail --json | head -n 1', LAUNCHER], {
        cwd: directory,
        env: { ...process.env, POINTSMAN_URL: gateway.url, POINTSMAN_API_KEY: KEY },
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
    let said = "";
    let complaint = "";
    const ends: (number | null)[] = [];
    child.stdout.on("data", (chunk) => {
      said += chunk;
    });
    child.stderr.on("data", (chunk) => {
      complaint += chunk;
    });
    child.on("close", (code) => ends.push(code));
    await eventually(async () => {
      await (await chat(gateway, { model: "nimbus-chat" })).text();
      return ends.length > 0;
    });
    expect(complaint).toBe("");
    expect(ends).toEqual([0]);
    expect(said.trimEnd().split("\n")).toHaveLength(1);
  });

  test("an unknown decision is exit code 1, a wrong key 3", async () => {
    expect((await ask("decisions", "show", "dec_nothing")).code).toBe(1);
    const refused = await ask("decisions", "list", "--api-key", "pm_secret_zebra_4411");
    expect(refused.code).toBe(3);
    expect(refused.stderr + refused.stdout).not.toContain("zebra");
  });

  test("explain says the same here and there", async () => {
    writeFileSync(join(directory, "same.yaml"), testPolicy());
    const here = await run(
      "explain",
      "Where is my parcel?",
      "--use-case",
      "support-chat",
      "--policy",
      "same.yaml",
      "--json",
    );
    const there = await ask(
      "explain",
      "Where is my parcel?",
      "--use-case",
      "support-chat",
      "--url",
      gateway.url,
      "--json",
    );
    expect([here.code, there.code]).toEqual([0, 0]);
    expect(JSON.parse(here.stdout)).toEqual(JSON.parse(there.stdout));
    expect(JSON.parse(here.stdout)).toMatchObject({
      rule: "default",
      ladder: [{ rung: "primary" }, { rung: "cross-region" }, { rung: "fallback" }],
    });
    const drawn = await run("explain", "Hey", "--use-case", "support-chat", "--policy", "same.yaml");
    for (const word of ["atlas-us", "atlas-eu", "nimbus-us", "template"])
      expect(drawn.stdout).toContain(word);
  });

  test("explain of a request that would be refused is exit code 1", async () => {
    const { code, stderr } = await ask("explain", "Hi", "--use-case", "suport-chat", "--url", gateway.url);
    expect(code).toBe(1);
    expect(stderr).toContain("support-chat");
  });

  test("health and policy status have JSON too", async () => {
    const health = await ask("health", "--json");
    expect(health.code).toBe(0);
    expect(JSON.parse(health.stdout)).toMatchObject({ deployments: expect.any(Array) });
    const status = await ask("policy", "status", "--json");
    expect(status.code).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({
      version: expect.stringContaining("e2e@"),
      refused: null,
    });
    const history = await ask("policy", "history", "--json");
    expect(JSON.parse(history.stdout)).toMatchObject({ activations: [{ result: "activated" }] });
  });

  test("a port that is taken is exit code 1", async () => {
    const port = new URL(gateway.url).port;
    const { code, stderr } = await run("up", "--demo", "--port", port, "--data", ":memory:");
    expect(code).toBe(1);
    expect(stderr).toContain(port);
  });
});

test("simulate serves providers alone until it is told to stop", async () => {
  writeFileSync(join(directory, "scenario.yaml"), "version: 1\ndeployments:\n  one: { region: eu-west-1 }\n");
  const child = endWithFile(
    spawn(LAUNCHER, ["simulate", "--scenario", "scenario.yaml", "--port", "0"], {
      cwd: directory,
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
  const url = await new Promise<string>((resolve) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
      const found = /listen on (\S+);/.exec(text)?.[1];
      if (found) resolve(found);
    });
  });
  const response = await fetch(`${url}/one/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "one", messages: [{ role: "user", content: "Hi" }] }),
  });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ object: "chat.completion", model: "one" });
  const exited = new Promise<number | null>((resolve) => child.on("exit", resolve));
  child.kill("SIGTERM");
  expect(await exited).toBe(0);
});

test("the README's first command: npm start's arguments serve the example policy with the demo key", async () => {
  const gateway = await startGateway({
    policy: readFileSync(join(import.meta.dir, "../../examples/policy.yaml"), "utf8"),
  });
  try {
    const response = await chat(gateway, {});
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pointsman-simulated")).toBe("true");
  } finally {
    await gateway.stop();
  }
});

test.each([
  ["jobs submit", ["jobs", "submit", "/v1/invoke", "-"], '{"x":1}', { body: { x: 1 } }],
  ["tickets answer", ["tickets", "answer", "tkt_1", "-"], "It left.", { answer: "It left." }],
])("%s - sends what standard input has", async (_name, args, written, expected) => {
  const told: unknown[] = [];
  const gateway = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      told.push(await request.json());
      return Response.json({ error: { message: "Heard." } }, { status: 400 });
    },
  });
  const child = spawn(LAUNCHER, [...args, "--url", gateway.url.href], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.stdin.end(written);
  await new Promise((resolve) => child.on("close", resolve));
  await gateway.stop(true);
  expect(told).toMatchObject([expected]);
});

test("a signal to npm start ends the gateway, which npm leaves behind where a shell stands between them", async () => {
  const data = folderOfFile();
  const child = spawn("npm", ["start", "--", "--port", "0", "--data", data], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let printed = "";
  child.stdout.on("data", (chunk) => {
    printed += chunk;
  });
  try {
    const url = await eventually(async () => /Pointsman listens on (\S+)/.exec(printed)?.[1]);
    child.kill("SIGTERM");
    await eventually(async () => (await fetch(url).catch(() => null)) === null);
  } finally {
    killGroup(child);
  }
});
