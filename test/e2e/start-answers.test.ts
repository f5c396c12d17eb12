/** What a start says: why it came to nothing, where it listens; for a person, and with `--json` for a program. */
import { expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { endProcess, endToEnd, endWithFile, folderOfFile } from "./end-to-end.ts";
import { eventually, LAUNCHER, pointsman } from "./harness.ts";
import { testPolicy } from "./policies.ts";

endToEnd();

const HERE = ["--port", "0", "--data", ":memory:"];

test.each([
  ["no file", [], {}, 2, "There is no file pointsman.yaml.", "pointsman init"],
  ["a folder without one", ["--policy", "."], {}, 2, "There is no file policy.yaml.", "pointsman init"],
  ["an invalid policy", ["--policy", "bad.yaml"], {}, 1, "is not valid", ""],
  ["an empty store", ["--policy", "store:"], {}, 1, "The store has no policy yet", "--policy"],
  [
    "no address of Redis",
    ["--demo"],
    { POINTSMAN_REDIS_URL: "localhost" },
    2,
    "POINTSMAN_REDIS_URL",
    "redis://",
  ],
  [
    "no interval",
    ["--policy", "store:"],
    { POINTSMAN_POLICY_INTERVAL: "10" },
    2,
    "INTERVAL is no duration",
    "",
  ],
  ["the demo key for all", ["--demo", "--host", "0.0.0.0"], {}, 2, "must not be reachable", "DEMO_KEY"],
] as const)("%s: what it is and what mends it, once", async (_what, args, env, code, message, fix) => {
  const cwd = folderOfFile();
  writeFileSync(join(cwd, "bad.yaml"), testPolicy().replace("primary: pebble }", "primary: peble }"));
  const clean = { POINTSMAN_DEMO_KEY: "", POINTSMAN_POLICY: "", PORT: "" };
  const start = (...more: string[]) =>
    pointsman([...more, "up", ...HERE, ...args], { cwd, env: { ...clean, ...env } });
  const told = await start();
  expect([told.code, told.stdout]).toEqual([code, ""]);
  expect(told.stderr.split(message)).toHaveLength(2);
  expect(told.stderr).toContain(fix);
  const asJson = await start("--json");
  expect([asJson.code, asJson.stdout]).toEqual([code, ""]);
  const complaint = JSON.parse(asJson.stderr.trim().split("\n").at(-1) ?? "");
  expect(complaint.error.message).toContain(message);
  expect(complaint.error.fix).toContain(fix);
});

test.each(["up", "simulate"])("%s --json says where it listens in one line", async (command) => {
  const place = command === "up" ? ["--demo", ...HERE] : ["--port", "0"];
  const child: ChildProcess = endWithFile(
    spawn(LAUNCHER, [command, "--json", ...place], {
      cwd: folderOfFile(),
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );
  let said = "";
  child.stdout?.on("data", (chunk) => {
    said += chunk;
  });
  await eventually(async () => said.includes("\n"));
  const { url } = JSON.parse(said) as { url: string };
  const path = command === "up" ? "/healthz" : "/_simulator";
  expect((await fetch(url + path)).status).toBe(200);
  await endProcess(child);
});
