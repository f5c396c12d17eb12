/** Activations and their texts that end with the process: bounded, the oldest leave first. */

import { type Activation, type ActivationStore, MAX_POLICY_TEXTS, putsInForce } from "../activation-store.ts";
import { pageLimit } from "../paging.ts";

const CAPACITY = 1_000;
/** UTF-16 code units of all texts together. */
const TEXT_CAPACITY = 64 * 1024 * 1024;

export function memoryActivations(assertOpen: () => void): ActivationStore {
  const kept: Activation[] = [];
  const texts = new Map<string, string>();
  return {
    async record(activation, given = []) {
      assertOpen();
      if (kept.some((other) => other.id === activation.id)) return;
      kept.push(activation);
      if (kept.length > CAPACITY) kept.shift();
      for (const { digest, text } of given) {
        // The order of a map is the order of use.
        texts.delete(digest);
        texts.set(digest, text);
      }
      trim(texts);
    },
    async list(limit, before) {
      assertOpen();
      const cursor = kept.find(({ id }) => id === before);
      if (before !== undefined && !cursor) return [];
      return kept
        .toSorted(newestFirst)
        .filter((activation) => !cursor || newestFirst(cursor, activation) < 0)
        .slice(0, pageLimit(limit));
    },
    async findVersion(version, environment) {
      assertOpen();
      const found = kept.filter((one) => putsInForce(one, version, environment));
      return found.toSorted(newestFirst)[0] ?? null;
    },
    async text(digest) {
      assertOpen();
      return texts.get(digest) ?? null;
    },
  };
}

function trim(texts: Map<string, string>): void {
  let size = 0;
  for (const text of texts.values()) size += text.length;
  for (const [digest, text] of texts) {
    if (texts.size === 1 || (texts.size <= MAX_POLICY_TEXTS && size <= TEXT_CAPACITY)) return;
    texts.delete(digest);
    size -= text.length;
  }
}

function newestFirst(a: Activation, b: Activation): number {
  return b.at - a.at || (a.id === b.id ? 0 : a.id < b.id ? 1 : -1);
}
