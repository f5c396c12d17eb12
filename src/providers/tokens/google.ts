/** Access tokens of Google: application default credentials or a credentials file. Owns asking for one. */
import { GoogleAuth } from "google-auth-library";
import type { TokenIssuer } from "../../core/deployment.ts";
import { Secret } from "../../core/secret.ts";
import { codeOf } from "../../core/thrown.ts";
import type { Lease } from "./short-lived.ts";

type GoogleIssuer = Extract<TokenIssuer, { type: "google" }>;

/** A client made anew each time, so that no cache of the library hands out a token near its end. */
export async function issueGoogleToken({ keyFile }: GoogleIssuer, scope: string): Promise<Lease<Secret>> {
  const auth = new GoogleAuth({ scopes: [scope], ...(keyFile !== undefined && { keyFile }) });
  const client = await auth.getClient();
  const token = await client.getAccessToken().then((answer) => answer.token, asNoToken);
  if (!token) throw new Error("Google gave no access token.");
  return { value: new Secret(token), expiresAt: client.credentials.expiry_date ?? null };
}

/** Null for an answer that is no JSON, such as a login page: the library trips over it. Throws what else it throws. */
function asNoToken(thrown: unknown): null {
  if (thrown instanceof TypeError && codeOf(thrown) === null) return null;
  throw thrown;
}
