/**
 * What a status of 400 and above means by itself, whoever says it: a provider, or a proxy in between that knows no
 * dialect. Owns the table; the words of a dialect, where it has any, come first.
 */
import type { ProviderFaultClass } from "./provider-fault.ts";

/** Only what blames the request itself is the caller's: the rest is the provider's, or our configuration's. */
export function classOfStatus(status: number): ProviderFaultClass {
  switch (status) {
    case 401:
    case 403:
    case 407: // a proxy wants credentials too
      return "provider_credentials_refused";
    case 402:
      return "quota_exhausted";
    case 404:
    case 405: // what is at the configured URL takes no calls
    case 410:
      return "provider_model_not_found";
    case 408:
    case 504:
    case 524:
      return "provider_timeout";
    case 429:
      return "provider_throttled";
    case 503:
    case 529:
      return "provider_overloaded";
    case 409: // a conflict among requests of which each says all
    case 421: // a connection that leads elsewhere
    case 424: // something behind the server failed
    case 425: // a request that came too early on a fresh connection
    case 499: // a server behind the proxy was given up on
      return "provider_error";
    default:
      return status >= 500 ? "provider_error" : "provider_rejected_request";
  }
}
