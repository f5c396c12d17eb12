/**
 * Scalars of a YAML text replaced where they stand: every comment, blank line and quote around them stays. Owns the
 * splicing; which value is to change, and to what, is decided elsewhere.
 */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, type YAMLMap } from "yaml";

export interface ScalarEdit {
  /** Of the scalar, from the document's root. Its map must be there; the scalar itself need not. */
  readonly path: readonly (string | number)[];
  readonly value: number | string;
}

export type EditedText =
  | { readonly ok: true; readonly text: string }
  /** `why` says what of the text stands in the way, without quoting it. */
  | { readonly ok: false; readonly why: string };

interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export function editText(text: string, edits: readonly ScalarEdit[]): EditedText {
  const document = parseDocument(text, { version: "1.2", uniqueKeys: false, logLevel: "silent" });
  if (document.errors.length > 0) return { ok: false, why: "it is no valid YAML" };
  const splices: Splice[] = [];
  for (const edit of edits) {
    const splice = spliceOf(document.contents, edit, text);
    if (typeof splice === "string") return { ok: false, why: splice };
    splices.push(splice);
  }
  splices.sort((a, b) => b.from - a.from);
  let edited = text;
  for (const { from, to, text: replacement } of splices) {
    edited = edited.slice(0, from) + replacement + edited.slice(to);
  }
  return { ok: true, text: edited };
}

/** Text: why it cannot be done. */
function spliceOf(root: Node | null, { path, value }: ScalarEdit, text: string): Splice | string {
  const map = nodeAt(root, path.slice(0, -1));
  const key = String(path.at(-1));
  if (!isMap(map)) return "it is written with an alias or a merge";
  const found = pairOf(map, key)?.value;
  if (found === undefined) return insertion(map, key, asScalar(value), text);
  if (isAlias(found)) return replacement(found, asScalar(value)) ?? UNPLACED;
  if (!isScalar(found)) return `${key} is no single value`;
  if (found.anchor !== undefined) return `${key} has an anchor that others may refer to`;
  const old = replacement(found, "");
  if (old === null) return UNPLACED;
  const written = text.slice(old.from, old.to);
  if (typeof value === "string") {
    if (/^[|>]/.test(written)) return `${key} is written over several lines`;
    return { ...old, text: asText(value) };
  }
  return { ...old, text: written.includes("%") ? asWritten(written, value) : String(value) };
}

const UNPLACED = "its place is not known";

function asScalar(value: number | string): string {
  return typeof value === "string" ? asText(value) : String(value);
}

/** As it stands where every reader sees a text in it; quoted otherwise: a model may be called 2026 or no. */
function asText(value: string): string {
  return /^[A-Za-z][A-Za-z0-9._-]*$/.test(value) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(value)
    ? value
    : JSON.stringify(value);
}

/** `"5%"` becomes `"25%"`, and `5%` becomes `25%`. */
function asWritten(written: string, value: number): string {
  const quote = written.startsWith('"') || written.startsWith("'") ? written.charAt(0) : "";
  return `${quote}${value}%${quote}`;
}

function replacement(node: Node, text: string): Splice | null {
  const range = node.range;
  return range ? { from: range[0], to: range[1], text } : null;
}

/** Before the first entry, in the style of the map. */
function insertion(map: YAMLMap, key: string, value: string, text: string): Splice | string {
  const [first] = map.items;
  const start = map.range?.[0];
  const at = isScalar(first?.key) ? first.key.range?.[0] : undefined;
  if (start === undefined) return UNPLACED;
  if (at === undefined) {
    return map.flow ? { from: start + 1, to: start + 1, text: ` ${key}: ${value} ` } : UNPLACED;
  }
  if (map.flow) return { from: at, to: at, text: `${key}: ${value}, ` };
  const indent = at - (text.lastIndexOf("\n", at - 1) + 1);
  return { from: at, to: at, text: `${key}: ${value}\n${" ".repeat(indent)}` };
}

function nodeAt(root: Node | null, path: readonly (string | number)[]): unknown {
  let node: unknown = root;
  for (const segment of path) {
    if (isSeq(node) && typeof segment === "number") node = node.items[segment];
    else if (isMap(node)) node = pairOf(node, String(segment))?.value;
    else return undefined;
  }
  return node;
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
}
