/** One YAML text as plain values and places. Owns reading and finding again; knows no policy. */
import { type Alias, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Finding, LocateOptions, Path, Position } from "./finding.ts";
import { placeInScalar } from "./scalar-offset.ts";
import { type Complain, type YamlPair, YamlReader } from "./yaml-reader.ts";

export interface PolicySource {
  /** How findings name it. */
  readonly file: string;
  readonly text: string;
}

export interface YamlSource {
  readonly file: string;
  /** Plain JSON values; aliases share their target. Undefined when the text could not be read. */
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** The place of `path`, and how many of its segments this text has. */
  locate(path: Path, options?: LocateOptions): { readonly depth: number; readonly position: Position };
}

/** UTF-16 code units of one text. */
const MAX_TEXT = 10 * 1024 * 1024;

/** Reads one text. Never throws: whatever is wrong becomes a finding with a place. */
export function readYaml({ file, text }: PolicySource): YamlSource {
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
  });
  if (text.length > MAX_TEXT) {
    complain("too_large", "The policy is larger than 10 MiB.", "Split or shorten it.", 0);
    return unreadable();
  }
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
  return { file, value: findings.length > 0 ? undefined : value, findings, locate };
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
  for (const problem of [...document.errors, ...document.warnings].slice(0, 100)) {
    const [code, message, fix] = explainYaml(problem.code, problem.message);
    complain(code, message, fix, problem.pos[0]);
  }
  return document.errors.length > 0 ? undefined : document.contents;
}

function explainYaml(code: string, message: string): [string, string, string] {
  if (code === "TAG_RESOLVE_FAILED") {
    return ["yaml_tag", "Custom YAML tags are not understood.", "Remove the tag that begins with !."];
  }
  if (message.includes("call stack")) {
    return ["yaml_too_deep", "The YAML nests too deeply to be read.", "Flatten it."];
  }
  if (code === "MULTIPLE_DOCS") {
    return ["yaml_syntax", "The file holds more than one YAML document.", "Keep one; remove the --- line."];
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

function step(node: Node | null, segment: string | number, targets: ReadonlyMap<Alias, Node>): Found | null {
  const inner = isAlias(node) ? (targets.get(node) ?? null) : node;
  if (isSeq(inner)) {
    if (typeof segment !== "number" || segment >= inner.items.length) return null;
    return { node: inner.items[segment] as Node | null, key: null, depth: 0 };
  }
  if (!isMap(inner)) return null;
  const pairs = inner.items as unknown as readonly YamlPair[];
  for (const { key, value } of pairs) {
    if (isScalar(key) && String(key.value) === String(segment)) return { node: value, key, depth: 0 };
  }
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
