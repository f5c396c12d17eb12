/** Models and deployments of a document as the gateway uses them. Owns providers' defaults and references. */
import type { Credential, Deployment, Endpoint, ModelSpec, ProviderKind } from "../core/deployment.ts";
import { type Prices, usdPerMillion } from "../core/money.ts";
import type { PolicyDocument } from "./document.ts";
import type { Report } from "./finding.ts";
import { suggestion } from "./suggest.ts";

/** Where a secret is kept and how it is shown to the provider; never its value. */
interface CredentialSource {
  readonly env?: string | undefined;
  readonly file?: string | undefined;
  /** The header that carries it; absent: `Authorization: Bearer …`. */
  readonly header?: string | undefined;
}

export interface DeploymentPorts {
  /** Reads a secret; `missing` where it is not there. */
  credential(source: CredentialSource): Credential;
  /** Where the embedded simulator listens, without a slash at the end; null when it does not run. */
  readonly simulatorUrl: string | null;
}

/** What ladders are made of. */
export interface Inventory {
  readonly models: ReadonlyMap<string, ModelSpec>;
  readonly deployments: ReadonlyMap<string, Deployment>;
  /** By model id, in the order of the document. */
  readonly byModel: ReadonlyMap<string, readonly Deployment[]>;
}

/** Stands in where nothing is called, as under `validate`; the name is reserved and never resolves. */
const NO_SIMULATOR = "http://simulator.invalid";

export function compileInventory(
  document: PolicyDocument,
  ports: DeploymentPorts,
  report: Report,
): Inventory {
  const models = compileModels(document, report);
  const providers = compileProviders(document, ports, report);
  const deployments = new Map<string, Deployment>();
  const byModel = new Map<string, Deployment[]>();
  const names = { models: [...models.keys()], providers: [...providers.keys()] };
  for (const [id, spec] of Object.entries(document.deployments)) {
    const model = models.get(spec.model);
    const provider = providers.get(spec.provider);
    if (model === undefined) {
      const fix = suggestion(spec.model, names.models, "Add it under models.");
      const message = `There is no model "${spec.model}".`;
      report.error("unknown_model", ["deployments", id, "model"], message, fix);
    }
    if (provider === undefined) {
      const fix = suggestion(spec.provider, names.providers, "Add it under providers.");
      const message = `There is no provider "${spec.provider}".`;
      report.error("unknown_provider", ["deployments", id, "provider"], message, fix);
    }
    if (model === undefined || provider === undefined) continue;
    const deployment = compileDeployment(id, spec, model, provider);
    deployments.set(id, deployment);
    const siblings = byModel.get(model.id);
    if (siblings === undefined) byModel.set(model.id, [deployment]);
    else siblings.push(deployment);
  }
  return { models, deployments, byModel };
}

function compileModels(document: PolicyDocument, report: Report): ReadonlyMap<string, ModelSpec> {
  const models = new Map<string, ModelSpec>();
  for (const [id, spec] of Object.entries(document.models)) {
    if (spec.prices === undefined) {
      const message = `The model "${id}" has no prices: its costs are unknown and no ceiling can hold.`;
      const fix = "Add prices: { input: …, output: … } in US dollars per million tokens; 0 is a price too.";
      report.warning("unpriced_model", ["models", id], message, fix);
    }
    models.set(id, {
      id,
      role: spec.role,
      version: spec.version,
      status: spec.status,
      contextWindow: spec.context_window,
      maxOutputTokens: spec.max_output_tokens,
      capabilities: new Set(spec.capabilities),
      safetyLevel: spec.safety_level,
      limitations: spec.limitations,
      ...(spec.prices && { prices: compilePrices(spec.prices) }),
      ...(spec.tenants && { tenants: spec.tenants }),
    });
  }
  return models;
}

function compilePrices(prices: NonNullable<PolicyDocument["models"][string]["prices"]>): Prices {
  const { input, output, cache_read, cache_write, reasoning } = prices;
  return {
    input: usdPerMillion(input),
    output: usdPerMillion(output),
    ...(cache_read !== undefined && { cacheRead: usdPerMillion(cache_read) }),
    ...(cache_write !== undefined && { cacheWrite: usdPerMillion(cache_write) }),
    ...(reasoning !== undefined && { reasoning: usdPerMillion(reasoning) }),
  };
}

/** What all deployments of one provider share. */
interface Provider {
  readonly kind: ProviderKind;
  readonly baseUrl: (deploymentId: string) => string;
  readonly credential: Credential;
  readonly headers: Readonly<Record<string, string>>;
  readonly unsupported: ReadonlySet<string>;
  readonly simulated: boolean;
}

const NO_CREDENTIAL: Credential = { type: "none" };
const PLAIN: Endpoint = { type: "plain" };
const NOTHING: ReadonlySet<string> = new Set();

function compileProviders(
  document: PolicyDocument,
  ports: DeploymentPorts,
  report: Report,
): ReadonlyMap<string, Provider> {
  const providers = new Map<string, Provider>();
  for (const [id, spec] of Object.entries(document.providers)) {
    if (spec.kind === "simulator") {
      const root = ports.simulatorUrl ?? NO_SIMULATOR;
      const baseUrl = (deploymentId: string) => `${root}/${deploymentId}/v1`;
      const credential = NO_CREDENTIAL;
      providers.set(id, {
        kind: spec.kind,
        baseUrl,
        credential,
        headers: {},
        unsupported: NOTHING,
        simulated: true,
      });
      continue;
    }
    const credential = readCredential(id, spec.credential, ports, report);
    const url = spec.base_url.replace(/\/+$/, "");
    const unsupported = new Set(spec.unsupported);
    providers.set(id, {
      kind: spec.kind,
      baseUrl: () => url,
      credential,
      headers: spec.headers,
      unsupported,
      simulated: false,
    });
  }
  return providers;
}

type WrittenCredential = Extract<
  PolicyDocument["providers"][string],
  { kind: "openai-compatible" }
>["credential"];

function readCredential(
  provider: string,
  written: WrittenCredential,
  ports: DeploymentPorts,
  report: Report,
): Credential {
  if (written === "none") return NO_CREDENTIAL;
  const { env, file, style } = written;
  const header = style === "bearer" ? undefined : style.header;
  const credential = ports.credential({ env, file, header });
  if (credential.type === "missing") {
    const message = `The credential of provider "${provider}" is missing (${credential.where}): its deployments are refused.`;
    const fix = env === undefined ? `Create the file ${file}.` : `Set ${env} before starting.`;
    report.warning("missing_credential", ["providers", provider, "credential"], message, fix);
  }
  return credential;
}

function compileDeployment(
  id: string,
  spec: PolicyDocument["deployments"][string],
  model: ModelSpec,
  provider: Provider,
): Deployment {
  return {
    id,
    kind: provider.kind,
    model,
    provider: spec.provider,
    wire: "openai-chat",
    embeddingWire: "openai-embeddings",
    endpoint: PLAIN,
    baseUrl: provider.baseUrl(id),
    modelId: spec.model_id,
    region: spec.region,
    regions: [spec.region],
    quotaGroup: spec.quota_group ?? `${spec.provider}/${spec.region}/${spec.model}`,
    credential: provider.credential,
    headers: provider.headers,
    weight: spec.weight,
    unsupported: provider.unsupported,
    simulated: provider.simulated,
  };
}
