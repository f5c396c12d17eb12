/** AWS keys by identity. Owns their cache; where they come from is an argument. */
import type { Clock } from "../../core/clock.ts";
import type { AwsIdentity, Credential } from "../../core/deployment.ts";
import type { Secret } from "../../core/secret.ts";
import { type Lease, ShortLived } from "../tokens/short-lived.ts";

/** What signs. One object for as long as it is good. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret | null;
}

/** Asks the chain that `identity` begins; `region` is where a role is assumed. Throws what its library throws. */
export type LoadAwsKeys = (identity: AwsIdentity, region: string) => Promise<Lease<AwsKeys>>;

export type AwsCredential = Extract<Credential, { type: "aws" }>;

/** An identity, and a region whose security token service it may ask. */
export type AwsHolder = Pick<AwsCredential, "identity" | "region">;

export interface AwsKeyring {
  /** At once while good ones are here; else a promise that may reject with `CredentialsUnavailable`. */
  keysFor(holder: AwsHolder): AwsKeys | Promise<AwsKeys>;
  /** A service refused `keys`, which `keysFor` gave: the next call has them read again. */
  doubt(holder: AwsHolder, keys: AwsKeys): void;
}

export function createAwsKeyring(clock: Clock, load: LoadAwsKeys): AwsKeyring {
  const byIdentity = new Map<string, ShortLived<AwsKeys>>();
  /** A credential is one object for as long as its policy is in force. */
  const known = new WeakMap<AwsHolder, ShortLived<AwsKeys>>();
  const find = ({ identity, region }: AwsHolder): ShortLived<AwsKeys> => {
    // Keys are good in every region; a role is assumed in one, so that regions do not depend on each other.
    const { profile, roleArn, externalId } = identity;
    const name = JSON.stringify([profile, roleArn, externalId, roleArn === undefined ? null : region]);
    const kept = byIdentity.get(name);
    if (kept !== undefined) return kept;
    const made = new ShortLived("AWS", clock, () => load(identity, region));
    byIdentity.set(name, made);
    return made;
  };
  return {
    keysFor(holder) {
      let keys = known.get(holder);
      if (keys === undefined) {
        keys = find(holder);
        known.set(holder, keys);
      }
      return keys.current();
    },
    doubt: (holder, keys) => known.get(holder)?.doubt(keys),
  };
}
