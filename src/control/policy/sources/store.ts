/** The gateway's own store as a source: what `PUT /admin/policy` wrote, here or in another process. */
import type { PolicySource } from "../../../policy/load.ts";
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
        const { actor, note, staged } = head;
        return {
          result: "texts",
          texts,
          revision: String(head.revision),
          writer: { actor, note },
          staged: staged ? { plan: staged.plan, sources: textsOf(staged.documents, environment) } : null,
        };
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
