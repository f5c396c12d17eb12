/** Models and deployments of a document as the gateway uses them. Owns what refers to what. */
import type { Deployment, ModelSpec } from "../../core/deployment.ts";
import { type Prices, usdPerMillion } from "../../core/money.ts";
import type { Steps } from "../../core/steps.ts";
import type { Vocabulary } from "../conditions/conditions.ts";
import type { PolicyDocument } from "../document/document.ts";
import type { Report } from "../finding.ts";
import { compileAliases, type ModelAliases, modelHint } from "./aliases.ts";
import { compileRegions, type RegionPorts, type RegionWorld } from "./deployment-regions.ts";
import {
  compileProviders,
  type Provider,
  type ProviderPorts,
  targetHeaders,
  type WrittenDeployment,
} from "./providers.ts";

/** Of a model of which the policy does not say what it can produce. */
const ASSUMED_OUTPUT_TOKENS = 4096;

export interface DeploymentPorts extends ProviderPorts, RegionPorts {}

/** What ladders are made of. */
export interface Inventory {
  readonly models: ReadonlyMap<string, ModelSpec>;
  readonly deployments: ReadonlyMap<string, Deployment>;
  /** By model id, in the order of the document. */
  readonly byModel: ReadonlyMap<string, readonly Deployment[]>;
  readonly aliases: ModelAliases;
  /** What conditions may speak of; absent: all but flags. */
  readonly vocabulary?: Vocabulary;
}

export function* compileInventory(
  document: PolicyDocument,
  ports: DeploymentPorts,
  report: Report,
): Steps<Inventory> {
  const models = yield* compileModels(document, report);
  const providers = compileProviders(document, ports, report);
  const deployments = new Map<string, Deployment>();
  const byModel = new Map<string, Deployment[]>();
  const names = { models: [...models.keys()], providers: [...providers.keys()] };
  for (const [id, spec] of Object.entries(document.deployments)) {
    yield;
    const model = models.get(spec.model);
    const provider = providers.get(spec.provider);
    if (model === undefined) {
      const fix =
        modelHint(spec.model, document) ?? report.suggest(spec.model, names.models, "Add it under models.");
      const message = `There is no model "${spec.model}".`;
      report.error("unknown_model", ["deployments", id, "model"], message, fix);
    }
    if (provider === undefined) {
      const fix = report.suggest(spec.provider, names.providers, "Add it under providers.");
      const message = `There is no provider "${spec.provider}".`;
      report.error("unknown_provider", ["deployments", id, "provider"], message, fix);
    }
    if (model === undefined || provider === undefined) continue;
    checkEndpoint(id, spec, provider, report);
    const deployment = compileDeployment(id, spec, model, provider, { ports, report });
    deployments.set(id, deployment);
    const siblings = byModel.get(model.id);
    if (siblings === undefined) byModel.set(model.id, [deployment]);
    else siblings.push(deployment);
  }
  return { models, deployments, byModel, aliases: compileAliases(document, models, report) };
}

function* compileModels(document: PolicyDocument, report: Report): Steps<ReadonlyMap<string, ModelSpec>> {
  const models = new Map<string, ModelSpec>();
  for (const [id, spec] of Object.entries(document.models)) {
    yield;
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
      maxOutputTokens: spec.max_output_tokens ?? ASSUMED_OUTPUT_TOKENS,
      ...(spec.max_output_tokens === undefined && { maxOutputAssumed: true as const }),
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
  const { input, output, cache_read, cache_write, cache_write_1h, reasoning } = prices;
  return {
    input: usdPerMillion(input),
    output: usdPerMillion(output),
    ...(cache_read !== undefined && { cacheRead: usdPerMillion(cache_read) }),
    ...(cache_write !== undefined && { cacheWrite: usdPerMillion(cache_write) }),
    ...(cache_write_1h !== undefined && { cacheWrite1h: usdPerMillion(cache_write_1h) }),
    ...(reasoning !== undefined && { reasoning: usdPerMillion(reasoning) }),
  };
}

function compileDeployment(
  id: string,
  spec: WrittenDeployment,
  model: ModelSpec,
  provider: Provider,
  world: RegionWorld,
): Deployment {
  const { region } = spec;
  const endpoint = provider.endpoint(spec);
  return {
    id,
    kind: provider.kind,
    model,
    provider: spec.provider,
    wire: provider.wire,
    embeddingWire: provider.embeddingWire,
    endpoint,
    ...(endpoint.type === "sagemaker" && { framing: spec.endpoint?.framing ?? "sagemaker-sse" }),
    baseUrl: provider.baseUrl(id, region),
    modelId: spec.model_id,
    ...(spec.base_model !== undefined && { baseModel: spec.base_model }),
    region,
    regions: compileRegions(id, spec, provider.kind, world),
    quotaGroup: spec.quota_group ?? `${spec.provider}/${region}/${spec.model}`,
    credential: provider.credential(region),
    headers: { ...provider.headers, ...targetHeaders(endpoint) },
    weight: spec.weight,
    unsupported: provider.unsupported,
    simulated: provider.simulated,
  };
}

/** What is written for an endpoint of SageMaker means nothing elsewhere. */
function checkEndpoint(id: string, spec: WrittenDeployment, { kind }: Provider, report: Report): void {
  if (spec.endpoint === undefined || kind === "sagemaker") return;
  const message = `The deployment "${id}" is of a provider of kind ${kind}, which has no endpoints to choose from.`;
  const fix = "Remove it, or name a provider of kind sagemaker.";
  report.error("unused_endpoint", ["deployments", id, "endpoint"], message, fix, { key: true });
}
