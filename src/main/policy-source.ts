/**
 * The policy's source, joined to this process: opened, asked once, then followed. Owns when its silence is told,
 * and how an empty store gets its first policy.
 */

import { statSync } from "node:fs";
import { dirname } from "node:path";
import { keptLastGood } from "../control/policy/kept-policies.ts";
import { openSource } from "../control/policy/sources/open-source.ts";
import { readPolicyFiles } from "../control/policy/sources/policy-files.ts";
import { createSourcePoller, type FirstFetch } from "../control/policy/sources/poll-source.ts";
import type { Fetched, SourceStatus } from "../control/policy/sources/source.ts";
import { readSourceAddress } from "../control/policy/sources/source-address.ts";
import { documentsWith, fitsStore } from "../control/policy/store-documents.ts";
import type { Clock, Random } from "../core/clock.ts";
import type { PolicyText } from "../policy/reading/load.ts";
import type { PolicyHeadStore } from "../store/policy-heads.ts";
import type { Log } from "./log.ts";
import { systemRandom } from "./system.ts";

export interface PolicySourceOptions {
  /** As the operator wrote it. */
  readonly address: string;
  readonly environment: string | null;
  /** Where the last good copy lives; null: nowhere. */
  readonly directory: string | null;
  /** The store's own policy; null: `store:` leads nowhere. */
  readonly heads: PolicyHeadStore | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: Random;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** What the source says that it did not say before. */
export type Offer = Extract<Fetched, { result: "texts" }>;

export interface OpenedSource {
  /** What it said at the start. */
  readonly first: FirstFetch;
  /** Where a push is written; null: the policy lives elsewhere. */
  readonly heads: PolicyHeadStore | null;
  /** Null: the address is none. */
  status(): SourceStatus | null;
  /** Puts the seed into the empty store, once its policy has proved good; does nothing for other sources. */
  keepSeed(): Promise<void>;
  follow(onOffer: (offer: Offer) => Promise<void>): void;
  stop(): void;
}

/** With a last good copy at hand a source that is silent does not hold up the start for long. Milliseconds. */
const PATIENCE_MS = 10_000;
const PATIENCE_WITH_LAST_GOOD_MS = 3_000;
const REMIND_EVERY_MS = 60 * 60_000;
/** Files vanish for a moment when they are replaced: only from this many looks on is one missed. */
const LOCAL_FAILURES = 4;

/** Asks the source once, within 10 seconds. */
export async function openPolicySource(options: PolicySourceOptions): Promise<OpenedSource> {
  const { clock, random = systemRandom, env = process.env, heads, directory } = options;
  const opened = openSource({ ...options, env, wall: () => clock.wall() });
  if (!opened.ok) return noSource(opened.problem);
  const { source, pace, seed } = opened;
  let onOffer: (offer: Offer) => Promise<void> = async () => {};
  const alarm = createAlarm(options.log, clock);
  const sown = seed === null ? null : await readSeed(seed, options);
  // That the store is empty is then no news.
  const filling = sown !== null && sown.texts !== null;
  // A start that comes to nothing says itself why.
  let following = false;
  const poller = createSourcePoller(source, pace, {
    clock,
    random,
    onTexts: (fetched) => onOffer(fetched),
    onStatus: (status) => {
      if (following) alarm(status);
    },
  });
  const lastGood = await keptLastGood.load(directory);
  const said = await poller.first(lastGood ? PATIENCE_WITH_LAST_GOOD_MS : PATIENCE_MS);
  const first = said.texts === null && sown !== null ? sown : said;
  return {
    first,
    heads: source.kind === "store" ? heads : null,
    status: () => poller.status(),
    keepSeed: async () => {
      if (heads && first === sown && sown.texts) await plant(heads, sown.texts, options);
    },
    follow(handler) {
      onOffer = handler;
      following = true;
      if (!filling) alarm(poller.status());
      poller.start();
    },
    stop: () => poller.stop(),
  };
}

function noSource(problem: string): OpenedSource {
  return {
    first: { texts: null, problem },
    heads: null,
    status: () => null,
    keepSeed: async () => {},
    follow: () => {},
    stop: () => {},
  };
}

/** Null where the store has a policy already, or does not answer. */
async function readSeed(file: string, options: PolicySourceOptions): Promise<FirstFetch | null> {
  const { heads, environment } = options;
  try {
    if (!heads || (await heads.read(0)) !== null) return null;
  } catch {
    return null;
  }
  try {
    const texts = await readPolicyFiles(file, environment);
    if (fitsStore(texts, environment)) return { texts, problem: null };
    return { texts: null, problem: "The store is filled from one file, not from a folder of several." };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : "it cannot be read";
    return { texts: null, problem: `The file that fills the empty store cannot be read: ${reason}.` };
  }
}

/** Another process may have been faster, with the same seed or with a push: its policy counts. */
async function plant(
  heads: PolicyHeadStore,
  texts: readonly PolicyText[],
  { environment, clock }: PolicySourceOptions,
): Promise<void> {
  const documents = documentsWith({}, texts, environment);
  await heads.write({ revision: 1, at: clock.now(), actor: "seed", note: null, documents });
}

/**
 * Where folders that the policy names are looked for: beside its file, in its folder; for a policy that is no
 * file here, where the process was started.
 */
export function policyFolder(address: string): string {
  const read = readSourceAddress(address);
  if (!read.ok) return process.cwd();
  const path = read.address.kind === "local" ? read.address.path : null;
  if (path === null) return process.cwd();
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? path : dirname(path);
}

/** Told when it falls silent, every hour while it is, and when it is back. */
function createAlarm(log: Log, clock: Clock) {
  let toldAt: number | null = null;
  return (status: SourceStatus): void => {
    const { kind, address, ok, lastOkAt, lastError, failures } = status;
    const now = clock.now();
    if (ok) {
      if (toldAt !== null) log("info", "policy_source_recovered", { kind, address });
      toldAt = null;
      return;
    }
    const local = kind === "file" || kind === "directory";
    if (local && lastOkAt !== null && failures < LOCAL_FAILURES) return;
    if (toldAt !== null && now - toldAt < REMIND_EVERY_MS) return;
    toldAt = now;
    const problem = lastError?.message;
    log("error", "policy_source_failed", { kind, address, problem, failures, lastOkAt });
  };
}
