/** What to do about a model that a provider does not know. Owns what a model is called at each kind of provider. */
import type { Deployment, ProviderKind } from "../../core/deployment.ts";
import type { Fault } from "../../core/faults.ts";
import { failure, type Verdict } from "./check-result.ts";
import { saidBy } from "./said-by.ts";

const NEEDS_PROFILE = /on-demand throughput/i;
const NEEDS_FORM = /use case details/i;
const WITHDRAWN = /end of (?:its )?life|marked by provider as legacy/i;

export function explainUnknownModel(fault: Fault, deployment: Deployment): Verdict {
  const said = saidBy(fault);
  const { kind, modelId, region } = deployment;
  if (kind !== "bedrock") {
    return failure(`The provider does not know the model ${modelId}${said}.`, FIXES[kind](deployment));
  }
  const detail = fault.cause?.detail ?? "";
  if (NEEDS_PROFILE.test(detail)) {
    const fix = `Write an inference profile's id as model_id, such as ${geographyOf(region)}.${modelId}.`;
    return failure(`In ${region} the model is called through an inference profile only${said}.`, fix);
  }
  if (NEEDS_FORM.test(detail)) {
    const fix = "Fill in the form for the model in Bedrock's console, under Model access.";
    return failure(`The model's vendor wants to know the account's use case first${said}.`, fix);
  }
  if (WITHDRAWN.test(detail)) {
    const fix = "Write the id of its successor as model_id, and give the model a new version.";
    return failure(`The model ${modelId} is withdrawn, or old and unused by the account${said}.`, fix);
  }
  return failure(
    `Bedrock does not know the model ${modelId} in ${region}${said}.`,
    FIXES.bedrock(deployment),
  );
}

function geographyOf(region: string): string {
  const known: Readonly<Record<string, string>> = { us: "us", eu: "eu", ap: "apac", ca: "ca" };
  return known[region.slice(0, 2)] ?? "global";
}

type Fix = (deployment: Deployment) => string;

const CHECK_NAME: Fix = () =>
  "Check model_id against the provider's list of models, which the key may narrow.";

const FIXES: Readonly<Record<ProviderKind, Fix>> = {
  simulator: CHECK_NAME,
  openai: CHECK_NAME,
  "openai-compatible": ({ baseUrl }) =>
    `Check model_id against ${baseUrl}/models, and base_url: it ends before /chat/completions.`,
  "azure-openai": () =>
    "Check model_id, which is the name of Azure's deployment and not of its model; then resource and api_version.",
  anthropic: CHECK_NAME,
  bedrock: ({ region }) =>
    `Check model_id and region; where ${region} offers the model through a profile only, write the profile's id.`,
  sagemaker: ({ region }) =>
    `Check model_id, which is the endpoint's name and what its container must serve the model by, then \`endpoint\`, and that the endpoint is in service in ${region}.`,
  gemini: CHECK_NAME,
  vertex: ({ region }) =>
    `Check model_id and project, and that the location ${region} has the model and the project may use it.`,
};
