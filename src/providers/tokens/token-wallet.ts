/** Short-lived OAuth tokens, one for each issuer and scope. Owns their cache; issuers come in as an argument. */
import type { Clock } from "../../core/clock.ts";
import type { Credential, TokenIssuer } from "../../core/deployment.ts";
import type { Secret } from "../../core/secret.ts";
import { type Lease, ShortLived } from "./short-lived.ts";
import { ISSUERS } from "./unavailable.ts";

/** Asks an issuer for a token of `scope`; throws what its library throws. */
export type IssueToken = (issuer: TokenIssuer, scope: string) => Promise<Lease<Secret>>;

export type TokenCredential = Extract<Credential, { type: "token" }>;

export interface TokenWallet {
  /** At once while a good one is here; else a promise that may reject with `CredentialsUnavailable`. */
  tokenFor(credential: TokenCredential): Secret | Promise<Secret>;
  /** A provider refused `token`, which `tokenFor` gave: the next call has a new one. */
  doubt(credential: TokenCredential, token: Secret): void;
}

export function createTokenWallet(clock: Clock, issue: IssueToken): TokenWallet {
  const byName = new Map<string, ShortLived<Secret>>();
  /** A credential is one object for as long as its policy is in force. */
  const known = new WeakMap<TokenCredential, ShortLived<Secret>>();
  const find = ({ issuer, scope }: TokenCredential): ShortLived<Secret> => {
    const name = JSON.stringify([issuer, scope]);
    const kept = byName.get(name);
    if (kept !== undefined) return kept;
    const made = new ShortLived(ISSUERS[issuer.type], clock, () => issue(issuer, scope));
    byName.set(name, made);
    return made;
  };
  return {
    tokenFor(credential) {
      let token = known.get(credential);
      if (token === undefined) {
        token = find(credential);
        known.set(credential, token);
      }
      return token.current();
    },
    doubt: (credential, token) => known.get(credential)?.doubt(token),
  };
}
