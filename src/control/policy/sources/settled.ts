/** A source of several parts that are not written together: a change counts once it was read twice alike. */
import { digestOfTexts, type Fetched, type PolicySource } from "./source.ts";

/** `againMs`: when to look again after the first sight of a change; null: at the usual interval. */
export function settledSource(source: PolicySource, againMs: number | null): PolicySource {
  let accepted: string | null = null;
  let candidate: string | null = null;
  return {
    kind: source.kind,
    address: source.address,
    async fetch(signal): Promise<Fetched> {
      const fetched = await source.fetch(signal);
      if (fetched.result !== "texts") return fetched;
      const digest = digestOfTexts(fetched.texts);
      // The very first is all there is: waiting for a second would hold up the start.
      if (accepted === null || digest === accepted || digest === candidate) {
        accepted = digest;
        candidate = null;
        return fetched;
      }
      candidate = digest;
      return againMs === null ? { result: "unchanged" } : { result: "unchanged", nextMs: againMs };
    },
  };
}
