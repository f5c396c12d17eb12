/** The gateway's own store as a source: what `PUT /admin/policy` wrote, here or in another process. */
import type { PolicySource } from "../../../policy/reading/load.ts";
import { BASE_DOCUMENT, type PolicyDocuments, type PolicyHeadStore } from "../../../store/policy-heads.ts";
import { type Fetched, failedFetch, type Source } from "../source.ts";

export function storeSource(heads: PolicyHeadStore, environment: string | null): Source {
  let seen = 0;
  return {
    kind: "store",
    address: "store:",
    async fetch(): Promise<Fetched> {
      try {
        const head = await heads.read(seen);
        if (!head) return seen === 0 ? failedFetch(EMPTY) : { result: "unchanged" };
        seen = head.revision;
        const texts = textsOf(head.documents, environment);
        if (texts.length === 0) return failedFetch(EMPTY);
        return { result: "texts", texts, revision: String(head.revision), head };
      } catch (thrown) {
        return failedFetch(thrown instanceof Error ? thrown.message : "The store cannot be read.");
      }
    },
  };
}

const EMPTY =
  "The store has no policy yet. Put the first one there by starting with --policy store:FILE, once or always.";

/** The base, then the overlay of `environment` where there is one. */
export function textsOf(documents: PolicyDocuments, environment: string | null): readonly PolicySource[] {
  const names = environment === null ? [BASE_DOCUMENT] : [BASE_DOCUMENT, environment];
  return names.flatMap((name): PolicySource[] => {
    const text = Object.hasOwn(documents, name) ? documents[name] : undefined;
    return text === undefined ? [] : [{ file: documentFile(name), text }];
  });
}

/** How findings name a document of the store. */
export function documentFile(name: string): string {
  return name === BASE_DOCUMENT ? "store:policy.yaml" : `store:policy.${name}.yaml`;
}

/** The other way round; null: the text is no document of the store. */
export function documentName(file: string): string | null {
  if (file === documentFile(BASE_DOCUMENT)) return BASE_DOCUMENT;
  return /^store:policy\.(.+)\.yaml$/.exec(file)?.[1] ?? null;
}

/** `documents` with `sources` in place of the base and of the overlay of `environment`; others stay as they are. */
export function documentsWith(
  documents: PolicyDocuments,
  sources: readonly PolicySource[],
  environment: string | null,
): PolicyDocuments {
  const [base, overlay] = sources;
  const changed: Record<string, string> = { ...documents, [BASE_DOCUMENT]: base?.text ?? "" };
  if (environment === null) return changed;
  if (overlay) changed[environment] = overlay.text;
  else delete changed[environment];
  return changed;
}
