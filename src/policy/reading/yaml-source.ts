/** One YAML text as plain values and places. Owns reading and finding again; knows no policy. */
import { type Alias, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Finding, LocateOptions, Path, Position } from "../finding.ts";
import { placeInScalar } from "./scalar-offset.ts";
import { type Complain, type YamlPair, YamlReader } from "./yaml-reader.ts";

/** One of the texts that a policy is made of: its base, a part, or an overlay. */
export interface PolicyText {
  /** How findings name it. */
  readonly file: string;
  readonly text: string;
  /** Why the text is not what its source holds; `at`: UTF-16 code units into it. */
  readonly problem?: { readonly kind: "too_large" } | { readonly kind: "invalid_utf8"; readonly at: number };
}

export interface YamlSource {
  readonly file: string;
  /** Plain JSON values; aliases share their target. Undefined when the text could not be read. */
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** The place of `path`, and how many of its segments this text has. */
  locate(path: Path, options?: LocateOptions): { readonly depth: number; readonly position: Position };
  /** The plain value at `path` as it is written; null where this text has none. */
  written(path: Path): string | null;
}

/** UTF-16 code units of one text. */
const MAX_TEXT = 10 * 1024 * 1024;

/** Reads one text. Never throws: whatever is wrong becomes a finding with a place. */
export function readYaml({ file, text, problem }: PolicyText): YamlSource {
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const findings: Finding[] = [];
  const complain: Complain = (code, message, fix, offset) => {
    findings.push({ severity: "error", code, message, fix, ...at(offset), path: "" });
  };
  const unreadable = (): YamlSource => ({
    file,
    value: undefined,
    findings,
    locate: () => ({ depth: 0, position: { file, line: 1, column: 1 } }),
    written: () => null,
  });
  if (text.length > MAX_TEXT || problem?.kind === "too_large") {
    complain("too_large", "The policy is larger than 10 MiB.", "Split or shorten it.", 0);
    return unreadable();
  }
  if (complainOfBytes(text, problem, lines, complain)) return unreadable();
  const root = parse(text, lines, complain);
  if (root === undefined) return unreadable();
  const reader = new YamlReader(complain);
  const value = reader.read(root);
  const locate = (path: Path, options: LocateOptions = {}) => {
    const found = find(root, path, reader.targets);
    const node = options.key === true || !isScalar(found.node) ? (found.key ?? found.node) : found.node;
    const start = node?.range?.[0] ?? 0;
    const complete = found.depth === path.length;
    const inside = complete && options.offset !== undefined && isScalar(found.node);
    return {
      depth: found.depth,
      position: at(inside ? placeInScalar(text, found.node, options.offset ?? 0) : start),
    };
  };
  const written = (path: Path) => {
    const { node, depth } = find(root, path, reader.targets);
    const scalar = isAlias(node) ? reader.targets.get(node) : node;
    return depth === path.length && isScalar(scalar) ? (scalar.source ?? null) : null;
  };
  return { file, value: findings.length > 0 ? undefined : value, findings, locate, written };
}

/** Control characters that no text has; YAML allows none of them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for.
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g;
/** From this many on it is no slip of a keyboard. */
const MANY = 20;

