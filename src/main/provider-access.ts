/** How this process proves itself to providers, and what it knows of where their profiles send calls. */
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { type Authorize, createAuthorizer } from "../providers/authorize.ts";
import { loadAwsKeys } from "../providers/aws/credential-chain.ts";
import { createAwsKeyring } from "../providers/aws/keys.ts";
import { createProfileLister } from "../providers/aws/list-profiles.ts";
import { createProfileResolver, type ProfileResolver } from "../providers/aws/profile-resolver.ts";
import { createTokenIssuer } from "../providers/tokens/issue-token.ts";
import { createTokenWallet } from "../providers/tokens/token-wallet.ts";
import { describeThrown, type Log } from "./log.ts";

export interface ProviderAccess {
  readonly authorize: Authorize;
  readonly profiles: ProfileResolver;
}

/** `onLearnt`: the policy in force may now compile to other regions. `directory`: null keeps nothing. */
export function createProviderAccess(
  clock: Clock,
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
  return { authorize: createAuthorizer({ clock, awsKeys, tokens }), profiles };
}
