/**
 * Between the store's documents and a policy's texts. Owns which document each text of an environment is, and how many
 * there is room for; reads and writes no store.
 */
import type { PolicyText } from "../../policy/reading/load.ts";
import { BASE_DOCUMENT, type PolicyDocuments } from "../../store/policy-heads.ts";
import { sameTexts } from "./sources/source.ts";

/** The base, then the overlay of `environment` where there is one. */
export function documentTexts(documents: PolicyDocuments, environment: string | null): readonly PolicyText[] {
  return namesFor(environment).flatMap((name): PolicyText[] => {
    const text = Object.hasOwn(documents, name) ? documents[name] : undefined;
    return text === undefined ? [] : [{ file: documentFile(name), text }];
  });
}

/** Whether `texts` are what `documents` say in `environment`, whatever they are called. */
export function holdsTexts(
  documents: PolicyDocuments,
  environment: string | null,
  texts: readonly PolicyText[],
): boolean {
  return sameTexts(documentTexts(documents, environment), texts);
}

/** Whether the store has a place for each of `texts`: one for the base, one for the overlay of `environment`. */
export function fitsStore(texts: readonly PolicyText[], environment: string | null): boolean {
  return texts.length <= namesFor(environment).length;
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
  sources: readonly PolicyText[],
  environment: string | null,
): PolicyDocuments {
  const [base, overlay] = sources;
  const changed: Record<string, string> = { ...documents, [BASE_DOCUMENT]: base?.text ?? "" };
  if (environment === null) return changed;
  if (overlay) changed[environment] = overlay.text;
  else delete changed[environment];
  return changed;
}

export function sameDocuments(a: PolicyDocuments, b: PolicyDocuments): boolean {
  const names = Object.keys(b);
  return Object.keys(a).length === names.length && names.every((name) => a[name] === b[name]);
}

/** In the order in which they are laid over each other. */
function namesFor(environment: string | null): readonly string[] {
  return environment === null ? [BASE_DOCUMENT] : [BASE_DOCUMENT, environment];
}
