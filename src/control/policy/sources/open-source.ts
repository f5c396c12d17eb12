/** From an address to a source and the pace at which it is asked. Owns the settings from the environment. */
import { resolve } from "node:path";
import { parseDuration } from "../../../core/duration.ts";
import type { PolicyHeadStore } from "../../../store/policy-heads.ts";
import { appConfigSource } from "./appconfig.ts";
import { appConfigAgentSource } from "./appconfig-agent.ts";
import { httpsSource } from "./https.ts";
import { localSource } from "./local.ts";
import type { PollPace } from "./poll-source.ts";
import { s3Source } from "./s3.ts";
import type { PolicySource, SourceKind } from "./source.ts";
import { isLoopback, readSourceAddress, type SourceAddress } from "./source-address.ts";
import { ssmSource } from "./ssm.ts";
import { storeSource } from "./store.ts";

export interface OpenSourceOptions {
  /** As the operator wrote it. */
  readonly address: string;
  /** The gateway's own, for overlays. */
  readonly environment: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Null: this process has none, so that `store:` leads nowhere. */
  readonly heads: PolicyHeadStore | null;
  /** Epoch milliseconds by the machine's clock: `Clock.wall`. */
  wall(): number;
}

export type OpenSource =
  | {
      readonly ok: true;
      readonly source: PolicySource;
      readonly pace: PollPace;
      /** The file that fills an empty store; null for every other source. */
      readonly seed: string | null;
    }
  | { readonly ok: false; readonly problem: string };

const LONGEST_BACKOFF_MS = 5 * 60_000;
const LIMIT_MS = 10_000;
/** Edits of files are live within twice this. */
const LOCAL_MS = 250;
const STORE_MS = 1_000;
const AGENT_MS = 5_000;
const REMOTE_MS = 30_000;
const LEAST_INTERVAL_MS = 100;
const AGENT_URL = "http://127.0.0.1:2772";

/** Asks nobody yet; a file may not even be there. */
export function openSource(options: OpenSourceOptions): OpenSource {
  const read = readSourceAddress(options.address);
  if (!read.ok) return { ok: false, problem: `${read.message} ${read.fix}` };
  const interval = intervalOf(options.env.POINTSMAN_POLICY_INTERVAL);
  if (interval === "wrong") {
    return { ok: false, problem: "POINTSMAN_POLICY_INTERVAL is no duration from 100ms on, such as 30s." };
  }
  const created = createSource(read.address, options, interval ?? REMOTE_MS);
  if (typeof created === "string") return { ok: false, problem: created };
  const seed = read.address.kind === "store" && read.address.seed ? resolve(read.address.seed) : null;
  return { ok: true, source: created, pace: paceOf(created.kind, interval), seed };
}

/** The source; or in words why there is none. */
function createSource(
  address: SourceAddress,
  { environment, env, heads, wall }: OpenSourceOptions,
  intervalMs: number,
): PolicySource | string {
  switch (address.kind) {
    case "local":
      return localSource(address.path, environment);
    case "https":
      return httpsSource({
        url: address.url,
        environment,
        token: env.POINTSMAN_POLICY_TOKEN?.trim() || null,
        wall,
      });
    case "s3": {
      const forcePathStyle = Boolean(env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL);
      return s3Source({ ...address, environment, forcePathStyle });
    }
    case "ssm":
      return ssmSource(address.name, environment);
    case "appconfig":
      return appConfigSource({ ...address, overlay: environment, intervalMs });
    case "appconfig-agent": {
      const agent = agentUrl(env.POINTSMAN_APPCONFIG_AGENT_URL || AGENT_URL);
      if (!agent)
        return "POINTSMAN_APPCONFIG_AGENT_URL is no https URL and no http URL of a loopback address.";
      return appConfigAgentSource({ ...address, overlay: environment, agent, wall });
    }
    case "store":
      return heads ? storeSource(heads, environment) : "This process has no store to keep a policy in.";
  }
}

function agentUrl(text: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === "https:") return url;
  return url?.protocol === "http:" && isLoopback(url.hostname) ? url : null;
}

function intervalOf(text: string | undefined): number | null | "wrong" {
  if (!text) return null;
  const ms = parseDuration(text);
  return ms !== null && ms >= LEAST_INTERVAL_MS ? ms : "wrong";
}

const USUAL_MS: Readonly<Record<SourceKind, number>> = {
  file: LOCAL_MS,
  directory: LOCAL_MS,
  store: STORE_MS,
  "appconfig-agent": AGENT_MS,
  https: REMOTE_MS,
  s3: REMOTE_MS,
  ssm: REMOTE_MS,
  appconfig: REMOTE_MS,
};

/** A file is looked at as often while it is away; everything else is left alone for longer and longer. */
function paceOf(kind: SourceKind, interval: number | null): PollPace {
  const local = kind === "file" || kind === "directory";
  const intervalMs = local ? LOCAL_MS : (interval ?? USUAL_MS[kind]);
  if (local) {
    return { intervalMs, jitter: 0, firstBackoffMs: LOCAL_MS, maxBackoffMs: LOCAL_MS, limitMs: LIMIT_MS };
  }
  const firstBackoffMs = Math.min(intervalMs, 1_000);
  return { intervalMs, jitter: 0.1, firstBackoffMs, maxBackoffMs: LONGEST_BACKOFF_MS, limitMs: LIMIT_MS };
}
