/** A model, and a deployment of it, as data (C8). Owns the shapes; knows no vendor. */
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
  readonly capabilities: ReadonlySet<Capability>;
  readonly safetyLevel: SafetyLevel;
  /** Absent: unpriced, which raises an alarm and is never taken for zero. */
  readonly prices?: Prices;
  readonly limitations: readonly string[];
  /** Tenants that may use it; absent: all. */
  readonly tenants?: readonly string[];
}

/** How a call proves itself to a provider. The value comes from the environment or a file, never the policy. */
export type Credential =
  | { readonly type: "none" }
  | { readonly type: "bearer"; readonly secret: Secret }
  | { readonly type: "header"; readonly header: string; readonly secret: Secret }
  /** Configured, but the environment variable or file is not there: such a deployment is refused. */
  | { readonly type: "missing"; readonly where: string };

export interface Deployment {
  readonly id: string;
  readonly model: ModelSpec;
  readonly provider: string;
  readonly wire: WireId;
  /** The URL the wire's paths are appended to, without a slash at the end. */
  readonly baseUrl: string;
  /** The provider's own name of the model. */
  readonly modelId: string;
  readonly region: string;
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
