/** `rollout abort`: back to what served before. Owns what that is. */
import { ok, type Result } from "../../core/faults.ts";
import type { PolicyText } from "../../policy/reading/load.ts";
import { changePart, type PartChange, type Wish } from "../policy/edit/open-part.ts";
import { type OpenRollout, openRollout } from "./open-rollout.ts";
import { weightWishes } from "./set-weight.ts";

/**
 * The candidate gets nothing, the first arm everything, blue is live, no copy is made. Faults: `not_found`, `invalid`.
 */
export function abortRollout(sources: readonly PolicyText[], rollout: string): Result<PartChange> {
  const opened = openRollout(sources, rollout);
  if (!opened.ok) return opened;
  const wishes = retreat(opened.value);
  return wishes.ok ? changePart(opened.value, wishes.value) : wishes;
}

function retreat(opened: OpenRollout): Result<readonly Wish[]> {
  const { canary, blue_green: pair } = opened.written;
  if (pair !== undefined) {
    return ok([{ path: [...opened.path, "blue_green", "live"], from: pair.live, to: "blue" }]);
  }
  const [first = ""] = Object.keys(canary?.arms ?? {});
  return canary?.arms === undefined ? weightWishes(opened, 0, null) : weightWishes(opened, 100, first);
}
