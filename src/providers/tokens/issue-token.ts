/** The real issuers of tokens. Owns which library answers for which; each is loaded with its first token. */
import type { IssueToken } from "./token-wallet.ts";

/** `environment`: where a client secret of Entra is found. */
export function createTokenIssuer(environment: Readonly<Record<string, string | undefined>>): IssueToken {
  return async (issuer, scope) => {
    if (issuer.type === "google") {
      const { issueGoogleToken } = await import("./google.ts");
      return issueGoogleToken(issuer, scope);
    }
    const { issueEntraToken } = await import("./entra.ts");
    return issueEntraToken(issuer, scope, environment);
  };
}
