/** The automatic return, joined to this process: how requests end, who is told, and what the log says. */

import type { PolicyDesk } from "../control/policy/policy-desk.ts";
import { type ActivationWatch, startActivationWatch } from "../control/policy/watch/activation-watch.ts";
import { giveBack } from "../control/policy/watch/give-back.ts";
import type { VersionTally } from "../control/policy/watch/version-tally.ts";
import type { Clock } from "../core/clock.ts";
import { describeThrown, type Log } from "./log.ts";

export function watchActivations(
  desk: PolicyDesk,
  tally: VersionTally,
  clock: Clock,
  log: Log,
): ActivationWatch {
  return startActivationWatch({
    clock,
    control: desk.control,
    tally,
    async giveBack(worse) {
      const { version, previousVersion, because, newer, older } = worse;
      const numbers = { version, previousVersion, because, ...newer, before: JSON.stringify(older) };
      try {
        const given = await giveBack(desk, worse);
        log("error", given ? "policy_returned" : "policy_return_not_possible", numbers);
        return given;
      } catch (thrown) {
        log("error", "policy_return_failed", { ...numbers, ...describeThrown(thrown) });
        return false;
      }
    },
  });
}
