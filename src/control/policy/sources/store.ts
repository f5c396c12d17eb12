/** The gateway's own store as a source: what `PUT /admin/policy` wrote, here or in another process. */
import type { PolicyHeadStore } from "../../../store/policy-heads.ts";
import { documentTexts } from "../store-documents.ts";
import { type Fetched, failedFetch, type PolicySource } from "./source.ts";

export function storeSource(heads: PolicyHeadStore, environment: string | null): PolicySource {
  let seen = 0;
  return {
    kind: "store",
    address: "store:",
    async fetch(): Promise<Fetched> {
      try {
        const head = await heads.read(seen);
        if (!head) return seen === 0 ? failedFetch(EMPTY) : { result: "unchanged" };
        seen = head.revision;
        const texts = documentTexts(head.documents, environment);
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
