/** The automatic return, done: a version that did worse gives its traffic back and stays out. Owns how. */

import type { PolicyTurn } from "../in-force/policy-control.ts";
import { MAX_NOTE } from "../policy-acts.ts";
import type { PolicyDesk } from "../policy-desk.ts";
import { goBack } from "../rollback.ts";
import type { Worse } from "./activation-watch.ts";

/** Who did it, in the history and in the audit log. */
export const WATCH_ACTOR = "activation-watch";

/**
 * False where somebody else was faster, or the version before cannot be had any more. Afterwards the source's text that
 * did worse is held back, until it is another one or a person says otherwise.
 */
export function giveBack(desk: PolicyDesk, worse: Worse): Promise<boolean> {
  return desk.control.atNewest((turn) => giveBackNow(desk, turn, worse));
}

async function giveBackNow(desk: PolicyDesk, turn: PolicyTurn, worse: Worse): Promise<boolean> {
  const { version, previousVersion, planId, newer, older } = worse;
  const note = worse.because.slice(0, MAX_NOTE);
  const status = desk.control.status();
  if (planId !== null) {
    if (status.staging?.id !== planId) return false;
    const details = {
      requests: newer.requests,
      errors: newer.errors,
      requestsBefore: older.requests,
      errorsBefore: older.errors,
    };
    const dropped = await turn.dropStaging({ actor: WATCH_ACTOR, via: "return", note }, details);
    return dropped?.result === "activated";
  }
  if (status.version !== version || status.staging) return false;
  const back = await goBack(desk, turn, {
    version: previousVersion,
    actor: WATCH_ACTOR,
    note,
    via: "return",
  });
  return back.result === "activated";
}