/** True where the text is none. Lines are counted here, since the reader of YAML never sees such a text. */
function complainOfBytes(
  text: string,
  problem: PolicyText["problem"],
  lines: LineCounter,
  complain: Complain,
): boolean {
  const controls = text.match(CONTROL)?.length ?? 0;
  if (controls === 0 && problem === undefined) return false;
  lines.addNewLine(0);
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines.addNewLine(at + 1);
  if (problem?.kind === "invalid_utf8" && controls < MANY) {
    const fix = "Save the file as UTF-8.";
    complain("invalid_utf8", "The policy is not valid UTF-8: here it stops to be.", fix, problem.at);
  }
  if (controls >= MANY) {
    complain("not_text", "This is not text: it looks like a binary file.", "Name the policy's YAML file.", 0);
    return true;
  }
  for (const { 0: found, index } of text.matchAll(CONTROL)) {
    const name = `U+${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
    complain("control_character", `A control character stands here (${name}).`, "Delete it.", index);
  }
  return true;
}

function parse(text: string, lines: LineCounter, complain: Complain): Node | null | undefined {
  let document: ReturnType<typeof parseDocument>;
  try {
    // Duplicate keys and merges are handled by YamlReader, in linear time.
    document = parseDocument(text, {
      version: "1.2",
      lineCounter: lines,
      prettyErrors: false, // its messages quote the text, which may hold a secret
      uniqueKeys: false,
      logLevel: "error", // "silent" would also swallow a second document
    });
  } catch {
    complain("yaml_too_deep", "The YAML nests too deeply to be read.", "Flatten it.", 0);
    return undefined;
  }
  const said = new Set<string>();
  for (const problem of [...document.errors, ...document.warnings].slice(0, 100)) {
    const [at] = problem.pos;
    const [code, message, fix] = explainYaml(problem.code, problem.message, text, at);
    // Once is enough: what is too deep fails at every level on the way out, and behind an error of the syntax the reader
    // finds more of them in lines that are right.
    if (said.has(code) && ONCE.has(code)) continue;
    said.add(code);
    complain(code, message, fix, at);
  }
  return document.errors.length > 0 ? undefined : document.contents;
}

const ONCE: ReadonlySet<string> = new Set(["yaml_syntax", "yaml_too_deep"]);

/** A value that begins as plain text on the way to where it breaks: `when: signals.healthy` before a bracket. */
const PLAIN_VALUE = /[\w-]+:[ \t]+[^\s"'{}[\],|>&*!%@`#][^"'{}[\],]*$/;

function isPlainBefore(text: string, at: number): boolean {
  const line = text.slice(text.lastIndexOf("\n", at - 1) + 1, at);
  return /[[{"']/.test(text.charAt(at)) && PLAIN_VALUE.test(line);
}

function explainYaml(code: string, message: string, text: string, at: number): [string, string, string] {
  if (code === "TAG_RESOLVE_FAILED") {
    return ["yaml_tag", "Custom YAML tags are not understood.", "Remove the tag that begins with !."];
  }
  if (message.includes("call stack")) {
    return ["yaml_too_deep", "The YAML nests too deeply to be read.", "Flatten it."];
  }
  if (code === "MULTIPLE_DOCS") {
    return ["yaml_syntax", "The file holds more than one YAML document.", "Keep one; remove the --- line."];
  }
  if (isPlainBefore(text, at)) {
    const fix = "Put the whole value in single quotes: inside { } and [ ] a bracket ends it otherwise.";
    return ["yaml_syntax", `Not valid YAML: ${message}.`, fix];
  }
  const fix =
    code === "TAB_AS_INDENT"
      ? "Indent with spaces."
      : code === "BLOCK_AS_IMPLICIT_KEY"
        ? 'Quote values that contain ": ", or put the nested key on a line of its own.'
        : "Check indentation, quotes and brackets here and on the line before.";
  return ["yaml_syntax", `Not valid YAML: ${message}.`, fix];
}

interface Found {
  readonly node: Node | null;
  readonly key: Node | null;
  readonly depth: number;
}

/** The node at `path`, or the deepest one on the way to it. */
function find(root: Node | null, path: Path, targets: ReadonlyMap<Alias, Node>): Found {
  let found: Found = { node: root, key: null, depth: 0 };
  for (const segment of path) {
    const next = step(found.node, segment, targets);
    if (next === null) return found;
    found = { ...next, depth: found.depth + 1 };
  }
  return found;
}

/** By name, so that a finding for each of thousands of entries costs no walk through all of them. */
const indexes = new WeakMap<readonly YamlPair[], ReadonlyMap<string, YamlPair>>();

function indexOf(pairs: readonly YamlPair[]): ReadonlyMap<string, YamlPair> {
  let index = indexes.get(pairs);
  if (index === undefined) {
    const named = pairs.flatMap((pair) =>
      isScalar(pair.key) ? [[String(pair.key.value), pair] as const] : [],
    );
    // The first of two with the same name.
    index = new Map(named.reverse());
    indexes.set(pairs, index);
  }
  return index;
}

function step(node: Node | null, segment: string | number, targets: ReadonlyMap<Alias, Node>): Found | null {
  const inner = isAlias(node) ? (targets.get(node) ?? null) : node;
  if (isSeq(inner)) {
    if (typeof segment !== "number" || segment >= inner.items.length) return null;
    return { node: inner.items[segment] as Node | null, key: null, depth: 0 };
  }
  if (!isMap(inner)) return null;
  const pairs = inner.items as unknown as readonly YamlPair[];
  const own = indexOf(pairs).get(String(segment));
  if (own !== undefined) return { node: own.value, key: own.key, depth: 0 };
  for (const { key, value } of pairs) {
    if (!isScalar(key) || key.value !== "<<") continue;
    const source = isAlias(value) ? (targets.get(value) ?? null) : value;
    for (const merged of isSeq(source) ? source.items : [source]) {
      const next = step(merged as Node | null, segment, targets);
      if (next !== null) return next;
    }
  }
  return null;
}
