/** Keys that a policy admits callers by. Owns the shapes; compares none. */
import type { Role } from "./caller.ts";
import type { Secret } from "./secret.ts";

/** What the policy says of a key, without what proves it. */
export interface NamedKey {
  readonly id: string;
  readonly tenant: string;
  readonly tier: string;
  readonly role: Role;
  readonly useCases: readonly string[] | null;
}

export interface KeySpec extends NamedKey {
  /** Lower-case hexadecimal SHA-256 of the key. */
  readonly sha256: string;
  /** For callers who sign requests as AWS SDKs do; null: this key is sent as it is. */
  readonly aws: { readonly accessKeyId: string; readonly secret: Secret } | null;
}
