/** The signature of what is sent to an application, as Standard Webhooks has it. Owns its form. */
import { createHmac } from "node:crypto";
import type { Secret } from "../../core/secret.ts";

const PREFIX = "whsec_";

/**
 * The headers `webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature`: `v1,` and the base64 of
 * HMAC-SHA256 over `ID.TIMESTAMP.BODY`. The key is what `whsec_…` holds in base64, or the bytes of a secret
 * without that prefix. Time and id are signed with the body, so that what was recorded cannot be sent again.
 * Source: https://www.standardwebhooks.com (specification 1.0.0).
 */
export function signedHeaders(
  id: string,
  body: string,
  secret: Secret,
  nowMs: number,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const digest = createHmac("sha256", keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest("base64");
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${digest}`,
  };
}

function keyOf(secret: Secret): Buffer {
  const text = secret.reveal();
  return text.startsWith(PREFIX)
    ? Buffer.from(text.slice(PREFIX.length), "base64")
    : Buffer.from(text, "utf8");
}
