/**
 * The policy that lives in the store, as this gateway knows it: the newest state that it has taken in or written. Owns
 * that a write is upon that state and upon no other; knows nothing of what is in force.
 */
import type { Clock } from "../../core/clock.ts";
import type { PolicyHead, PolicyHeadStore } from "../../store/policy-heads.ts";

export interface StoredPolicy {
  /** Null: nothing is known of it yet. */
  readonly head: PolicyHead | null;
  /** What the store has now, where it is newer than `head`. Rejects where it cannot be read. */
  newer(): Promise<PolicyHead | null>;
  /** False where it is not newer than what is known. */
  take(head: PolicyHead): boolean;
  /**
   * Takes the place of `head`, and is it from then on. False where another gateway has written since: then nothing has
   * changed. Rejects where it cannot be written.
   */
  write(change: HeadChange): Promise<boolean>;
}

export type HeadChange = Omit<PolicyHead, "revision" | "at">;

export function storedPolicy(heads: PolicyHeadStore, clock: Clock): StoredPolicy {
  let head: PolicyHead | null = null;
  const revision = () => head?.revision ?? 0;
  return {
    get head() {
      return head;
    },
    newer: () => heads.read(revision()),
    take(newer) {
      if (newer.revision <= revision()) return false;
      head = newer;
      return true;
    },
    async write(change) {
      const next = { ...change, revision: revision() + 1, at: clock.now() };
      const written = await heads.write(next);
      if (written) head = next;
      return written;
    },
  };
}
