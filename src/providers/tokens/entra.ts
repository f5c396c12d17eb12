/** Access tokens of Microsoft Entra. Owns which of its credentials is asked. */
import { ClientSecretCredential, DefaultAzureCredential, type TokenCredential } from "@azure/identity";
import type { TokenIssuer } from "../../core/deployment.ts";
import { Secret } from "../../core/secret.ts";
import type { Lease } from "./short-lived.ts";

type EntraIssuer = Extract<TokenIssuer, { type: "entra" }>;
type Environment = Readonly<Record<string, string | undefined>>;

/** A credential made anew each time, so that no cache of the library hands out a token near its end. */
export async function issueEntraToken(
  issuer: EntraIssuer,
  scope: string,
  environment: Environment,
  createCredential: (issuer: EntraIssuer, environment: Environment) => TokenCredential = entraCredential,
): Promise<Lease<Secret>> {
  const token = await createCredential(issuer, environment).getToken(scope);
  if (token === null) throw new Error("Entra gave no access token.");
  return { value: new Secret(token.token), expiresAt: token.expiresOnTimestamp };
}

/**
 * The client secret of the environment, where it belongs to the application that the policy names; else the
 * default chain, narrowed to the tenant and identity that the policy names.
 */
export function entraCredential(
  { tenantId, clientId }: EntraIssuer,
  environment: Environment,
): TokenCredential {
  const { AZURE_CLIENT_ID, AZURE_TENANT_ID, AZURE_CLIENT_SECRET } = environment;
  const tenant = tenantId ?? AZURE_TENANT_ID;
  const client = clientId ?? AZURE_CLIENT_ID;
  const own = AZURE_CLIENT_ID === undefined || AZURE_CLIENT_ID === client;
  if (tenant && client && AZURE_CLIENT_SECRET && own) {
    return new ClientSecretCredential(tenant, client, AZURE_CLIENT_SECRET);
  }
  return new DefaultAzureCredential({
    ...(tenantId !== undefined && { tenantId }),
    ...(clientId !== undefined && { managedIdentityClientId: clientId, workloadIdentityClientId: clientId }),
  });
}
