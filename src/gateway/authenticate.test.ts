import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import type { KeySpec } from "../core/keys.ts";
import { Secret } from "../core/secret.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";
import { authenticate, identify } from "./authenticate.ts";

function keyOf(id: string, accessKeyId?: string): KeySpec {
  return {
    id,
    sha256: createHash("sha256").update(`${id}-key`).digest("hex"),
    tenant: "acme",
    tier: "standard",
    role: "caller",
    useCases: null,
    aws: accessKeyId === undefined ? null : { accessKeyId, secret: new Secret("s") },
  };
}

const SNAPSHOT = { keys: [keyOf("shop"), keyOf("desk", "team-a")] } as Pick<
  ConfigSnapshot,
  "keys"
> as ConfigSnapshot;
const SIGNED =
  "AWS4-HMAC-SHA256 Credential=team-a/20260101/eu-west-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=" +
  "0".repeat(64);

test.each([
  ["Bearer shop-key", null],
  ["bearer  shop-key ", null],
  [null, "shop-key"],
  // What a proxy on the way adds for itself, or a client leaves empty.
  ["Basic dXNlcjpwYXNz", "shop-key"],
  ["Bearer ", "shop-key"],
  ["Bearer shop-key", "another"],
])("authorization %j with api key %j is the shop", (authorization, apiKey) => {
  expect(authenticate({ authorization, apiKey }, SNAPSHOT)).toMatchObject({
    ok: true,
    value: { keyId: "shop" },
  });
});

test.each([
  [null, null, "missing_api_key"],
  ["Basic dXNlcjpwYXNz", null, "missing_api_key"],
  ["Bearer nobody", "shop-key", "invalid_api_key"],
  ["Basic dXNlcjpwYXNz", "nobody", "invalid_api_key"],
  [`Bearer ${"x".repeat(600)}`, null, "invalid_api_key"],
])("authorization %j with api key %j is nobody", (authorization, apiKey, code) => {
  expect(authenticate({ authorization, apiKey }, SNAPSHOT)).toMatchObject({
    ok: false,
    fault: { kind: "unauthenticated", code },
  });
});

test("a signature is told by its access key id, and is still to be proven", () => {
  const known = identify({ authorization: SIGNED, apiKey: null }, SNAPSHOT);
  expect(known).toMatchObject({
    ok: true,
    value: { caller: { keyId: "desk" }, proof: { stated: { accessKeyId: "team-a" } } },
  });
  const stranger = identify({ authorization: SIGNED.replace("team-a", "team-b"), apiKey: null }, SNAPSHOT);
  expect(stranger).toMatchObject({ ok: false, fault: { code: "invalid_signature" } });
});
