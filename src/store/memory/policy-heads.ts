/** The policy of a store that forgets with the process. */
import type { PolicyHead, PolicyHeadStore } from "../policy-heads.ts";

export function memoryPolicyHeads(assertOpen: () => void): PolicyHeadStore {
  let newest: PolicyHead | null = null;
  return {
    async read(after) {
      assertOpen();
      return newest && newest.revision > after ? newest : null;
    },
    async write(head) {
      assertOpen();
      if (head.revision !== (newest?.revision ?? 0) + 1) return false;
      newest = structuredClone({ ...head, via: head.via ?? null, staged: head.staged ?? null });
      return true;
    },
  };
}
