/** Providers of a document as what their deployments share. Owns each kind's wires, URLs and headers. */
import type { Credential, Endpoint, ProviderKind } from "../../core/deployment.ts";
import type { WireId } from "../../core/request.ts";
import type { PolicyDocument } from "../document/document.ts";
import type { Report } from "../finding.ts";
import {
  awsCredential,
  azureCredential,
  bedrockCredential,
  type CredentialContext,
  type CredentialPorts,
  googleCredential,
  keyCredential,
  NO_CREDENTIAL,
  type RegionalCredential,
} from "./credentials.ts";

export interface ProviderPorts extends CredentialPorts {
  /** Where the embedded simulator listens, without a slash at the end; null when it does not run. */
  readonly simulatorUrl: string | null;
}

/** What all deployments of one provider share. */
export interface Provider {
  readonly kind: ProviderKind;
  readonly wire: WireId;
  readonly embeddingWire: WireId | null;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly unsupported: ReadonlySet<string>;
  readonly simulated: boolean;
  readonly credential: RegionalCredential;
  readonly baseUrl: (deploymentId: string, region: string) => string;
  readonly endpoint: (deployment: WrittenDeployment) => Endpoint;
}

export type WrittenDeployment = PolicyDocument["deployments"][string];
type WrittenProvider = PolicyDocument["providers"][string];
type Written<Kind extends ProviderKind> = Extract<WrittenProvider, { kind: Kind }>;

/** Stands in where nothing is called, as under `validate`; the name is reserved and never resolves. */
const NO_SIMULATOR = "http://simulator.invalid";

const PLAIN: Endpoint = { type: "plain" };
const plain = (): Endpoint => PLAIN;
const NOTHING: ReadonlySet<string> = new Set();

export function compileProviders(
  document: PolicyDocument,
  ports: ProviderPorts,
  report: Report,
): ReadonlyMap<string, Provider> {
  return new Map(
    Object.entries(document.providers).map(([id, spec]) => {
      const context = { provider: id, ports, report };
      return [id, compileProvider(spec, context, ports.simulatorUrl ?? NO_SIMULATOR)];
    }),
  );
}

function compileProvider(spec: WrittenProvider, context: CredentialContext, simulatorUrl: string): Provider {
  switch (spec.kind) {
    case "simulator":
      return simulator(spec.wire, simulatorUrl);
    case "openai":
      return openai(spec, keyCredential(spec.credential, context));
    case "openai-compatible":
      return fixed(
        spec,
        spec.wire,
        "openai-embeddings",
        spec.base_url,
        keyCredential(spec.credential, context),
      );
    case "azure-openai":
      return azure(spec, azureCredential(spec.credential, context));
    case "anthropic":
      return fixed(spec, "anthropic-messages", null, spec.base_url, keyCredential(spec.credential, context));
    case "gemini":
      return fixed(
        spec,
        "gemini",
        "gemini-embeddings",
        spec.base_url,
        keyCredential(spec.credential, context),
      );
    case "bedrock":
      return bedrock(spec, bedrockCredential(spec.credential, context));
    case "sagemaker":
      return sagemaker(spec, awsCredential("sagemaker", spec.credential.aws));
    case "vertex":
      return vertex(spec, googleCredential(spec.credential, context));
  }
}

const SIMULATED_PATHS = {
  "openai-chat": ["/v1", "openai-embeddings"],
  "openai-responses": ["/v1", "openai-embeddings"],
  "anthropic-messages": ["/v1", null],
  "bedrock-converse": ["", "bedrock-invoke"],
  "bedrock-invoke": ["", "bedrock-invoke"],
  gemini: ["/v1beta", "gemini-embeddings"],
} as const satisfies Readonly<
  Record<Written<"simulator">["wire"], readonly [path: string, embeddings: WireId | null]>
>;

function simulator(wire: Written<"simulator">["wire"], root: string): Provider {
  const [path, embeddingWire] = SIMULATED_PATHS[wire];
  return {
    kind: "simulator",
    wire,
    embeddingWire,
    headers: {},
    unsupported: NOTHING,
    simulated: true,
    credential: () => NO_CREDENTIAL,
    baseUrl: (deploymentId) => `${root}/${deploymentId}${path}`,
    endpoint: plain,
  };
}

type RealProvider = Exclude<WrittenProvider, { kind: "simulator" }>;

function shared(spec: RealProvider): Pick<Provider, "kind" | "headers" | "unsupported" | "simulated"> {
  const headers = Object.entries(spec.headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    kind: spec.kind,
    headers: Object.fromEntries(headers),
    unsupported: new Set(spec.unsupported),
    simulated: false,
  };
}

