/**
 * LiteLLM's proxy with litellm.config.yaml, as its package runs it. Owns its installation into a cache outside the
 * checkout, where later runs find it, and the starting.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { freePort, runTool, startChild } from "../../processes.ts";
import { PATH, type StartGateway, writeConfiguration } from "./gateway.ts";

const VERSION = "1.106.2";
const CACHE = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
const HOME = join(CACHE, "pointsman-bench", `litellm-${VERSION}`);
/** A hundred packages, some of them large. */
const INSTALL_TIMEOUT_MS = 5 * 60_000;

/** Rejects with pip's complaint, or when the registry does not answer in time. */
async function install(): Promise<void> {
  const complete = join(HOME, "complete");
  if (existsSync(complete)) return;
  rmSync(HOME, { recursive: true, force: true });
  mkdirSync(HOME, { recursive: true });
  await runTool(["python3", "-m", "venv", HOME], INSTALL_TIMEOUT_MS);
  const pip = [join(HOME, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check"];
  await runTool([...pip, `litellm[proxy]==${VERSION}`], INSTALL_TIMEOUT_MS);
  writeFileSync(complete, VERSION);
}

export const startLitellm: StartGateway = async (upstreamPort) => {
  await install();
  const config = writeConfiguration("litellm.config.yaml", upstreamPort);
  const port = await freePort();
  const program = join(HOME, "bin", "litellm");
  const child = startChild(
    "litellm",
    [program, "--config", config, "--host", "127.0.0.1", "--port", String(port)],
    // Prices come from the package and not from the network; the production mode reads no .env file.
    { env: { LITELLM_LOCAL_MODEL_COST_MAP: "True", LITELLM_MODE: "PRODUCTION" } },
  );
  const headers = { authorization: "Bearer sk-bench-resilience" };
  return { version: VERSION, endpoint: { port, path: PATH, headers }, child };
};
