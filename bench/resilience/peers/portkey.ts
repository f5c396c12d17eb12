/**
 * Portkey's gateway with portkey.config.json, which it takes by a header. Owns the starting.
 *
 * Settings and where Portkey documents them (portkey.ai/docs/product/ai-gateway):
 * - `strategy.mode: fallback` (/fallbacks): the next target after any status that is not 2xx.
 * - `request_timeout` (/request-timeouts): milliseconds, per target, here as for the others. It ends with the
 *   response's head, and there is no setting for a silence inside a stream.
 * - `retry.attempts` (/automatic-retries): on the last target alone. On the others a retry waits a second before it
 *   asks the failing region again, while the next target stands by.
 * Its code calls a circuit breaker by a hook that the package leaves empty, so none is configured.
 *
 * The package asks for any `@hono/node-server` 1.x and cannot stream with the newest ("TypeError: immutable",
 * Portkey-AI/gateway issue 1389), so the version of its own lockfile is installed.
 */
import { installPortkey, runPortkey } from "../../peers/portkey.ts";
import { configurationText, PATH, type StartGateway } from "./gateway.ts";

const INSTALL_TIMEOUT_MS = 2 * 60_000;
const LOCKED = { "@hono/node-server": "1.13.5" };

export const startPortkey: StartGateway = async (upstreamPort) => {
  const installed = await installPortkey(INSTALL_TIMEOUT_MS, LOCKED);
  const { port, child } = await runPortkey(installed);
  const config = JSON.stringify(JSON.parse(configurationText("portkey.config.json", upstreamPort)));
  return {
    version: installed.version,
    endpoint: { port, path: PATH, headers: { "x-portkey-config": config } },
    child,
  };
};
