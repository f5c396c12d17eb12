/** AWS's standard chain of credentials. Owns asking it; the library is loaded with the first question. */
import { Secret } from "../../core/secret.ts";
import type { Lease } from "../tokens/short-lived.ts";
import type { AwsKeys, LoadAwsKeys } from "./keys.ts";

/** The library would write its warnings to the console, between the log's lines. */
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

const SESSION_NAME = "pointsman";

/** A chain made anew each time, so that no cache of the library hands out keys near their end. */
export const loadAwsKeys: LoadAwsKeys = async ({ profile, roleArn, externalId }, region) => {
  const { fromNodeProviderChain, fromTemporaryCredentials } = await import("@aws-sdk/credential-providers");
  const chain = fromNodeProviderChain({
    ignoreCache: true,
    logger: SILENT,
    clientConfig: { region },
    ...(profile !== undefined && { profile }),
  });
  if (roleArn === undefined) return leaseOf(await chain());
  const assume = fromTemporaryCredentials({
    masterCredentials: chain,
    logger: SILENT,
    clientConfig: { region },
    params: {
      RoleArn: roleArn,
      RoleSessionName: SESSION_NAME,
      ...(externalId !== undefined && { ExternalId: externalId }),
    },
  });
  return leaseOf(await assume());
};

interface Found {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly expiration?: Date | undefined;
}

function leaseOf({ accessKeyId, secretAccessKey, sessionToken, expiration }: Found): Lease<AwsKeys> {
  return {
    value: {
      accessKeyId,
      secretAccessKey: new Secret(secretAccessKey),
      sessionToken: sessionToken === undefined ? null : new Secret(sessionToken),
    },
    expiresAt: expiration?.getTime() ?? null,
  };
}
