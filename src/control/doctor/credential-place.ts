/** Where a credential comes from, in words. Owns what may be said of one: names of places, no value. */
import type { AwsIdentity, Credential, TokenIssuer } from "../../core/deployment.ts";
import type { PolicyDocument } from "../../policy/document/document.ts";

type Environment = Readonly<Record<string, string | undefined>>;
type WrittenProvider = PolicyDocument["providers"][string];

/** For the middle of a sentence: `the environment variable OPENAI_API_KEY`. */
export function placeOf(
  credential: Credential,
  provider: WrittenProvider | undefined,
  environment: Environment,
): string {
  switch (credential.type) {
    case "none":
      return "nowhere";
    case "missing":
      return `the ${credential.where}`;
    case "bearer":
    case "header":
      return keyPlace(provider);
    case "aws":
      return awsPlace(credential.identity, environment);
    case "token":
      return issuerPlace(credential.issuer, environment);
  }
}

function keyPlace(provider: WrittenProvider | undefined): string {
  const written = provider !== undefined && "credential" in provider ? provider.credential : null;
  if (typeof written !== "object" || written === null) return "the policy's provider";
  if ("env" in written && written.env !== undefined) return `the environment variable ${written.env}`;
  return "file" in written && written.file !== undefined
    ? `the file ${written.file}`
    : "the policy's provider";
}

/** In the chain's own order: a profile that is named wins over keys in the environment. */
function awsPlace({ profile, roleArn }: AwsIdentity, environment: Environment): string {
  const start = chainStart(profile, environment);
  return roleArn === undefined ? start : `the role ${roleArn}, assumed with ${start}`;
}

function chainStart(profile: string | undefined, environment: Environment): string {
  if (profile !== undefined) return `the profile ${profile} of AWS's shared files`;
  if (environment.AWS_PROFILE) return "the profile of AWS's shared files that AWS_PROFILE names";
  return environment.AWS_ACCESS_KEY_ID && environment.AWS_SECRET_ACCESS_KEY
    ? "the environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    : "AWS's standard chain (shared files, web identity, container, instance)";
}

function issuerPlace(issuer: TokenIssuer, environment: Environment): string {
  if (issuer.type === "google") {
    if (issuer.keyFile !== undefined) return `Google, with the file ${issuer.keyFile}`;
    return environment.GOOGLE_APPLICATION_CREDENTIALS
      ? "Google, with the file that GOOGLE_APPLICATION_CREDENTIALS names"
      : "Google's application default credentials";
  }
  const { tenantId, clientId } = issuer;
  const hasSecret =
    environment.AZURE_CLIENT_SECRET &&
    (tenantId ?? environment.AZURE_TENANT_ID) &&
    (clientId ?? environment.AZURE_CLIENT_ID);
  return hasSecret
    ? "Microsoft Entra, with the client secret of AZURE_CLIENT_SECRET"
    : "Microsoft Entra's default chain (environment, workload identity, managed identity, CLI)";
}
