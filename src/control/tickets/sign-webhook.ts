/** The signature of what is sent to an application. Owns its form, which the documentation describes. */
import { createHmac } from "node:crypto";
import type { Secret } from "../../core/secret.ts";

export const SIGNATURE_HEADER = "x-pointsman-signature";

/**
 * `t=SECONDS,v1=HEX`: HMAC-SHA256 of `SECONDS.BODY` with the secret's bytes as UTF-8. The time is signed with the
 * body, so that whoever checks it can refuse one that was recorded and sent again.
 */
export function signWebhook(body: string, secret: Secret, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000);
  const digest = createHmac("sha256", secret.reveal()).update(`${seconds}.${body}`).digest("hex");
  return `t=${seconds},v1=${digest}`;
}
