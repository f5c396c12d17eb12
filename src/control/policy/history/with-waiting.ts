/**
 * The history with what is not written down yet in front of it: what a store does not take for a while has happened all the
 * same, and can be gone back to. Owns how both are read as one.
 */
import { type Activation, type ActivationHistory, putsInForce } from "../../../store/activation-store.ts";
import { pageLimit } from "../../../store/paging.ts";
import type { ActRecord } from "./activation-record.ts";

/** `waiting`: oldest first. The first one may be in the store already, while its answer is on its way. */
export function withWaiting(
  store: ActivationHistory,
  waiting: () => readonly ActRecord[],
): ActivationHistory {
  const newestFirst = (): readonly Activation[] =>
    waiting()
      .map(({ activation }) => activation)
      .toReversed();
  return {
    async list(asked, before) {
      const own = newestFirst();
      const at = own.findIndex(({ id }) => id === before);
      if (own.length === 0 || (before !== undefined && at === -1)) return store.list(asked, before);
      const limit = pageLimit(asked);
      const page = own.slice(at + 1, at + 1 + limit);
      if (page.length === limit) return page;
      const ids = new Set(own.map(({ id }) => id));
      const further = await store.list(limit - page.length + 1);
      return [...page, ...further.filter(({ id }) => !ids.has(id))].slice(0, limit);
    },
    async findVersion(version, environment) {
      const found = newestFirst().find((one) => putsInForce(one, version, environment));
      return found ?? store.findVersion(version, environment);
    },
    async text(digest) {
      const found = waiting().flatMap(({ texts }) => texts.filter((one) => one.digest === digest))[0];
      return found?.text ?? store.text(digest);
    },
  };
}
