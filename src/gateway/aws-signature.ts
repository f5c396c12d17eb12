/**
 * Callers who sign with AWS Signature Version 4, as the AWS SDKs do. Owns the check of a signature; the secret
 * is the one that the policy names for the key. The algorithm:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHmac, hash, timingSafeEqual } from "node:crypto";
import { type Fault, fault } from "../core/faults.ts";
import type { Secret } from "../core/secret.ts";

const ALGORITHM = "AWS4-HMAC-SHA256";
/** How far the signing time may be from ours; what AWS itself allows. */
const MAX_SKEW_MS = 5 * 60_000;
const MAX_SIGNED_HEADERS = 64;
/** Without a Host that would do the runtime's URL begins with the path. */
const NO_HOST = "http://localhost";
const AUTHORITY = ":authority";
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 +Credential=([^/,\s]{1,128})\/(\d{8})\/([\w-]{1,64})\/([\w-]{1,64})\/aws4_request, *SignedHeaders=([\w:;-]{1,2048}), *Signature=([0-9a-f]{64})$/;
const TIMESTAMP = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** What an `Authorization` header of this scheme says. */
export interface StatedSignature {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

export function isSigned(authorization: string): boolean {
  return authorization.startsWith(ALGORITHM);
}

/** Null where the header is not of the form. */
export function readSignature(authorization: string): StatedSignature | null {
  const [, accessKeyId, date, region, service, signed, signature] = AUTHORIZATION.exec(authorization) ?? [];
  if (!accessKeyId || !date || !region || !service || !signed || !signature) return null;
  const signedHeaders = signed.split(";");
  if (signedHeaders.length > MAX_SIGNED_HEADERS) return null;
  return { accessKeyId, date, region, service, signedHeaders, signature };
}

/** Null where `body`, headers and path are what the holder of `secret` signed, not more than five minutes ago. */
export function signatureFault(
  http: Request,
  body: Uint8Array,
  stated: StatedSignature,
  secret: Secret,
  now: number,
): Fault | null {
  const time = http.headers.get("x-amz-date") ?? "";
  const signedAt = parseTimestamp(time);
  if (signedAt === null || !time.startsWith(stated.date)) {
    return refuse("The signed request has no usable x-amz-date. Let the SDK sign it.");
  }
  if (Math.abs(now - signedAt) > MAX_SKEW_MS) {
    return refuse(
      `The request was signed ${Math.round(Math.abs(now - signedAt) / 1000)} s away from the gateway's time. Set the caller's clock.`,
    );
  }
  const { signedHeaders } = stated;
  const coversHost = signedHeaders.includes("host") || signedHeaders.includes(AUTHORITY);
  if (!coversHost || !signedHeaders.includes("x-amz-date")) {
    return refuse("The signature must cover host and x-amz-date. Let the SDK sign it.");
  }
  const url = URL.parse(http.url, NO_HOST);
  if (url === null) return refuse("The Host header is no name of a host. Let the SDK set it.");
  const payloadHash = hash("sha256", body, "hex");
  const claimed = http.headers.get("x-amz-content-sha256");
  if (claimed !== null && claimed !== payloadHash) {
    return refuse("The body is not the one that was signed. Proxies between must not change it.");
  }
  const scope = `${stated.date}/${stated.region}/${stated.service}/aws4_request`;
  const request = hash("sha256", canonicalRequest(http, url, signedHeaders, payloadHash), "hex");
  const expected = createHmac("sha256", signingKey(secret, stated))
    .update(`${ALGORITHM}\n${time}\n${scope}\n${request}`)
    .digest();
  if (timingSafeEqual(expected, Buffer.from(stated.signature, "hex"))) return null;
  return refuse(
    "The signature does not match. Check the secret access key, and that no proxy changes host, path or body.",
  );
}

function refuse(message: string): Fault {
  return fault("unauthenticated", "invalid_signature", message);
}

function parseTimestamp(text: string): number | null {
  const [, year, month, day, hour, minute, second] = TIMESTAMP.exec(text) ?? [];
  if (!year) return null;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) || null;
}

function canonicalRequest(
  http: Request,
  url: URL,
  signedHeaders: readonly string[],
  payloadHash: string,
): string {
  const headers = signedHeaders.map((name) => `${name}:${headerValue(http, url, name)}\n`).join("");
  return [
    http.method,
    canonicalPath(url.pathname),
    canonicalQuery(url.search),
    headers,
    signedHeaders.join(";"),
    payloadHash,
  ].join("\n");
}

/** HTTP/2 carries the host as `:authority`, and AWS's clients sign it under that name. */
function headerValue(http: Request, url: URL, name: string): string {
  if (name === AUTHORITY) return url.host;
  const value = http.headers.get(name) ?? (name === "host" ? url.host : "");
  return value.trim().replace(/ +/g, " ");
}

/** Every service but S3 encodes the path once more than it is sent. */
function canonicalPath(path: string): string {
  return path.split("/").map(encodeStrictly).join("/");
}

function canonicalQuery(search: string): string {
  if (search.length < 2) return "";
  return search
    .slice(1)
    .split("&")
    .map((pair) => (pair.includes("=") ? pair : `${pair}=`))
    .sort()
    .join("&");
}

/** RFC 3986: all but unreserved characters. */
function encodeStrictly(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Four HMACs, the same for a day; the few that are in use are kept. */
const derived = new Map<string, Buffer>();
const MAX_DERIVED = 1000;

function signingKey(secret: Secret, { accessKeyId, date, region, service }: StatedSignature): Buffer {
  const name = `${hash("sha256", secret.reveal(), "hex")}/${accessKeyId}/${date}/${region}/${service}`;
  const known = derived.get(name);
  if (known) return known;
  let key = Buffer.from(`AWS4${secret.reveal()}`);
  for (const part of [date, region, service, "aws4_request"]) {
    key = createHmac("sha256", key).update(part).digest();
  }
  if (derived.size >= MAX_DERIVED) derived.clear();
  derived.set(name, key);
  return key;
}
