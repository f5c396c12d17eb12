/**
 * Where what must outlast the process is kept: a folder for each policy source, so that gateways with different
 * policies on one data directory neither take up nor overwrite each other's. Owns its name.
 */
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { readSourceAddress } from "../control/policy/sources/source-address.ts";
import type { Log } from "./log.ts";

const FOLDER = "kept";
/** Characters of what people recognise it by. */
const MAX_NAME = 40;
/** Names of others that the log takes. */
const MAX_TOLD = 10;

/**
 * What signs a URL for a time, as S3, Google Cloud Storage, CloudFront and Azure's shared access signatures do: the same
 * source has other values of `names` after each renewal. Only where all of `by` are there: else a name is the source's own.
 */
const SIGNATURES: readonly { readonly by: readonly string[]; readonly names: RegExp }[] = [
  { by: ["x-amz-signature"], names: /^x-amz-/ },
  { by: ["x-goog-signature"], names: /^x-goog-/ },
  {
    by: ["signature", "awsaccesskeyid"],
    names: /^(?:signature|awsaccesskeyid|expires|x-amz-security-token)$/,
  },
  { by: ["signature", "googleaccessid"], names: /^(?:signature|googleaccessid|expires)$/ },
  { by: ["signature", "key-pair-id"], names: /^(?:signature|key-pair-id|expires|policy)$/ },
  { by: ["sig", "sv"], names: /^(?:sig|s[tepvr]|sip|spr|skoid|sktid|skt|ske|sks|skv)$/ },
];

/** Null: this process keeps nothing. `address`: the policy's, with a whole path. */
export function keptFolder(data: string, address: string, environment: string | null): string | null {
  return data === ":memory:" ? null : join(data, FOLDER, nameOf(address, environment));
}

/** Whoever looks for what was kept for this policy before its source got another address finds it by this. */
export async function tellOfOthers(kept: string | null, log: Log): Promise<void> {
  if (kept === null) return;
  const all = await readdir(join(kept, "..")).catch(() => []);
  const others = all.filter((name) => name !== basename(kept));
  if (others.length === 0) return;
  log("info", "kept_for_other_sources", { here: basename(kept), others: others.slice(0, MAX_TOLD) });
}

function unsigned(url: URL): string {
  const bare = new URL(url);
  const given = [...bare.searchParams.keys()].map((name) => ({ name, plain: name.toLowerCase() }));
  const signs = SIGNATURES.filter(({ by }) => by.every((one) => given.some(({ plain }) => plain === one)));
  for (const { name, plain } of given) {
    if (signs.some(({ names }) => names.test(plain))) bare.searchParams.delete(name);
  }
  return bare.href;
}

/** `pointsman.yaml-1c0f9a3e`. Of an address that may hold a secret its kind alone is told. */
function nameOf(address: string, environment: string | null): string {
  const read = readSourceAddress(address);
  const kind = read.ok ? read.address.kind : "unknown";
  // The file that fills an empty store is no longer its source then.
  let source = kind === "store" ? "store:" : address;
  if (read.ok && read.address.kind === "https") source = unsigned(read.address.url);
  const digest = createHash("sha256")
    .update(JSON.stringify([source, environment]))
    .digest("hex");
  const name = kind === "local" ? basename(address) : kind;
  return `${name.replace(/[^\w.-]/g, "_").slice(-MAX_NAME)}-${digest.slice(0, 8)}`;
}
