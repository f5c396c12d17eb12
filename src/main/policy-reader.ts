/**
 * The gateway's end of the process that reads policies: started with the first question, ended when nobody has asked
 * for a while. Owns its life; knows no policy.
 */
import type { JudgeReader } from "../control/policy/in-force/judge/judge.ts";
import type { DocumentPart, FromReader, ToReader } from "../control/policy/in-force/judge/protocol.ts";
import type { Clock, Timer } from "../core/clock.ts";
import { type AsideEvents, spawnAside } from "./spawn-aside.ts";

/** A process that read a large policy holds a hundred megabytes. */
const IDLE_MS = 60_000;
/** Longer than the largest text takes on a busy machine. */
const PATIENCE_MS = 120_000;
/** A tenth of what a request's work gets where both want the same core, and all of one that is idle. */
export const NICENESS = 10;

export interface PolicyReader extends JudgeReader {
  stop(): void;
}

/** What the process says: an answer, or a part of the one that follows. */
export type Said = FromReader | { readonly type: "part"; readonly part: DocumentPart };

export interface ReaderProcess {
  send(question: ToReader): void;
  kill(): void;
}

export type ReaderEvents = AsideEvents<Said>;

interface Question {
  readonly resolve: (answer: FromReader) => void;
  readonly reject: (error: Error) => void;
}

interface Life {
  readonly process: ReaderProcess;
  readonly questions: Question[];
}

export function createPolicyReader(
  clock: Clock,
  spawn: (events: ReaderEvents) => ReaderProcess = spawnReader,
): PolicyReader {
  let life: Life | null = null;
  let timer: Timer | null = null;

  const bury = (which: Life, reason: string): void => {
    if (life === which) {
      life = null;
      timer?.cancel();
    }
    which.process.kill();
    const error = new Error(`The process that reads policies ended: ${reason}.`);
    for (const question of which.questions.splice(0)) question.reject(error);
  };

  const begin = (): Life => {
    const questions: Question[] = [];
    let parts: DocumentPart[] = [];
    const begun: Life = {
      questions,
      process: spawn({
        said(message) {
          if (message.type === "part") {
            parts.push(message.part);
            return;
          }
          questions.shift()?.resolve(message.type === "read" ? { ...message, parts } : message);
          parts = [];
          if (life === begun) watch(begun);
        },
        ended: () => bury(begun, "it failed"),
      }),
    };
    return begun;
  };

  const watch = (which: Life): void => {
    timer?.cancel();
    const waits = which.questions.length > 0;
    timer = clock.after(waits ? PATIENCE_MS : IDLE_MS, () =>
      bury(which, waits ? "it was silent" : "it was idle"),
    );
  };

  return {
    async ask(question: ToReader) {
      life ??= begin();
      const { process, questions } = life;
      const answer = new Promise<FromReader>((resolve, reject) => questions.push({ resolve, reject }));
      const asked = life;
      try {
        process.send(question);
        watch(asked);
      } catch {
        bury(asked, "it cannot be asked");
      }
      return answer;
    },
    stop() {
      if (life) bury(life, "it was stopped");
    },
  };
}

export function spawnReader(events: ReaderEvents): ReaderProcess & { readonly pid: number } {
  const child = spawnAside("main/policy-reader-process", NICENESS, events);
  return { pid: child.pid, send: (question) => child.send(question), kill: () => child.kill() };
}
