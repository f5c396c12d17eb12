/**
 * A virtual environment with the pinned official SDKs, from PyPI, and scripts run in it. Without python3 or PyPI
 * its suites are skipped and say why; with CI=true that is a failure.
 */
import { expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endWithFile } from "./end-to-end.ts";
import { ROOT } from "./harness.ts";

const HERE = join(import.meta.dir, "python");
const REQUIREMENTS = join(HERE, "requirements.txt");
const VENV = join(ROOT, "node_modules", ".cache", "pointsman-python");
const INSTALL_LIMIT_MS = 180_000;

/** The interpreter of an environment that has exactly the pinned packages, or why there is none. */
function preparePython(): { readonly python: string } | { readonly reason: string } {
  const python = join(VENV, "bin", "python");
  const stamp = join(VENV, "requirements.txt");
  const wanted = readFileSync(REQUIREMENTS, "utf8");
  if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return { python };
  rmSync(VENV, { recursive: true, force: true });
  mkdirSync(VENV, { recursive: true });
  const quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--retries", "1", "--timeout", "10"];
  const steps: readonly (readonly [string, readonly string[]])[] = [
    ["python3", ["-m", "venv", VENV]],
    [python, ["-m", "pip", "install", ...quiet, "-r", REQUIREMENTS]],
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

/** Whether the suites are skipped. */
export const pythonMissing = "reason" in prepared;

/** To be called once in each suite: under CI a missing environment is a failure. */
export function expectPython(): void {
  if ("reason" in prepared) console.log(`The Python SDKs were not tried: ${prepared.reason}`);
  test.skipIf(pythonMissing && process.env.CI !== "true")("its packages are installed", () => {
    expect(prepared).toHaveProperty("python");
  });
}

/** What `python/<script>` printed, as JSON. Rejects with its errors when it fails. */
export function runPython<Seen>(
  script: string,
  environment: Readonly<Record<string, string>>,
): Promise<Seen> {
  if ("reason" in prepared) return Promise.reject(new Error(prepared.reason));
  const child = endWithFile(
    spawn(prepared.python, [join(HERE, script)], { env: { ...process.env, ...environment } }),
  );
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
        : reject(new Error(`${script} ended with ${code}: ${stderr}`)),
    ),
  );
}
