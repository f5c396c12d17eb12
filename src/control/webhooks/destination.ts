/**
 * Where a caller may have things sent: what the policy in force names, and nothing else. Owns why an address is
 * refused; what a name resolves to is looked at when something is sent.
 */
import { isIP } from "node:net";
import { failed, ok, type Result } from "../../core/faults.ts";
import type { WebhookDestination, WebhookSettings } from "../../core/job-settings.ts";
import { isPublicAddress } from "./public-address.ts";

const MAX_URL_CHARS = 2000;

export interface Destination {
  readonly url: URL;
  readonly rule: WebhookDestination;
}

/** Fault: `invalid` with `webhook_not_allowed`, the same for whatever is not named. */
export function findDestination(
  settings: WebhookSettings | null,
  text: string,
  tenant: string,
): Result<Destination> {
  if (settings === null || settings.destinations.length === 0) {
    return refused("This gateway's policy allows no webhooks. Ask its operator for `webhooks`.");
  }
  if (text.length > MAX_URL_CHARS || !URL.canParse(text)) return refused("It is not a URL.");
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return refused("It must not hold a user or a password.");
  const host = hostOf(url);
  const port = url.port === "" ? (url.protocol === "http:" ? 80 : 443) : Number(url.port);
  const rule = settings.destinations.find(
    (candidate) =>
      matches(candidate.host, host) &&
      candidate.port === port &&
      (candidate.tenants === null || candidate.tenants.includes(tenant)),
  );
  if (rule === undefined) {
    return refused("The policy's `webhooks` do not name this host and port for this tenant.");
  }
  if (isIP(host) !== 0 && !isPublicAddress(host) && !rule.private) {
    return refused("It is an address of a private network.");
  }
  // In clear text only to a place that the policy says is private.
  if (url.protocol !== "https:" && !(url.protocol === "http:" && rule.private)) {
    return refused("It must be https.");
  }
  return ok({ url, rule });
}

/** Without the brackets of IPv6 and the dot of the root. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

function matches(pattern: string, host: string): boolean {
  return pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : pattern === host;
}

function refused(why: string): Result<never> {
  return failed("invalid", "webhook_not_allowed", `webhook.url is refused. ${why}`, { param: "webhook.url" });
}