/** A provider with one URL for all its regions. */
function fixed(
  spec: RealProvider,
  wire: WireId,
  embeddingWire: WireId | null,
  baseUrl: string,
  credential: Credential,
): Provider {
  const url = trimmed(baseUrl);
  return {
    ...shared(spec),
    wire,
    embeddingWire,
    credential: () => credential,
    baseUrl: () => url,
    endpoint: plain,
  };
}

function openai(spec: Written<"openai">, credential: Credential): Provider {
  const provider = fixed(spec, spec.wire, "openai-embeddings", spec.base_url, credential);
  const { organization, project } = spec;
  return {
    ...provider,
    headers: {
      ...(organization !== undefined && { "openai-organization": organization }),
      ...(project !== undefined && { "openai-project": project }),
      ...provider.headers,
    },
  };
}

function azure(spec: Written<"azure-openai">, credential: Credential): Provider {
  const baseUrl = spec.base_url ?? `https://${spec.resource}.openai.azure.com`;
  const endpoint: Endpoint = { type: "azure", apiVersion: spec.api_version ?? null };
  return {
    ...fixed(spec, spec.wire, "openai-embeddings", baseUrl, credential),
    endpoint: () => endpoint,
  };
}

function bedrock(spec: Written<"bedrock">, credential: RegionalCredential): Provider {
  return {
    ...shared(spec),
    wire: spec.wire,
    embeddingWire: "bedrock-invoke",
    credential,
    baseUrl: (_id, region) => trimmed(spec.base_url ?? awsUrl("bedrock-runtime", region)),
    endpoint: plain,
  };
}

function sagemaker(spec: Written<"sagemaker">, credential: RegionalCredential): Provider {
  return {
    ...shared(spec),
    wire: "openai-chat",
    embeddingWire: "openai-embeddings",
    credential,
    baseUrl: (_id, region) => trimmed(spec.base_url ?? awsUrl("runtime.sagemaker", region)),
    endpoint: sagemakerEndpoint,
  };
}

function sagemakerEndpoint({ endpoint: written }: WrittenDeployment): Endpoint {
  const { target_variant, target_model, inference_component, template } = written ?? {};
  return {
    type: "sagemaker",
    ...(target_variant !== undefined && { targetVariant: target_variant }),
    ...(target_model !== undefined && { targetModel: target_model }),
    ...(inference_component !== undefined && { inferenceComponent: inference_component }),
    ...(template !== undefined && { template }),
  };
}

/** The headers by which SageMaker is told what of an endpoint to call. */
export function targetHeaders(endpoint: Endpoint): Readonly<Record<string, string>> {
  if (endpoint.type !== "sagemaker") return {};
  const { targetVariant, targetModel, inferenceComponent } = endpoint;
  return {
    ...(targetVariant !== undefined && { "x-amzn-sagemaker-target-variant": targetVariant }),
    ...(targetModel !== undefined && { "x-amzn-sagemaker-target-model": targetModel }),
    ...(inferenceComponent !== undefined && { "x-amzn-sagemaker-inference-component": inferenceComponent }),
  };
}

function vertex(spec: Written<"vertex">, credential: Credential): Provider {
  const { project, publisher } = spec;
  const common = shared(spec);
  // Vertex knows Gemini's body but for these two fields.
  const missing = publisher === "google" ? ["functionCall.id", "generateContentRequest"] : [];
  return {
    ...common,
    unsupported: new Set([...common.unsupported, ...missing]),
    wire: publisher === "google" ? "gemini" : "anthropic-messages",
    // Vertex embeds through an API of its own, which no wire speaks.
    embeddingWire: null,
    credential: () => credential,
    baseUrl: (_id, location) => trimmed(spec.base_url ?? vertexUrl(location)),
    endpoint: ({ region }) => ({ type: "vertex", project, location: region, publisher }),
  };
}

/**
 * https://docs.cloud.google.com/vertex-ai/docs/reference/rest: one host a location, one for `global`, two
 * multi-regions.
 */
function vertexUrl(location: string): string {
  if (location === "global") return "https://aiplatform.googleapis.com";
  if (location === "us" || location === "eu") return `https://aiplatform.${location}.rep.googleapis.com`;
  return `https://${location}-aiplatform.googleapis.com`;
}

/** https://docs.aws.amazon.com/general/latest/gr/rande.html: the domain goes by the partition. */
function awsUrl(service: string, region: string): string {
  const domain = region.startsWith("cn-")
    ? "amazonaws.com.cn"
    : region.startsWith("eusc-")
      ? "amazonaws.eu"
      : "amazonaws.com";
  return `https://${service}.${region}.${domain}`;
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, "");
}
