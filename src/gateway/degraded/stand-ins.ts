/**
 * What answers without a model beyond the policy's own words: kept answers, passages of texts, tickets for
 * people. Owns their common life; each has its own file. One set a process.
 */
import type { Clock } from "../../core/clock.ts";
import type { Ids } from "../../core/ids.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import type { Store } from "../../store/ports.ts";
import type { AnswerCache } from "../cache/answer-cache.ts";
import { createKeptAnswers } from "../cache/kept-answers.ts";
import { createPassageLibrary, type PassageLibrary } from "./retrieval/library.ts";
import { createTicketDesk, type TicketDesk } from "./ticket-desk.ts";

export interface StandIns {
  readonly answers: AnswerCache;
  readonly passages: PassageLibrary;
  readonly tickets: TicketDesk;
}

export interface StandInParts {
  readonly store: Pick<Store, "answers" | "tickets">;
  readonly clock: Clock;
  readonly ids: Ids;
  /** The folder that policies name theirs from. */
  readonly root: string;
  /** For the operator's log: what failed, and where; with passages, the folder's path. Never holds a text. */
  report(
    event: "answer_store_failed" | "ticket_failed" | "passages_failed",
    thrown: unknown,
    folder?: string,
  ): void;
}

export interface RunningStandIns extends StandIns {
  /** Takes up what a policy that was just activated asks for, and forgets what it does not. In the background. */
  follow(snapshot: ConfigSnapshot): void;
  /** Writes what waits. Before the store is closed. */
  close(): Promise<void>;
}

export function createStandIns({ store, clock, ids, root, report }: StandInParts): RunningStandIns {
  const answers = createKeptAnswers({
    store: store.answers,
    clock,
    report: (thrown) => report("answer_store_failed", thrown),
  });
  const passages = createPassageLibrary({
    root,
    report: (thrown, folder) => report("passages_failed", thrown, folder),
  });
  const tickets = createTicketDesk({
    store: store.tickets,
    clock,
    ids,
    report: (thrown) => report("ticket_failed", thrown),
  });
  return {
    answers,
    passages,
    tickets,
    follow(snapshot) {
      const useCases = new Set(snapshot.useCases.values());
      answers.keepOnly([...useCases].filter(({ cache }) => cache !== null).map(({ id }) => id));
      const modes = [...useCases].flatMap(({ degraded }) => degraded);
      passages.follow(modes.flatMap((mode) => (mode.mode === "retrieval" ? [mode.folder] : [])));
    },
    close: () => answers.close(),
  };
}
