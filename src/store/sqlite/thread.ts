/**
 * The main thread's end of the database's thread: asks, matches answers, and starts a new thread when one
 * died. Owns no SQL. Nothing that was asked stays without an answer.
 */
import type { Clock } from "../../core/clock.ts";
import { StoreError } from "../store-error.ts";
import type { FromThread, Question, Row, ToThread } from "./protocol.ts";

const BACKOFF_BASE_MS = 100;
const BACKOFF_MAX_MS = 10_000;
const CLOSE_TIMEOUT_MS = 10_000;

export interface ThreadOptions {
  readonly open: Extract<ToThread, { type: "open" }>;
  readonly clock: Clock;
  readonly spawn: () => Worker;
}

export interface DatabaseThread {
  /** Settles when the file is open; rejects with the `StoreError` that says why it is not. */
  opened(): Promise<void>;
  /** Rejects with a `StoreError`: the database's own, or `restarting` when the thread died meanwhile. */
  ask(message: Question): Promise<readonly Row[]>;
  /** Answers what was asked before, then ends the thread; after 10 s it is ended regardless. */
  close(): Promise<void>;
}

/** Starts the thread at once, in the background: what is asked before it runs waits in its mailbox. */
export function startThread(options: ThreadOptions): DatabaseThread {
  return new Thread(options);
}

interface Owed {
  readonly resolve: (rows: readonly Row[]) => void;
  readonly reject: (error: StoreError) => void;
}

/** One running worker, with the questions it still owes an answer to, oldest first. */
interface Life {
  readonly worker: Worker;
  readonly questions: Owed[];
  readonly opened: Promise<void>;
}

class Thread implements DatabaseThread {
  readonly #options: ThreadOptions;
  #life: Life | null;
  #closing: Promise<void> | null = null;
  #deaths = 0;
  #notBefore = 0;
  #lastError = new StoreError("restarting", "The database's thread is being restarted. Try again.");

  constructor(options: ThreadOptions) {
    this.#options = options;
    this.#life = this.#start();
  }

  opened(): Promise<void> {
    if (this.#closing) return Promise.reject(closedError());
    return (this.#life ?? this.#restart())?.opened ?? Promise.reject(this.#lastError);
  }

  ask(message: Question): Promise<readonly Row[]> {
    if (this.#closing) return Promise.reject(closedError());
    const life = this.#life ?? this.#restart();
    return life ? post(life, message) : Promise.reject(this.#lastError);
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  /** Lazily, on the next question after the wait: a store that nobody asks needs no timer. */
  #restart(): Life | null {
    if (this.#options.clock.now() < this.#notBefore) return null;
    this.#life = this.#start();
    return this.#life;
  }

  #start(): Life {
    const worker = this.#options.spawn();
    const questions: Owed[] = [];
    let served = false;
    worker.onmessage = (event: MessageEvent<FromThread>) => {
      // Opening is not enough: a thread that opens and dies on its first question must not restart at once.
      if (served) this.#deaths = 0;
      served = true;
      settle(questions.shift(), event.data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#bury(life, died(event.message));
    };
    worker.addEventListener("close", () => this.#bury(life, died("it ended")));
    const opened = post({ worker, questions }, this.#options.open).then(
      () => {},
      (error: StoreError) => {
        this.#bury(life, error);
        throw error;
      },
    );
    // Whoever asks is told; nobody has to ask.
    opened.catch(() => {});
    const life: Life = { worker, questions, opened };
    return life;
  }

  /** Ends a life that cannot answer any more, with the reason for all that it still owed. */
  #bury(life: Life, error: StoreError): void {
    if (this.#life === life) {
      this.#life = null;
      this.#lastError = error;
      const backoff = Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** Math.min(this.#deaths, 16));
      this.#deaths++;
      this.#notBefore = this.#options.clock.now() + backoff;
    }
    life.worker.terminate();
    for (const question of life.questions.splice(0)) question.reject(error);
  }

  async #shutDown(): Promise<void> {
    const life = this.#life;
    if (!life) return;
    const timeout = this.#options.clock.after(CLOSE_TIMEOUT_MS, () => this.#bury(life, died("it hung")));
    try {
      await post(life, { type: "close" });
    } catch {
      // It died on the way out: nothing is left to close.
    } finally {
      timeout.cancel();
      this.#life = null;
      life.worker.terminate();
    }
  }
}

function post(life: Pick<Life, "worker" | "questions">, message: ToThread): Promise<readonly Row[]> {
  return new Promise((resolve, reject) => {
    life.questions.push({ resolve, reject });
    life.worker.postMessage(message);
  });
}

function settle(question: Owed | undefined, answer: FromThread): void {
  if (answer.ok) question?.resolve(answer.rows);
  else question?.reject(new StoreError(answer.kind, answer.message));
}

function closedError(): StoreError {
  return new StoreError("closed", "The store is closed.");
}

function died(reason: string): StoreError {
  return new StoreError(
    "restarting",
    `The database's thread died (${reason}) and is restarted. What it had not acknowledged is to be written again.`,
  );
}
