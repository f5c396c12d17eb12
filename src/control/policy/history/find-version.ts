/**
 * A version of the policy as it was put in force, out of the history. Owns how one is named, and what of a history that
 * gateways of several environments share is this gateway's.
 */
import type { PolicyText } from "../../../policy/reading/load.ts";
import type { Activation, ActivationHistory } from "../../../store/activation-store.ts";
import type { PolicyDesk } from "../policy-desk.ts";
import { documentName, fitsStore } from "../store-documents.ts";
import { textDigest } from "./activation-record.ts";

export interface KeptVersion {
  readonly activation: Activation;
  readonly sources: readonly PolicyText[];
}

export type FoundVersion =
  | ({ readonly result: "found" } & KeptVersion)
  /** Never in force here, as far as the history goes. */
  | { readonly result: "unknown" }
  /** It was in force, but its texts are not kept any more. */
  | { readonly result: "forgotten"; readonly activation: Activation };

/** It was in force, but only in another environment. */
export interface ForeignVersion {
  readonly result: "foreign_environment";
  readonly version: string;
  /** Where it was; null: at a gateway without one. */
  readonly environment: string | null;
  /** The gateway's own. */
  readonly own: string | null;
}

type History = Pick<PolicyDesk, "activations" | "environment">;

/** `version` as `name@digits`, as the history shows it; to be looked at, whichever environment it was in force in. */
export async function findVersion(
  { activations, environment }: History,
  version: string,
): Promise<FoundVersion> {
  const activation =
    (await activations.findVersion(version, environment)) ?? (await activations.findVersion(version));
  return activation ? withTexts(activations, activation) : { result: "unknown" };
}

/** Why a version cannot be put in force here. */
export type NoOwnVersion =
  | ForeignVersion
  /** `foreign`: it came from another source in more texts than the store has places for. */
  | { readonly result: "unknown" | "forgotten" | "foreign"; readonly version: string };

/** The texts of `version`, to be put in force here. */
export async function versionTexts(
  desk: PolicyDesk,
  version: string,
): Promise<{ readonly sources: readonly PolicyText[] } | NoOwnVersion> {
  const found = await findOwnVersion(desk, version);
  if (found.result === "foreign_environment") return found;
  if (found.result !== "found") return { result: found.result, version };
  const { sources } = found;
  return desk.heads && !fitsStore(sources, desk.environment) ? { result: "foreign", version } : { sources };
}

/** Its texts are the base and this environment's own overlay, and no other's. */
async function findOwnVersion(
  { activations, environment: own }: History,
  version: string,
): Promise<FoundVersion | ForeignVersion> {
  const activation = await activations.findVersion(version, own);
  if (activation && isOwn(activation, own)) return withTexts(activations, activation);
  const elsewhere = activation ?? (await activations.findVersion(version));
  if (!elsewhere) return { result: "unknown" };
  return { result: "foreign_environment", version, environment: environmentOf(elsewhere) ?? null, own };
}

function isOwn(activation: Activation, environment: string | null): boolean {
  const known = environmentOf(activation);
  return known === undefined || known === environment;
}

/** Undefined where an earlier release recorded it, and no text is named after an environment. */
function environmentOf({ environment, texts = [] }: Activation): string | null | undefined {
  if (environment !== undefined) return environment;
  return texts.map(({ file }) => documentName(file)).find((name) => name !== null && name !== "");
}

async function withTexts(activations: ActivationHistory, activation: Activation): Promise<FoundVersion> {
  const sources = await sourcesOf(activations, activation);
  return sources ? { result: "found", activation, sources } : { result: "forgotten", activation };
}

async function sourcesOf(
  activations: ActivationHistory,
  { texts }: Activation,
): Promise<readonly PolicyText[] | null> {
  if (!texts || texts.length === 0) return null;
  const found: PolicyText[] = [];
  for (const { file, digest } of texts) {
    const text = await activations.text(digest);
    if (text === null) return null;
    found.push({ file, text });
  }
  return found;
}

/** Activations looked through for the version before. */
const PAGE = 100;
const MAX_PAGES = 20;

/**
 * The version that was in force in this environment before `current` was last activated. A rollback is no activation:
 * after A, B, C and a rollback to B it is A, not C. Records of one version in a row are one act, which the oldest of
 * them tells: the others are of gateways that followed, and of starts. Where `current` is not on record, since too many
 * waited for the store, it is the newest one that is. Null where the history does not say.
 */
export async function previousVersion(
  { activations, environment }: History,
  current: string,
): Promise<string | null> {
  let came: Activation["result"] | null = null;
  let isKnown = false;
  let newest: string | null = null;
  let before: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await activations.list(PAGE, before);
    for (const { result, version } of putInForce(page, environment)) {
      newest ??= version;
      isKnown ||= version === current;
      if (version === current) came = result;
      else if (came === "activated" && version !== null) return version;
      else came = null;
    }
    before = page.at(-1)?.id;
    if (page.length < PAGE) break;
  }
  return isKnown ? null : newest;
}

/**
 * Newest first, by the store's revisions where there are any: a gateway that follows may record one of them after
 * another gateway has recorded the next.
 */
function putInForce(page: readonly Activation[], environment: string | null): readonly Activation[] {
  const own = page.filter((one) => one.result !== "refused" && isOwn(one, environment));
  return own.toSorted(byRevision);
}

function byRevision(a: Activation, b: Activation): number {
  return a.revision === undefined || b.revision === undefined ? 0 : b.revision - a.revision;
}

/** Whether `sources` are the newest entry of this environment's history: then whoever put them in force is on record. */
export async function isOnRecord(
  activations: ActivationHistory,
  environment: string | null,
  sources: readonly PolicyText[],
): Promise<boolean> {
  const [last] = putInForce(await activations.list(PAGE), environment);
  const texts = last?.texts ?? [];
  return (
    texts.length === sources.length &&
    texts.every(({ digest }, i) => digest === textDigest(sources[i]?.text ?? ""))
  );
}
