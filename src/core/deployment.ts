/** A model, and a deployment of it, as data. Owns the shapes; knows no vendor. */
import type { Capability, LatencyTier, SafetyLevel } from "./contract.ts";
import type { Prices } from "./money.ts";
import type { WireId } from "./request.ts";
import type { Secret } from "./secret.ts";

export type ApprovalStatus = "experimental" | "approved" | "deprecated" | "retired";

export interface ModelSpec {
  readonly id: string;
  /** What it is for, in the owner's words: "large generalist", "fast small". */
  readonly role: string;
  readonly version: string;
  readonly status: ApprovalStatus;
  /** Tokens, input and output together. */
  readonly contextWindow: number;
  readonly maxOutputTokens: number;
  /** Nobody stated `maxOutputTokens`: it is counted with, and cuts nothing that a caller asks for. */
  readonly maxOutputAssumed?: true;
  readonly capabilities: ReadonlySet<Capability>;
  readonly safetyLevel: SafetyLevel;
  /** Absent: unpriced, which raises an alarm and is never taken for zero. */
  readonly prices?: Prices;
  readonly limitations: readonly string[];
  /** Tenants that may use it; absent: all. */
  readonly tenants?: readonly string[];
}

/** Where the standard AWS credential chain starts; empty: environment, profile, container, instance. */
export interface AwsIdentity {
  readonly profile?: string;
  /** Role to assume with what the chain finds. */
  readonly roleArn?: string;
  readonly externalId?: string;
}

/** Who vouches for a short-lived OAuth token. */
export type TokenIssuer =
  /** Application default credentials, or the service account of a key file. */
  | { readonly type: "google"; readonly keyFile?: string }
  /** The default Entra chain: environment, workload identity, managed identity, CLI. */
  | { readonly type: "entra"; readonly tenantId?: string; readonly clientId?: string };

/** How a call proves itself to a provider. The value comes from the environment or a file, never the policy. */
export type Credential =
  | { readonly type: "none" }
  | { readonly type: "bearer"; readonly secret: Secret; readonly file?: string }
  | {
      readonly type: "header";
      readonly header: string;
      readonly secret: Secret;
      /**
       * Where it was read, as it is with `bearer`: another secret may have taken its place there. Absent: nowhere to
       * look.
       */
      readonly file?: string;
    }
  /** Signature version 4, signed for `service` in `region`. */
  | {
      readonly type: "aws";
      readonly service: "bedrock" | "sagemaker";
      readonly region: string;
      readonly identity: AwsIdentity;
    }
  | { readonly type: "token"; readonly issuer: TokenIssuer; readonly scope: string }
  /** Configured, but the environment variable or file is not there: such a deployment is refused. */
  | { readonly type: "missing"; readonly where: string };

export const PROVIDER_KINDS = [
  "simulator",
  "openai",
  "openai-compatible",
  "azure-openai",
  "anthropic",
  "bedrock",
  "sagemaker",
  "gemini",
  "vertex",
] as const;
export type ProviderKind = (typeof PROVIDER_KINDS)[number];

/** How a wire's path becomes the rest of a URL. */
export type Endpoint =
  /** `baseUrl` + the wire's path. */
  | { readonly type: "plain" }
  /** `/openai/deployments/{modelId}` + path + `?api-version=…`; null: the v1 surface, `/openai/v1` + path. */
  | { readonly type: "azure"; readonly apiVersion: string | null }
  /** `/v1/projects/{project}/locations/{location}/publishers/{publisher}/models/{modelId}:{method}`. */
  | {
      readonly type: "vertex";
      readonly project: string;
      readonly location: string;
      readonly publisher: "google" | "anthropic";
    }
  /** `/endpoints/{modelId}/invocations` or `…/invocations-response-stream`. */
  | {
      readonly type: "sagemaker";
      readonly targetVariant?: string;
      readonly targetModel?: string;
      readonly inferenceComponent?: string;
      /** Absent: the container speaks OpenAI chat (vLLM, TGI, LMI). */
      readonly template?: JsonTemplate;
    };

/** A body for a container of no known wire: `{{prompt}}`, `{{max_tokens}}` … filled in, and where answers stand. */
export interface JsonTemplate {
  readonly request: unknown;
  /** JSON Pointer (RFC 6901) to the text in the answer. */
  readonly text: string;
}

/** How a streamed body is cut into frames. `sagemaker-sse`: server-sent events inside payload parts. */
export type FramingId = "sse" | "aws-event-stream" | "sagemaker-sse";

export interface Deployment {
  readonly id: string;
  readonly kind: ProviderKind;
  readonly model: ModelSpec;
  readonly provider: string;
  /** The wire of chat requests. */
  readonly wire: WireId;
  /** The wire of embedding requests; null where the provider has none. */
  readonly embeddingWire: WireId | null;
  readonly endpoint: Endpoint;
  /** Absent: the wire's own framing. */
  readonly framing?: FramingId;
  /** The URL the wire's paths are appended to, without a slash at the end. */
  readonly baseUrl: string;
  /** The provider's own name of the model. */
  readonly modelId: string;
  /** The name of the model behind it, where that one hides it; absent: it does not. */
  readonly baseModel?: string;
  readonly region: string;
  /** Every region in which a call may be processed: more than one under a cross-region inference profile. */
  readonly regions: readonly string[];
  /** Deployments with the same group share a quota: throttling of one is throttling of all. */
  readonly quotaGroup: string;
  readonly credential: Credential;
  /** Extra headers the provider wants; never secrets. */
  readonly headers: Readonly<Record<string, string>>;
  /** Share inside a rung under `select: weighted`. */
  readonly weight: number;
  /** Body fields that this server refuses and the wire must leave out, with a warning. */
  readonly unsupported: ReadonlySet<string>;
  /** True for the embedded simulator: whatever it answers is marked as simulated. */
  readonly simulated: boolean;
}

/** Milliseconds. `connect`: until the provider can be reached; `firstToken`: until the first content of a
 * stream; `idle`: between two chunks; `total`: one attempt, first byte to last. */
export interface AttemptTimeouts {
  readonly connect: number;
  readonly firstToken: number;
  readonly idle: number;
  readonly total: number;
}

export type TimeoutsByTier = Readonly<Record<LatencyTier, AttemptTimeouts>>;
