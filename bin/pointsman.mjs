#!/usr/bin/env node
// Starts the program on the Bun that came as a dependency. Exists because Bun reads its limit of concurrent
// requests (256) from the environment before the process starts, and because Node is what everybody has.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

// Above the gateway's own limit of 16 KiB, so that longer headers are refused in the caller's dialect.
const HEADER_LIMIT = "--max-http-header-size=65536";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bun = findBun();
const child = spawn(bun, [HEADER_LIMIT, join(root, "src", "main.ts"), ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { BUN_CONFIG_MAX_HTTP_REQUESTS: "65336", ...process.env },
});
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`pointsman: cannot start Bun (${bun}): ${error.message}. Run 'npm ci' in ${root}.`);
  process.exit(70);
});
child.on("exit", (code, signal) => {
  if (signal) process.kill(process.pid, signal);
  else process.exit(code ?? 70);
});

function findBun() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("bun/package.json")), "bin", "bun.exe");
  } catch {
    return "bun";
  }
}
