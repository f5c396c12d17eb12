/**
 * Where a policy is, as people write it, and where its overlay for an environment is. Owns both notations;
 * asks nobody.
 */
import { extname } from "node:path";

export type SourceAddress =
  /** A file or a folder. */
  | { readonly kind: "local"; readonly path: string }
  | { readonly kind: "https"; readonly url: URL }
  | { readonly kind: "s3"; readonly bucket: string; readonly key: string }
  /** `name` ending in `/`: every parameter right under it. */
  | { readonly kind: "ssm"; readonly name: string }
  | ({ readonly kind: "appconfig" | "appconfig-agent" } & AppConfigAddress)
  /** `seed`: the file that fills a store without a policy; null: there must be one. */
  | { readonly kind: "store"; readonly seed: string | null };

export interface AppConfigAddress {
  readonly application: string;
  readonly environment: string;
  readonly profile: string;
}

export type ReadAddress =
  | { readonly ok: true; readonly address: SourceAddress }
  | { readonly ok: false; readonly message: string; readonly fix: string };

const SCHEME = /^([a-z][a-z0-9+.-]*):(.*)$/s;
const KNOWN =
  "https://…, s3://bucket/key, ssm:/name, appconfig:application/environment/profile, " +
  "appconfig-agent:application/environment/profile and store:";

/** Whether `text` names something other than a file or a folder, so that no path may be made of it. */
export function isRemoteAddress(text: string): boolean {
  const scheme = SCHEME.exec(text)?.[1];
  return scheme !== undefined && (scheme in READERS || text.startsWith(`${scheme}://`));
}

/** Never throws; messages do not repeat what was written, since it may hold a password. */
export function readSourceAddress(text: string): ReadAddress {
  if (!isRemoteAddress(text)) return { ok: true, address: { kind: "local", path: text } };
  const [, scheme = "", rest = ""] = SCHEME.exec(text) ?? [];
  const read = READERS[scheme];
  if (!read) return wrong(`There is no policy source ${scheme}:.`, `Known are a path, ${KNOWN}.`);
  return read(rest, text);
}

const READERS: Readonly<Record<string, (rest: string, text: string) => ReadAddress>> = {
  https: (_, text) => readUrl(text),
  http: (_, text) => readUrl(text),
  s3: readS3,
  ssm: readSsm,
  appconfig: (rest) => readAppConfig("appconfig", rest),
  "appconfig-agent": (rest) => readAppConfig("appconfig-agent", rest),
  store: (rest) => ({ ok: true, address: { kind: "store", seed: rest === "" ? null : rest } }),
};

function readUrl(text: string): ReadAddress {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url) return wrong("The policy's address is no URL.", "Write it as https://host/path/policy.yaml.");
  if (url.username !== "" || url.password !== "") {
    const fix = "Leave them out and set POINTSMAN_POLICY_TOKEN, which is sent as a bearer token.";
    return wrong("The policy's URL has a user or a password in it.", fix);
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    const fix =
      "Use https. Plain http is for loopback addresses: on the way, anybody could write the policy.";
    return wrong("The policy's URL is plain http to another machine.", fix);
  }
  url.hash = "";
  return { ok: true, address: { kind: "https", url } };
}

export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

function readS3(rest: string): ReadAddress {
  const [, bucket = "", key = ""] = /^\/\/([a-z0-9][a-z0-9.-]{1,62})\/(.+)$/s.exec(rest) ?? [];
  if (bucket !== "" && !key.endsWith("/")) return { ok: true, address: { kind: "s3", bucket, key } };
  return wrong("The policy's address in S3 is not complete.", "Write it as s3://bucket/path/policy.yaml.");
}

function readSsm(name: string): ReadAddress {
  const plain = /^(?:\/|(?:\/?[A-Za-z0-9_.-]+)+\/?)$/.test(name) && name !== "";
  const arn = /^arn:[a-z-]+:ssm:[a-z0-9-]+:\d+:parameter\/[A-Za-z0-9_./-]*[A-Za-z0-9_.-]$/.test(name);
  if (arn || (plain && (!name.endsWith("/") || name.startsWith("/")))) {
    return { ok: true, address: { kind: "ssm", name } };
  }
  const fix = "Write ssm:/path/name for one parameter, or ssm:/path/ for every parameter right under a path.";
  return wrong("The policy's address in Parameter Store is not a name or a path.", fix);
}

function readAppConfig(kind: "appconfig" | "appconfig-agent", rest: string): ReadAddress {
  const [application, environment, profile, ...more] = rest.split("/").map(unescaped);
  if (application && environment && profile && more.length === 0) {
    return { ok: true, address: { kind, application, environment, profile } };
  }
  const fix = `Write ${kind}:application/environment/profile, each as a name or an id; %2F stands for a slash.`;
  return wrong("The policy's address in AppConfig does not have three parts.", fix);
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

function wrong(message: string, fix: string): ReadAddress {
  return { ok: false, message, fix };
}

/** `policy.yaml` and `prod`: `policy.prod.yaml`; a name without an extension gets `.prod` at its end. */
export function overlayName(name: string, environment: string): string {
  const extension = extname(name);
  return `${name.slice(0, name.length - extension.length)}.${environment}${extension}`;
}

/** The same place, with the environment's name in the last segment of its path. */
export function overlayUrl(url: URL, environment: string): URL {
  const overlay = new URL(url);
  overlay.pathname = overlayName(url.pathname, encodeURIComponent(environment));
  return overlay;
}
