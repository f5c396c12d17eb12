/** What the doctor needs of the world, and what it is asked. Owns the ports; the real ones are wired above. */
import type { Clock } from "../../core/clock.ts";
import type { Result } from "../../core/faults.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import type { PolicyDocument } from "../../policy/document/document.ts";
import type { Authorize } from "../../providers/authorize.ts";
import type { ProviderCall, ProviderReply } from "../../providers/send.ts";

export interface DoctorOptions {
  readonly snapshot: ConfigSnapshot;
  /** What `snapshot` was made of: it says where credentials are kept. */
  readonly document: PolicyDocument;
  /** The one deployment to look at; null: all of them. */
  readonly only: string | null;
  /** Nothing is called: no provider, no issuer of credentials, no name server. */
  readonly offline: boolean;
  /** Milliseconds that each step may take. */
  readonly timeoutMs: number;
  /** Aborted: nothing more is looked at or said. */
  readonly signal: AbortSignal | null;
}

/** One call of a model, without the trace it belongs to. */
export type ModelCall = Pick<ProviderCall, "request" | "deployment" | "timeouts" | "callerSignal">;

/** Where a connection goes. `secure`: TLS, and the certificate is verified. */
export interface Address {
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

export interface DoctorPorts {
  readonly clock: Clock;
  /** Only whether variables are there; their values are told to nobody. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly authorize: Authorize;
  send(call: ModelCall): Promise<Result<ProviderReply>>;
  /** Rejects where the name has no address. */
  resolveHost(host: string): Promise<readonly string[]>;
  /** Opens and closes a connection; rejects with an error that has a `code`. */
  connect(address: Address, signal: AbortSignal): Promise<void>;
  /** The `Date` header of whatever `origin` answers without a credential; null: it states none. */
  fetchDate(origin: string, signal: AbortSignal): Promise<string | null>;
}
