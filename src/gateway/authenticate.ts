/** Who is asking. Owns finding and checking the key; knows no route and no policy beyond the list of keys. */
import { hash } from "node:crypto";
import type { Caller } from "../core/caller.ts";
import { failed, ok, type Result } from "../core/faults.ts";
import type { ConfigSnapshot, KeySpec } from "../core/snapshot.ts";
import type { IngressHeaders } from "./read-headers.ts";

const MAX_KEY_CHARS = 512;
const BEARER = /^bearer +(\S+) *$/i;

/** The headers that may carry a key. */
export type PresentedKey = Pick<IngressHeaders, "authorization" | "apiKey">;

interface KnownKey {
  /** Lower-case hexadecimal. */
  readonly digest: string;
  readonly caller: Caller;
}

/** One index a snapshot, made on first use: finding a key costs the same among 10 and among 100,000. */
const indexes = new WeakMap<ConfigSnapshot, ReadonlyMap<string, KnownKey>>();

/** Takes `Authorization: Bearer`, else `x-api-key` or `api-key`. Faults: `unauthenticated` with what to send. */
export function authenticate(headers: PresentedKey, snapshot: ConfigSnapshot): Result<Caller> {
  const presented = presentedKey(headers);
  if (presented === null) {
    return failed(
      "unauthenticated",
      "missing_api_key",
      "No API key was sent. Send one as 'Authorization: Bearer <key>'.",
    );
  }
  const hex = presented.length <= MAX_KEY_CHARS ? hash("sha256", presented, "hex") : "";
  const known = indexOf(snapshot).get(hex);
  // The lookup by digest tells nothing about the key; the comparison in constant time settles it.
  if (!known || !equalInConstantTime(known.digest, hex)) {
    return failed(
      "unauthenticated",
      "invalid_api_key",
      "The API key is not known here. Check the key and the environment it belongs to.",
    );
  }
  return ok(known.caller);
}

function presentedKey({ authorization, apiKey }: PresentedKey): string | null {
  if (authorization === null) return apiKey;
  return BEARER.exec(authorization)?.[1] ?? null;
}

function indexOf(snapshot: ConfigSnapshot): ReadonlyMap<string, KnownKey> {
  const made = indexes.get(snapshot);
  if (made) return made;
  const index = new Map(snapshot.keys.map((key) => [key.sha256, knownKey(key)]));
  indexes.set(snapshot, index);
  return index;
}

function knownKey(key: KeySpec): KnownKey {
  const { id, tenant, tier, role, useCases } = key;
  return { digest: key.sha256, caller: { keyId: id, tenant, tier, role, useCases } };
}

function equalInConstantTime(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
