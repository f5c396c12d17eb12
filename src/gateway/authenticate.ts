/** Who is asking. Owns finding and checking the key; knows no route and no policy beyond the list of keys. */
import { hash } from "node:crypto";
import type { Caller } from "../core/caller.ts";
import { failed, ok, type Result } from "../core/faults.ts";
import type { KeySpec } from "../core/keys.ts";
import type { Secret } from "../core/secret.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";
import { isSigned, readSignature, type StatedSignature } from "./aws-signature.ts";
import type { IngressHeaders } from "./read-headers.ts";

const MAX_KEY_CHARS = 512;
const BEARER = /^bearer +(\S+) *$/i;

/** The headers that may carry a key. */
export type PresentedKey = Pick<IngressHeaders, "authorization" | "apiKey">;

interface KnownKey {
  /** Lower-case hexadecimal. */
  readonly digest: string;
  /** Made once, since each request of the key is given it. */
  readonly found: Result<Identity>;
}

/** Who the caller is, or says to be: a signature can only be checked against the body. */
export interface Identity {
  readonly caller: Caller;
  readonly proof: { readonly stated: StatedSignature; readonly secret: Secret } | null;
}

interface KeyIndex {
  readonly byDigest: ReadonlyMap<string, KnownKey>;
  readonly byAccessKeyId: ReadonlyMap<string, KeySpec>;
}

/** One index a snapshot, made on first use: finding a key costs the same among 10 and among 100,000. */
const indexes = new WeakMap<ConfigSnapshot, KeyIndex>();

/**
 * Takes `Authorization: Bearer`, else `x-api-key`, `api-key` or `x-goog-api-key`; another scheme than `Bearer` is a
 * proxy's on the way and says nothing of who calls. Faults: `unauthenticated` with what to send.
 */
export function authenticate(headers: PresentedKey, snapshot: ConfigSnapshot): Result<Caller> {
  const known = identifyByKey(headers, snapshot);
  return known.ok ? ok(known.value.caller) : known;
}

/**
 * As `authenticate`, and takes AWS signatures too; a `proof` that comes with the identity must be checked
 * against the body by `signatureFault` before anything is done for the caller.
 */
export function identify(headers: PresentedKey, snapshot: ConfigSnapshot): Result<Identity> {
  const { authorization } = headers;
  if (authorization === null || !isSigned(authorization)) return identifyByKey(headers, snapshot);
  const stated = readSignature(authorization);
  const key = stated && indexOf(snapshot).byAccessKeyId.get(stated.accessKeyId);
  if (!stated || !key?.aws) {
    return failed(
      "unauthenticated",
      "invalid_signature",
      "The access key id is not known here. Use the one that the policy names for your key, or a bearer key.",
    );
  }
  return ok({ caller: callerOf(key), proof: { stated, secret: key.aws.secret } });
}

function identifyByKey(headers: PresentedKey, snapshot: ConfigSnapshot): Result<Identity> {
  const presented = presentedKey(headers);
  if (presented === null) {
    return failed(
      "unauthenticated",
      "missing_api_key",
      "No API key was sent. Send one as 'Authorization: Bearer <key>'.",
    );
  }
  const hex = presented.length <= MAX_KEY_CHARS ? hash("sha256", presented, "hex") : "";
  const known = indexOf(snapshot).byDigest.get(hex);
  // The lookup by digest tells nothing about the key; the comparison in constant time settles it.
  if (!known || !equalInConstantTime(known.digest, hex)) {
    return failed(
      "unauthenticated",
      "invalid_api_key",
      "The API key is not known here. Check the key and the environment it belongs to.",
    );
  }
  return known.found;
}

function presentedKey({ authorization, apiKey }: PresentedKey): string | null {
  if (authorization === null) return apiKey;
  return BEARER.exec(authorization)?.[1] ?? apiKey;
}

function indexOf(snapshot: ConfigSnapshot): KeyIndex {
  const made = indexes.get(snapshot);
  if (made) return made;
  const byDigest = new Map<string, KnownKey>();
  const byAccessKeyId = new Map<string, KeySpec>();
  for (const key of snapshot.keys) {
    byDigest.set(key.sha256, knownKey(key));
    if (key.aws) byAccessKeyId.set(key.aws.accessKeyId, key);
  }
  const index = { byDigest, byAccessKeyId };
  indexes.set(snapshot, index);
  return index;
}

function knownKey(key: KeySpec): KnownKey {
  return { digest: key.sha256, found: ok({ caller: callerOf(key), proof: null }) };
}

function callerOf({ id, tenant, tier, role, useCases }: KeySpec): Caller {
  return { keyId: id, tenant, tier, role, useCases };
}

function equalInConstantTime(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
