/**
 * The main thread's end of the policy's thread: started with the first question, ended when nobody has asked for a
 * while. Owns its life; knows no policy.
 */
import type { JudgeThread } from "../control/policy/judge/judge.ts";
import type { FromThread, ToThread } from "../control/policy/judge/protocol.ts";
import type { Clock, Timer } from "../core/clock.ts";

/** A thread that read a large policy holds some tens of megabytes. */
const IDLE_MS = 60_000;
/** Longer than the largest text takes on a busy machine. */
const PATIENCE_MS = 120_000;

export interface PolicyThread extends JudgeThread {
  stop(): void;
}

interface Question {
  readonly resolve: (answer: FromThread) => void;
  readonly reject: (error: Error) => void;
}

interface Life {
  readonly worker: Worker;
  readonly questions: Question[];
}

export function createPolicyThread(clock: Clock, spawn: () => Worker = spawnWorker): PolicyThread {
  let life: Life | null = null;
  let timer: Timer | null = null;

  const bury = (which: Life, reason: string): void => {
    if (life === which) life = null;
    timer?.cancel();
    which.worker.terminate();
    const error = new Error(`The policy's thread ended: ${reason}.`);
    for (const question of which.questions.splice(0)) question.reject(error);
  };

  const begin = (): Life => {
    const begun: Life = { worker: spawn(), questions: [] };
    begun.worker.onmessage = (event: MessageEvent<FromThread>) => {
      begun.questions.shift()?.resolve(event.data);
      watch(begun);
    };
    begun.worker.onerror = (event) => {
      event.preventDefault();
      bury(begun, "it failed");
    };
    begun.worker.addEventListener("close", () => bury(begun, "it closed"));
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
    ask(question: ToThread) {
      life ??= begin();
      const { worker, questions } = life;
      const answer = new Promise<FromThread>((resolve, reject) => questions.push({ resolve, reject }));
      worker.postMessage(question);
      watch(life);
      return answer;
    },
    stop() {
      if (life) bury(life, "it was stopped");
    },
  };
}

function spawnWorker(): Worker {
  return new Worker(new URL("./policy-worker.ts", import.meta.url), { name: "pointsman-policy", smol: true });
}
