/** A provider's refusal of who calls. Owns which refusals another proof of the same identity may mend. */
import type { Credential } from "../core/deployment.ts";
import type { Fault } from "../core/faults.ts";

/** AWS knows who calls, and does not let them; or its clock is another. New keys would be told the same. */
const WHATEVER_THE_KEYS = /^AccessDenied|^OptInRequired|^ValidationException|: clock skew$/;

/**
 * Whether `why` says that what was shown as `credential` is not good, which a newer one may be; not that its holder may
 * not do this. `why` has the provider's own words still.
 */
export function refusesWhoCalls({ kind, cause }: Fault, credential: Credential): boolean {
  if (kind !== "provider_auth") return false;
  switch (credential.type) {
    case "token":
      return cause?.status === 401;
    case "aws":
      return !WHATEVER_THE_KEYS.test(cause?.code ?? "");
    default:
      return true;
  }
}
