/** AWS Signature Version 4 of one call. Owns what is signed; the algorithm is the library's. */
import { SignatureV4 } from "@smithy/signature-v4";
import { CredentialUnfit } from "../tokens/unavailable.ts";
import type { UnsignedCall } from "../unsigned-call.ts";
import type { AwsKeys } from "./keys.ts";
import { Sha256 } from "./sha256.ts";

export interface SigningScope {
  readonly service: string;
  readonly region: string;
}

/** No key of AWS's has one; what has may be two lines of a file, or a key with the line break behind it. */
const SPACE = /[\s\p{Cc}]/u;
/** One signer a set of keys: it keeps the keys derived from them. */
const signers = new WeakMap<AwsKeys, SignatureV4>();

/**
 * Adds `authorization`, `x-amz-date` and, with temporary keys, `x-amz-security-token` to `call.headers`. Signed
 * are the method, the path, the query, the body and only such headers as no proxy on the way touches. Rejects with
 * `CredentialUnfit` where the keys have a character that no key has: they would sign, and the signature be refused.
 */
export async function signCall(
  call: UnsignedCall,
  { service, region }: SigningScope,
  keys: AwsKeys,
  now: number,
): Promise<void> {
  const url = new URL(call.url);
  const { headers } = await signerOf(keys).sign(
    {
      method: "POST",
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: queryOf(url),
      headers: signedHeaders(call.headers, url.host),
      body: call.body,
    },
    { signingDate: new Date(now), signingRegion: region, signingService: service },
  );
  for (const name of ADDED) {
    const value = headers[name];
    if (value !== undefined) call.headers[name] = value;
  }
}

const ADDED = ["authorization", "x-amz-date", "x-amz-security-token"];

function signerOf(keys: AwsKeys): SignatureV4 {
  const made = signers.get(keys);
  if (made !== undefined) return made;
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  const texts = [accessKeyId, secretAccessKey.reveal(), sessionToken?.reveal() ?? ""];
  if (texts.some((text) => SPACE.test(text))) throw new CredentialUnfit();
  const signer = new SignatureV4({
    service: "",
    region: "",
    credentials: {
      accessKeyId,
      secretAccessKey: secretAccessKey.reveal(),
      ...(sessionToken !== null && { sessionToken: sessionToken.reveal() }),
    },
    sha256: Sha256,
    // The body's hash is signed all the same; no service called here wants it as a header too.
    applyChecksum: false,
  });
  signers.set(keys, signer);
  return signer;
}

function signedHeaders(headers: Readonly<Record<string, string>>, host: string): Record<string, string> {
  const signed: Record<string, string> = { host };
  for (const name in headers) {
    const lower = name.toLowerCase();
    const value = headers[name];
    if (value !== undefined && (lower === "content-type" || lower.startsWith("x-amz"))) signed[lower] = value;
  }
  return signed;
}

/** As the URL states it: a plus is a plus, and a name may occur more than once. */
function queryOf({ search }: URL): Record<string, string[]> {
  const query: Record<string, string[]> = {};
  if (search === "") return query;
  for (const pair of search.slice(1).split("&")) {
    const at = pair.indexOf("=");
    const name = decodeURIComponent(at < 0 ? pair : pair.slice(0, at));
    const value = at < 0 ? "" : decodeURIComponent(pair.slice(at + 1));
    const values = query[name];
    if (values === undefined) query[name] = [value];
    else values.push(value);
  }
  return query;
}
