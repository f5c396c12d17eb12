/**
 * A text that takes the place of one of several. Owns which one that is, by the names that sources give their texts;
 * what the texts say is no matter.
 */
import { basename, dirname } from "node:path";
import type { PolicyText } from "../../policy/reading/load.ts";
import { overlayName } from "./sources/source-address.ts";

export interface GivenText {
  readonly text: string;
  readonly file: string;
  /** The text is this environment's overlay, the gateway's own; null: it is a base. */
  readonly environment: string | null;
}

export type Placed =
  /** `file`: what the text is called among them. */
  | { readonly sources: readonly PolicyText[]; readonly file: string }
  /** It could be several of them, or of what they overlay, and is called as none. `files`: how they are. */
  | { readonly result: "ambiguous"; readonly files: readonly string[] };

/**
 * `texts` as they are in force, with `given` in place of the one that is meant: the only one there is of its kind, else
 * the one that has its name. That keeps the name of its place, by which the next one finds it. An overlay that was not
 * there comes where its base's would be. `own`: the gateway's environment.
 */
export function placeText(texts: readonly PolicyText[], given: GivenText, own: string | null): Placed {
  const { bases, overlays } = partedBy(texts, own);
  if (given.environment === null) {
    const files = bases.map(({ file }) => file);
    const file = bases.length === 0 ? given.file : meant(files, given.file);
    if (file === null) return { result: "ambiguous", files };
    return { sources: [...put(bases, { file, text: given.text }, files), ...overlays], file };
  }
  const files = bases.map((base) => overlayName(base.file, given.environment ?? ""));
  const there = overlays.map(({ file }) => file);
  const names = [...new Set([...files, ...there])];
  const file = meant(there.length === 1 && bases.length <= 1 ? there : names, given.file);
  if (file === null) return { result: "ambiguous", files: names };
  return { sources: [...bases, ...put(overlays, { file, text: given.text }, files)], file };
}

/** Sources say the bases first, then the overlays in the same order. */
function partedBy(texts: readonly PolicyText[], own: string | null) {
  const [first] = texts;
  const overlaid = new Set(own === null ? [] : texts.map(({ file }) => overlayName(file, own)));
  // Of parameters under a path the overlays are under a path of their own.
  const path = first?.file.startsWith("ssm:") ? `${dirname(first.file)}/${own}` : null;
  const isOverlay = ({ file }: PolicyText) =>
    own !== null && (overlaid.has(file) || (file !== first?.file && dirname(file) === path));
  return { bases: texts.filter((one) => !isOverlay(one)), overlays: texts.filter(isOverlay) };
}

function meant(files: readonly string[], name: string): string | null {
  const [only, ...more] = files;
  if (only !== undefined && more.length === 0) return only;
  const [found, ...others] = files.filter((file) => file === name || basename(file) === basename(name));
  return found === undefined || others.length > 0 ? null : found;
}

/** `order`: of the names of all there may be. */
function put(
  texts: readonly PolicyText[],
  text: PolicyText,
  order: readonly string[],
): readonly PolicyText[] {
  if (texts.some(({ file }) => file === text.file)) {
    return texts.map((one) => (one.file === text.file ? text : one));
  }
  const rank = order.indexOf(text.file);
  const later = texts.findIndex(({ file }) => order.indexOf(file) > rank);
  return texts.toSpliced(later === -1 ? texts.length : later, 0, text);
}
