/** Whether a deployment's credential is there, and where it came from. Owns what to do where it is not. */
import type { AwsIdentity, Credential, Deployment, ProviderKind } from "../../core/deployment.ts";
import type { Secret } from "../../core/secret.ts";
import { type Authorize, fitsHeader } from "../../providers/authorize.ts";
import { authorizationFault } from "../../providers/tokens/unavailable.ts";
import { failure, fine, skipped, type Verdict } from "./check-result.ts";
import { explainUnfitCredential } from "./explain-refused-credential.ts";
import { type Limit, tryWithin } from "./try-within.ts";

export interface CredentialQuestion {
  readonly deployment: Deployment;
  /** From `placeOf`. */
  readonly place: string;
  readonly offline: boolean;
  readonly limit: Limit;
  readonly authorize: Authorize;
}

/** Keys were read with the policy; AWS's keys and tokens are really obtained, unless offline. */
export async function checkCredential(question: CredentialQuestion): Promise<Verdict> {
  const { deployment, place, offline } = question;
  const { credential, provider } = deployment;
  switch (credential.type) {
    case "none":
      return fine("None is sent: the policy names none.");
    case "missing":
      return failure(
        `The key of provider ${provider} is not in ${place}.`,
        missingFix(deployment.kind, credential.where),
      );
    case "bearer":
      return present(credential.secret, place, `The key is from ${place}.`);
    case "header":
      return present(
        credential.secret,
        place,
        `The key is from ${place}, sent in the header ${credential.header}.`,
      );
    default:
      if (offline) return skipped(`It would come from ${place}; not asked for, because of --offline.`);
      return obtain(question, credential);
  }
}

/** What is there need not be a key. */
function present(secret: Secret, place: string, good: string): Verdict {
  return fitsHeader(secret) ? fine(good) : explainUnfitCredential(place);
}

const GOOGLE_FILE =
  "Put the key of a service account, or a workload identity's configuration, into that file.";

function missingFix(kind: ProviderKind, where: string): string {
  if (kind === "vertex") return GOOGLE_FILE;
  return where.startsWith("file ")
    ? `Write the key into the ${where}, alone on a line, where this process may read it.`
    : `Set ${where.replace("environment variable ", "")} to the key before the gateway starts.`;
}

async function obtain(
  { deployment, place, limit, authorize }: CredentialQuestion,
  credential: Extract<Credential, { type: "aws" | "token" }>,
): Promise<Verdict> {
  const tried = await tryWithin(limit, async (signal) => {
    // Signs a call that is never sent.
    await authorize(deployment, { url: deployment.baseUrl, headers: {}, body: "" }, { signal });
  });
  if (tried.ok) {
    const what = credential.type === "aws" ? "Keys were obtained" : "A token was obtained";
    return fine(`${what} from ${place}.`);
  }
  const fault = tried.late ? null : authorizationFault(tried.thrown);
  if (fault?.code === "credential_unfit") return explainUnfitCredential(place);
  const code = tried.late ? "nobody answered in time" : (fault?.cause?.code ?? "");
  const why = /^[A-Za-z ]{1,60}$/.test(code) ? ` (${code})` : "";
  return failure(`Nothing could be obtained from ${place}${why}.`, unobtainedFix(credential, code));
}

function unobtainedFix(credential: Extract<Credential, { type: "aws" | "token" }>, code: string): string {
  if (credential.type === "aws") return awsFix(credential.identity, code);
  if (credential.issuer.type === "google") {
    return credential.issuer.keyFile !== undefined
      ? GOOGLE_FILE
      : "Run `gcloud auth application-default login`, or let GOOGLE_APPLICATION_CREDENTIALS name a file.";
  }
  return "Run `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.";
}

function awsFix({ profile, roleArn }: AwsIdentity, code: string): string {
  const isRefused = code.startsWith("AccessDenied");
  if (roleArn !== undefined && isRefused) {
    return `Allow sts:AssumeRole on ${roleArn}, and let the role trust the identity, with the same external id.`;
  }
  if (profile !== undefined) {
    return `Add the profile ${profile} to ~/.aws/config, or renew it with \`aws sso login --profile ${profile}\`.`;
  }
  return "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; on AWS, give the machine a role.";
}
