/** Orders over rollouts, joined to this process: where they are kept, and who is told when one ends. */
import { aliasOfSubject } from "../control/alias/open-alias.ts";
import type { AuditTrail } from "../control/audit/audit-trail.ts";
import { createNewestWriter } from "../control/background/newest-writer.ts";
import { createOverrideBook, type KeptBook, type OverrideBook } from "../control/rollout/override-book.ts";
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

export interface OpenedBook {
  readonly book: OverrideBook;
  /** Tries what is not on disk yet a last time. */
  close(): Promise<void>;
}

export async function openOverrideBook(options: OverrideBookOptions): Promise<OpenedBook> {
  const { directory, origin, clock, log, audit } = options;
  const writer = createNewestWriter<KeptBook>({
    clock,
    write: (book) => keptOverrides.save(directory, book),
    onFailed: (thrown) => log("error", "rollout_override_not_kept", describeThrown(thrown)),
  });
  const book = createOverrideBook({
    kept: await keptOverrides.load(directory),
    origin,
    now: clock.now,
    save: writer.save,
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
  return { book, close: writer.close };
}
