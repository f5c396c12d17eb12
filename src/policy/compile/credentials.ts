/** Credentials of a policy as the gateway uses them. Owns what is missing; knows no secret and no token. */
import type { AwsIdentity, Credential, TokenIssuer } from "../../core/deployment.ts";
import type { Secret } from "../../core/secret.ts";
import type { PolicyDocument } from "../document/document.ts";
import type { Report } from "../finding.ts";

/** Where a secret is kept and how it is shown to the provider; never its value. */
export interface CredentialSource {
  readonly env?: string | undefined;
  readonly file?: string | undefined;
  /** The header that carries it; absent: `Authorization: Bearer …`. */
  readonly header?: string | undefined;
}

export interface CredentialPorts {
  /** Reads a secret; `missing` where it is not there. */
  credential(source: CredentialSource): Credential;
}

/** A provider's credential before its deployments' regions are known. */
export type RegionalCredential = (region: string) => Credential;

type WrittenProvider = PolicyDocument["providers"][string];
type Written<Kind extends WrittenProvider["kind"]> = Extract<WrittenProvider, { kind: Kind }>;

const GOOGLE_SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const ENTRA_SCOPE = "https://cognitiveservices.azure.com/.default";

export const NO_CREDENTIAL: Credential = { type: "none" };

/** Whose credential is read, and where what is missing is reported. */
export interface CredentialContext {
  readonly provider: string;
  readonly ports: CredentialPorts;
  readonly report: Report;
}

export function keyCredential(
  written: Written<"openai-compatible">["credential"],
  context: CredentialContext,
): Credential {
  if (written === "none") return NO_CREDENTIAL;
  const { env, file, style } = written;
  return read({ env, file, header: style === "bearer" ? undefined : style.header }, context);
}

export function azureCredential(
  { entra, ...key }: Written<"azure-openai">["credential"],
  context: CredentialContext,
): Credential {
  if (entra === undefined) return keyCredential(key, context);
  const { tenant_id: tenantId, client_id: clientId } = entra;
  const issuer: TokenIssuer = {
    type: "entra",
    ...(tenantId !== undefined && { tenantId }),
    ...(clientId !== undefined && { clientId }),
  };
  return { type: "token", issuer, scope: ENTRA_SCOPE };
}

export function googleCredential(
  { google: { key_file: keyFile } }: Written<"vertex">["credential"],
  context: CredentialContext,
): Credential {
  if (keyFile === undefined) return { type: "token", issuer: { type: "google" }, scope: GOOGLE_SCOPE };
  // Google's library reads the file itself; that it is not there is better known now than at the first call.
  const found = read({ file: keyFile }, context);
  if (found.type === "missing") return found;
  return { type: "token", issuer: { type: "google", keyFile }, scope: GOOGLE_SCOPE };
}

export function bedrockCredential(
  { aws, env, file }: Written<"bedrock">["credential"],
  context: CredentialContext,
): RegionalCredential {
  if (aws !== undefined) return awsCredential("bedrock", aws);
  const bearer = read({ env, file }, context);
  return () => bearer;
}

export function awsCredential(
  service: "bedrock" | "sagemaker",
  { profile, role_arn: roleArn, external_id: externalId }: Written<"sagemaker">["credential"]["aws"],
): RegionalCredential {
  const identity: AwsIdentity = {
    ...(profile !== undefined && { profile }),
    ...(roleArn !== undefined && { roleArn }),
    ...(externalId !== undefined && { externalId }),
  };
  return (region) => ({ type: "aws", service, region, identity });
}

function read(source: CredentialSource, { provider, ports, report }: CredentialContext): Credential {
  const credential = ports.credential(source);
  if (credential.type === "missing") {
    const message = `The credential of provider "${provider}" is missing (${credential.where}): its deployments are refused.`;
    const fix =
      source.env === undefined ? `Create the file ${source.file}.` : `Set ${source.env} before starting.`;
    report.warning("missing_credential", ["providers", provider, "credential"], message, fix);
  }
  return credential;
}

/** A secret that is not shown to a provider; null where it is not there. */
export function readSecret(source: CredentialSource, ports: CredentialPorts): Secret | null {
  const credential = ports.credential({ env: source.env, file: source.file });
  return credential.type === "bearer" ? credential.secret : null;
}
