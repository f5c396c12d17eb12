/**
 * How this process reaches providers and proves itself to them, and what it knows of where their profiles send calls.
 */
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import type { Coalesce } from "../core/coalesce.ts";
import { type Authorize, createAuthorizer } from "../providers/authorize.ts";
import { loadAwsKeys } from "../providers/aws/credential-chain.ts";
import { createAwsKeyring } from "../providers/aws/keys.ts";
import { createProfileLister } from "../providers/aws/list-profiles.ts";
import { createProfileResolver, type ProfileResolver } from "../providers/aws/profile-resolver.ts";
import { readSecretFile } from "../providers/credentials.ts";
import { fetchTransport } from "../providers/fetch-transport.ts";
import { createHttp1Transport } from "../providers/http1/http1-transport.ts";
import { createSecretFiles } from "../providers/secret-files.ts";
import { createTokenIssuer } from "../providers/tokens/issue-token.ts";
import { createTokenWallet } from "../providers/tokens/token-wallet.ts";
import type { Transport } from "../providers/transport.ts";
import { bunSockets } from "./bun-sockets.ts";
import { describeThrown, type Log } from "./log.ts";

export interface ProviderAccess {
  readonly authorize: Authorize;
  readonly transport: Transport;
  readonly profiles: ProfileResolver;
}

/** `onLearnt`: the policy in force may now compile to other regions. `directory`: null keeps nothing. */
export function createProviderAccess(
  clock: Clock,
  arrivals: Coalesce,
  departures: Coalesce,
  log: Log,
  directory: string | null,
  onLearnt: () => void,
): ProviderAccess {
  const awsKeys = createAwsKeyring(clock, loadAwsKeys);
  const tokens = createTokenWallet(clock, createTokenIssuer(process.env));
  const profiles = createProfileResolver({
    clock,
    list: createProfileLister(awsKeys),
    file: directory === null ? null : join(directory, "inference-profiles.json"),
    onLearnt,
    onFailed: (what, region, thrown) =>
      log("warn", "inference_profiles_failed", { what, region, ...describeThrown(thrown) }),
  });
  const transport = behindProxy(process.env)
    ? fetchTransport
    : createHttp1Transport({ clock, open: bunSockets(arrivals, departures) });
  const files = createSecretFiles(clock, readSecretFile);
  return { authorize: createAuthorizer({ clock, awsKeys, tokens, files }), transport, profiles };
}

/** The runtime's client knows how to go through one, and whom not to (`NO_PROXY`). */
function behindProxy(env: Readonly<Record<string, string | undefined>>): boolean {
  return ["http_proxy", "https_proxy", "all_proxy"].some((name) => env[name] || env[name.toUpperCase()]);
}
