/**
 * YAML nodes to plain values. Owns the bounds that keep a hostile text cheap (depth, aliases, merges) and
 * the rules that keep an honest one clear (no duplicate keys, plain names as keys).
 */
import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from "yaml";
import { isRecord } from "../../core/json.ts";

/** Values after aliases and merges are expanded; a text of the largest size without them has fewer. */
const MAX_EXPANDED_VALUES = 2_000_000;
const MAX_DEPTH = 64;

/** Takes note of a defect at an offset of the text. */
export type Complain = (code: string, message: string, fix: string, offset: number) => void;

/** Nodes to values in document order, each alias paid for with the size of what it stands for. */
export class YamlReader {
  readonly targets = new Map<Alias, Node>();
  readonly #anchors = new Map<string, Node>();
  readonly #read = new Map<Node, { readonly value: unknown; readonly size: number }>();
  readonly #complain: Complain;
  #size = 0;
  #stopped = false;

  constructor(complain: Complain) {
    this.#complain = complain;
  }

  read(node: Node | null, depth = 0): unknown {
    if (this.#stopped || node === null || !this.#spend(1, node)) return null;
    if (depth > MAX_DEPTH) {
      return this.#stop(
        "yaml_too_deep",
        `The YAML nests deeper than ${MAX_DEPTH} levels.`,
        "Flatten it.",
        node,
      );
    }
    if (isAlias(node)) return this.#readAlias(node);
    const before = this.#size;
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    let value: unknown = null;
    if (isMap(node)) value = this.#readMap(node.items as readonly YamlPair[], depth);
    else if (isSeq(node)) value = node.items.map((item) => this.read(item as Node | null, depth + 1));
    else if (isScalar(node)) value = this.#readScalar(node);
    if (node.anchor !== undefined) this.#read.set(node, { value, size: this.#size - before });
    return value;
  }

  /** A tag such as `!!timestamp` makes of text what JSON does not have. */
  #readScalar(node: Scalar): unknown {
    const { value } = node;
    if ((typeof value !== "object" && typeof value !== "bigint") || value === null) return value;
    const fix = "Remove the tag; quote the value where text is meant.";
    this.#complain(
      "yaml_tag",
      `The tag ${node.tag ?? ""} makes no text, number or truth value.`,
      fix,
      offsetOf(node),
    );
    return null;
  }

  #readAlias(node: Alias): unknown {
    const target = this.#anchors.get(node.source);
    const done = target === undefined ? undefined : this.#read.get(target);
    if (target === undefined || done === undefined) {
      const message =
        target === undefined
          ? `The alias *${node.source} names no anchor before it.`
          : `The alias *${node.source} stands inside its own anchor.`;
      this.#complain("yaml_alias", message, `Define &${node.source} earlier.`, offsetOf(node));
      return null;
    }
    this.targets.set(node, target);
    this.#spend(done.size, node);
    return done.value;
  }

  #readMap(items: readonly YamlPair[], depth: number): Record<string, unknown> {
    const own: Record<string, unknown> = {};
    const inherited: Record<string, unknown>[] = [];
    const seen = new Set<string>();
    for (const { key, value } of items) {
      const name = this.#keyOf(key, seen);
      const read = this.read(value, depth + 1);
      if (name === MERGE_KEY) inherited.push(...this.#mergeSources(read, key));
      else if (name !== null) own[name] = read;
    }
    if (inherited.length === 0) return own;
    // Earlier sources win over later ones, and the map's own keys over all.
    return Object.assign({}, ...inherited.reverse(), own);
  }

  #keyOf(key: Node | null, seen: Set<string>): string | typeof MERGE_KEY | null {
    if (!isScalar(key) || key.value === null) {
      this.#complain("yaml_key", "A key is not a plain name.", "Use text as the key.", offsetOf(key));
      return null;
    }
    const name = String(key.value);
    if (name === "__proto__") {
      this.#complain("yaml_key", 'A key is named "__proto__".', "Rename it.", offsetOf(key));
      return null;
    }
    if (seen.has(name)) {
      const fix = "Keep one of the two.";
      this.#complain("duplicate_key", `The key "${name}" stands twice in one map.`, fix, offsetOf(key));
    }
    seen.add(name);
    return name === "<<" && key.type === "PLAIN" ? MERGE_KEY : name;
  }

  #mergeSources(value: unknown, key: Node | null): readonly Record<string, unknown>[] {
    const sources = Array.isArray(value) ? value : [value];
    const maps = sources.filter(isRecord);
    if (maps.length !== sources.length) {
      const message = "The merge key << takes a map, an alias of one, or a list of those.";
      this.#complain("yaml_merge", message, "Point it at an anchor on a map.", offsetOf(key));
    }
    for (const map of maps) if (!this.#spend(Object.keys(map).length, key)) return [];
    return maps;
  }

  #spend(amount: number, node: Node | null): boolean {
    this.#size += amount;
    if (this.#size <= MAX_EXPANDED_VALUES) return true;
    const message = "The YAML's aliases expand to more than a policy can hold.";
    this.#stop("yaml_aliases", message, "Use fewer or smaller aliases.", node);
    return false;
  }

  #stop(code: string, message: string, fix: string, node: Node | null): null {
    if (!this.#stopped) this.#complain(code, message, fix, offsetOf(node));
    this.#stopped = true;
    return null;
  }
}

export interface YamlPair {
  readonly key: Node | null;
  readonly value: Node | null;
}

const MERGE_KEY = Symbol("<<");

function offsetOf(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}
