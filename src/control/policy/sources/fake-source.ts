/** A source that says what a test tells it to, when the test tells it to. */
import type { Fetched, PolicySource } from "./source.ts";

export interface FakeSource extends PolicySource {
  /** What the next questions are answered with; a promise is waited for. */
  says(next: Fetched | Promise<Fetched>): void;
  /** Questions so far. */
  readonly asked: number;
  /** Questions without an answer. */
  readonly pending: number;
  /** The most there ever were at once. */
  readonly atOnce: number;
}

export function fakeSource(): FakeSource {
  let next: Fetched | Promise<Fetched> = { result: "unchanged" };
  const counts = { asked: 0, pending: 0, atOnce: 0 };
  return {
    kind: "https",
    address: "https://policies.example/policy.yaml",
    says(answer) {
      next = answer;
    },
    get asked() {
      return counts.asked;
    },
    get pending() {
      return counts.pending;
    },
    get atOnce() {
      return counts.atOnce;
    },
    async fetch() {
      counts.asked++;
      counts.pending++;
      counts.atOnce = Math.max(counts.atOnce, counts.pending);
      try {
        return await next;
      } finally {
        counts.pending--;
      }
    },
  };
}

/** Texts of one document. */
export function saying(text: string): Fetched {
  return { result: "texts", texts: [{ file: "policy.yaml", text }], revision: null };
}
