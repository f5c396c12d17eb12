/** What to do about a credential that a provider refused. Owns which permission each kind of provider wants. */
import type { Deployment } from "../../core/deployment.ts";
import type { Fault } from "../../core/faults.ts";
import { failure, type Verdict } from "./check-result.ts";
import { saidBy } from "./said-by.ts";

/** What AWS says is missing: `User: … is not authorized to perform: bedrock:InvokeModel on resource: …`. */
const ACTION = /not authorized to perform:? ((?:bedrock|sagemaker|sts):[A-Za-z]{1,60})/;
const EXPLICIT_DENY = /explicit deny/;
const NO_MODEL_ACCESS =
  /access to the model|model access is denied|aws-marketplace:|account is not authorized to invoke/i;
const SKEWED = /clock skew$/;
/** Names of AWS that mean the keys themselves, not what they may do. */
const BAD_KEYS =
  /UnrecognizedClient|InvalidClientTokenId|Signature|ExpiredToken|MissingAuthenticationToken|RequestExpired/;

export function explainRefusedCredential(fault: Fault, deployment: Deployment, place: string): Verdict {
  if (fault.code === "credential_unfit") return explainUnfitCredential(place);
  const said = saidBy(fault);
  if (fault.cause?.status === 407) {
    const fix = "Put its user and password into HTTPS_PROXY, or the provider's host into NO_PROXY.";
    return failure(`A proxy on the way wants to know who calls${said}.`, fix);
  }
  const { credential, kind } = deployment;
  if (credential.type === "none") {
    const fix = "Give its provider `credential: { env: NAME }`, and set NAME.";
    return failure(`It wants a key, and none is sent${said}.`, fix);
  }
  if (kind === "bedrock" || kind === "sagemaker") return refusedByAws(fault, deployment, place);
  if (credential.type === "token") {
    return failure(`The token from ${place} was refused${said}.`, ROLES[kind] ?? ANY_ROLE);
  }
  return failure(
    `The key from ${place} was refused${said}.`,
    KEYS[kind] ?? "Put a key that is in force there.",
  );
}

const KEYS: Readonly<Record<string, string>> = {
  openai: "Put a key in force there, of a project that may use the model; check organization and project.",
  "azure-openai": "Put a key of this very resource there: keys of other resources are refused.",
  anthropic: "Put a key in force there, of a workspace that may use the model.",
  gemini: "Put a key of Google AI Studio there, whose restrictions allow the Generative Language API.",
};

const ANY_ROLE = "Give the identity a role that may call the model.";
const ROLES: Readonly<Record<string, string>> = {
  "azure-openai": "Give the identity the role Cognitive Services OpenAI User on the resource.",
  vertex:
    "Give the identity the role Vertex AI User (roles/aiplatform.user) in the project, and enable its Vertex AI API.",
};

function refusedByAws(fault: Fault, deployment: Deployment, place: string): Verdict {
  const said = saidBy(fault);
  const { code = "", detail = "" } = fault.cause ?? {};
  if (SKEWED.test(code)) {
    return failure(`The signature was refused for its time${said}.`, "Set this machine's clock.");
  }
  const action = ACTION.exec(detail)?.[1];
  if (action !== undefined) {
    const why = EXPLICIT_DENY.test(detail) ? "A policy denies" : "Nothing allows";
    return failure(`${why} ${action} to the identity from ${place}${said}.`, actionFix(detail, deployment));
  }
  if (NO_MODEL_ACCESS.test(detail)) {
    const fix = `Ask for access to the model in Bedrock's console, under Model access, in ${deployment.region}.`;
    return failure(`The account has no access to the model${said}.`, fix);
  }
  if (deployment.credential.type !== "aws") {
    const fix =
      "Put an API key of Bedrock in force there; its user needs bedrock:CallWithBearerToken and bedrock:InvokeModel.";
    return failure(`The key from ${place} was refused${said}.`, fix);
  }
  return BAD_KEYS.test(code)
    ? failure(
        `AWS does not accept the keys from ${place}${said}.`,
        "Renew them, and check their session token.",
      )
    : failure(`AWS refused the identity from ${place}${said}.`, permissionsFix(deployment));
}

function actionFix(detail: string, deployment: Deployment): string {
  return EXPLICIT_DENY.test(detail)
    ? "Look for the Deny: a policy of the organisation, a permissions boundary, or the VPC endpoint's."
    : permissionsFix(deployment);
}

function permissionsFix({ kind, modelId, region, regions }: Deployment): string {
  if (kind === "sagemaker") {
    return `Allow sagemaker:InvokeEndpoint and sagemaker:InvokeEndpointWithResponseStream on the endpoint ${modelId} in ${region}.`;
  }
  const where =
    regions.length > 1 || regions.includes("*")
      ? `the inference profile ${modelId}, and on its model in every region it leads to (${regions.join(", ")})`
      : `${modelId} in ${region}`;
  return `Allow bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream on ${where}.`;
}

export function explainUnfitCredential(place: string): Verdict {
  return failure(
    `What is in ${place} cannot be sent: it has a character that no key has (a line break within it?).`,
    "Put the key there alone, on one line.",
  );
}
