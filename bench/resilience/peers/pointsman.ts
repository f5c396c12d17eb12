/** Pointsman by its launcher, with policy.yaml and a fresh data directory. Owns the starting. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../../package.json";
import { freePort, startChild, temporaryDirectory } from "../../processes.ts";
import { PATH, type StartGateway, writeConfiguration } from "./gateway.ts";

const ROOT = join(import.meta.dir, "..", "..", "..");
const KEY = "pm-bench-resilience-0000000000000000";

export const startPointsman: StartGateway = async (upstreamPort) => {
  const policy = writeConfiguration("../policy.yaml", upstreamPort);
  const data = join(temporaryDirectory(), "pointsman-data");
  mkdirSync(data, { recursive: true });
  const port = await freePort();
  const command = [join(ROOT, "bin", "pointsman"), "up", "--policy", policy, "--port", String(port)];
  const child = startChild("pointsman", [...command, "--data", data], { cwd: ROOT });
  const headers = { authorization: `Bearer ${KEY}` };
  return { version: packageJson.version, endpoint: { port, path: PATH, headers }, child };
};
