/** Orders over rollouts, joined to this process: where they are kept, and who is told when one ends. */
import { aliasOfSubject } from "../control/alias/open-alias.ts";
import type { AuditTrail } from "../control/audit/audit-trail.ts";
import { createOverrideBook, type OverrideBook } from "../control/rollout/override-book.ts";
import { keptOverrides } from "../control/rollout/override-file.ts";
import type { Clock } from "../core/clock.ts";
import { describeThrown, type Log } from "./log.ts";

export interface OverrideBookOptions {
  /** Null: they end with the process. */
  readonly directory: string | null;
  readonly origin: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditTrail;
}

export async function openOverrideBook(options: OverrideBookOptions): Promise<OverrideBook> {
  const { directory, origin, clock, log, audit } = options;
  let saving: Promise<void> = Promise.resolve();
  return createOverrideBook({
    kept: await keptOverrides.load(directory),
    origin,
    now: clock.now,
    save(book) {
      // One after the other: the last one to be written is the last one there was.
      saving = saving
        .then(() => keptOverrides.save(directory, book))
        .catch((thrown: unknown) => log("error", "rollout_override_not_kept", describeThrown(thrown)));
      return saving;
    },
    onEnded({ rollout, verb, actor, at }) {
      log("info", "rollout_override_ended", { rollout, verb, actor });
      const details = {
        verb,
        by: actor,
        since: at,
        why: "its own text is another now, what it stood for is gone, or its version was rolled back",
      };
      const alias = aliasOfSubject(rollout);
      const action = alias === null ? "rollout.override_ended" : "model_alias.override_ended";
      void audit.note({ actor: "policy", action, subject: alias ?? rollout, details });
    },
  });
}
