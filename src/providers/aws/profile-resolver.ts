/**
 * Which regions an inference profile may send a call to, as Bedrock itself says. Owns when it is asked and what
 * is kept; a policy compiles with what is known, and nothing ever waits for an answer.
 */
import type { Clock, Timer } from "../../core/clock.ts";
import type { Deployment } from "../../core/deployment.ts";
import type { AwsHolder } from "./keys.ts";
import type { ListProfiles, ProfileRegions } from "./list-profiles.ts";
import { type KnownProfiles, readProfileFile, writeProfileFile } from "./profile-file.ts";

export interface ProfileResolverParts {
  readonly clock: Clock;
  readonly list: ListProfiles;
  /** Where answers are kept across starts; null: nowhere. */
  readonly file: string | null;
  /** Milliseconds between two questions of one source. */
  readonly everyMs?: number;
  /** Something other than before was heard: a policy compiled now may say otherwise. */
  onLearnt(): void;
  /** A question or the file failed; what is known stays. `thrown` holds no secret. */
  onFailed(what: "list" | "save", region: string | null, thrown: unknown): void;
}

export interface ProfileResolver {
  /** For `CompilePorts.profileRegions`. Null where nothing was heard of the profile in that region. */
  lookup(modelId: string, region: string): readonly string[] | null;
  /** Asks for the regions and identities of these deployments, now and ever again, and for no others. */
  follow(deployments: Iterable<Deployment>): void;
  /** Resolves when what was learnt is written. */
  settled(): Promise<void>;
  stop(): void;
}

const EVERY_MS = 6 * 3_600_000;
const RETRY_MS = 15 * 60_000;

export function createProfileResolver(parts: ProfileResolverParts): ProfileResolver {
  const { clock, list, file, everyMs = EVERY_MS } = parts;
  const known = new Map<string, KnownProfiles>();
  const timers = new Map<string, Timer | null>();
  let saving: Promise<void> = Promise.resolve();
  for (const each of file === null ? [] : readProfileFile(file)) known.set(each.source, each);

  const save = (): void => {
    if (file === null) return;
    saving = saving
      .then(() => writeProfileFile(file, [...known.values()]))
      .catch((thrown) => parts.onFailed("save", null, thrown));
  };
  const learn = (source: string, region: string, profiles: ProfileRegions): void => {
    const before = known.get(source)?.profiles;
    if (before !== undefined && sameProfiles(before, profiles)) return;
    known.set(source, { source, region, profiles });
    save();
    parts.onLearnt();
  };
  const ask = async (source: string, holder: AwsHolder): Promise<void> => {
    let waitMs = everyMs;
    try {
      const profiles = await list(holder);
      if (timers.has(source)) learn(source, holder.region, profiles);
    } catch (thrown) {
      waitMs = Math.min(RETRY_MS, everyMs);
      parts.onFailed("list", holder.region, thrown);
    }
    if (timers.has(source))
      timers.set(
        source,
        clock.after(waitMs, () => void ask(source, holder)),
      );
  };
  return {
    lookup(modelId, region) {
      for (const each of known.values()) {
        const regions = each.region === region ? each.profiles.get(modelId) : undefined;
        if (regions !== undefined) return regions;
      }
      return null;
    },
    follow(deployments) {
      const wanted = sourcesOf(deployments);
      for (const [source, timer] of timers) {
        if (wanted.has(source)) continue;
        timer?.cancel();
        timers.delete(source);
      }
      for (const source of known.keys()) if (!wanted.has(source)) known.delete(source);
      for (const [source, holder] of wanted) {
        if (timers.has(source)) continue;
        timers.set(source, null);
        void ask(source, holder);
      }
    },
    settled: () => saving,
    stop() {
      for (const timer of timers.values()) timer?.cancel();
      timers.clear();
    },
  };
}

/** Those who sign for Bedrock, once each. An API key of Bedrock asks nothing. */
function sourcesOf(deployments: Iterable<Deployment>): ReadonlyMap<string, AwsHolder> {
  const sources = new Map<string, AwsHolder>();
  for (const { kind, credential } of deployments) {
    if (kind !== "bedrock" || credential.type !== "aws") continue;
    const { region, identity } = credential;
    const { profile, roleArn, externalId } = identity;
    const source = JSON.stringify([region, profile ?? null, roleArn ?? null, externalId ?? null]);
    if (!sources.has(source)) sources.set(source, { region, identity });
  }
  return sources;
}

function sameProfiles(a: ProfileRegions, b: ProfileRegions): boolean {
  if (a.size !== b.size) return false;
  for (const [id, regions] of a) if (regions.join() !== b.get(id)?.join()) return false;
  return true;
}
