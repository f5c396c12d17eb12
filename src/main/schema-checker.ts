/**
 * The gateway's end of the process that holds answers to schemas which may take long: one check at a time, each within
 * a limit, the others wait. A process and no thread, since an expression that does not come to an end cannot be ended
 * with its thread. Owns the process's life and the queue before it; knows nothing of schemas.
 */
import type { Clock, Timer } from "../core/clock.ts";
import type { Judgement, SchemaChecks } from "../gateway/format/judge-schema.ts";
import { type AsideEvents, spawnAside } from "./spawn-aside.ts";

/** Milliseconds of one check, once the process is there. */
const LIMIT_MS = 250;
/** For the process to start, on a busy machine. */
const START_LIMIT_MS = 2_000;
/** After a process that could not be started. */
const PAUSE_MS = 5_000;
/** A check that has waited longer is given up when its turn comes. */
const PATIENCE_MS = 750;
const MAX_WAITING = 64;
/** Of a schema and the texts that are held to it. */
const MAX_CHARS = 4 * 1024 * 1024;
const IDLE_MS = 60_000;
/** Some of a core that is wanted by requests, too, and all of one that is idle. */
const NICENESS = 5;

/** JSON all of it: the schema, and what each choice may mean. */
export interface SchemaQuestion {
  readonly schema: string;
  readonly choices: readonly (readonly string[])[];
}

/** That it is there, or what is the answer. */
export type SchemaWord = "ready" | readonly Judgement[] | null;

export type CheckerEvents = AsideEvents<SchemaWord>;

export interface CheckerProcess {
  send(question: SchemaQuestion): void;
  /** At once, whatever it does. */
  kill(): void;
}

export interface SchemaChecker extends SchemaChecks {
  stop(): void;
}

interface Check {
  readonly schema: object;
  readonly choices: readonly (readonly string[])[];
  readonly askedAt: number;
  readonly resolve: (answer: readonly Judgement[] | null) => void;
}

interface Life {
  readonly process: CheckerProcess;
  ready: boolean;
}

export function createSchemaChecker(
  clock: Clock,
  spawn: (events: CheckerEvents) => CheckerProcess = spawnChecker,
): SchemaChecker {
  return new Checker(clock, spawn);
}

class Checker implements SchemaChecker {
  readonly #clock: Clock;
  readonly #spawn: (events: CheckerEvents) => CheckerProcess;
  readonly #waiting: Check[] = [];
  #running: Check | null = null;
  #life: Life | null = null;
  /** Of the check that runs, or of idleness. */
  #timer: Timer | null = null;
  #notBefore = 0;
  #stopped = false;

  constructor(clock: Clock, spawn: (events: CheckerEvents) => CheckerProcess) {
    this.#clock = clock;
    this.#spawn = spawn;
  }

  judge(schema: object, choices: Check["choices"]): Promise<readonly Judgement[] | null> {
    const askedAt = this.#clock.now();
    const isRefused = this.#stopped || this.#waiting.length >= MAX_WAITING || askedAt < this.#notBefore;
    if (isRefused) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#waiting.push({ schema, choices, askedAt, resolve });
      this.#next();
    });
  }

  stop(): void {
    this.#stopped = true;
    for (const check of this.#waiting.splice(0)) check.resolve(null);
    this.#bury(this.#life);
  }

  /** Runs the check whose turn it is, unless another one runs. */
  #next(): void {
    while (this.#running === null) {
      const check = this.#waiting.shift();
      if (check === undefined) return;
      if (this.#clock.now() - check.askedAt > PATIENCE_MS || !this.#ask(check)) check.resolve(null);
    }
  }

  /** False where it cannot be asked. */
  #ask(check: Check): boolean {
    const question = written(check);
    if (question === null) return false;
    const life = this.#life ?? this.#begin();
    if (life === null) return false;
    try {
      life.process.send(question);
    } catch {
      this.#bury(life);
      return false;
    }
    this.#running = check;
    this.#limit(life, life.ready ? LIMIT_MS : START_LIMIT_MS);
    return true;
  }

  #begin(): Life | null {
    if (this.#clock.now() < this.#notBefore) return null;
    try {
      const life: Life = {
        ready: false,
        process: this.#spawn({
          said: (word) => this.#said(life, word),
          ended: () => this.#bury(life),
        }),
      };
      this.#life = life;
      return life;
    } catch {
      this.#notBefore = this.#clock.now() + PAUSE_MS;
      return null;
    }
  }

  #said(life: Life, word: SchemaWord): void {
    // What is late of one that was ended concerns nobody.
    if (this.#life !== life) return;
    if (word === "ready") {
      life.ready = true;
      if (this.#running !== null) this.#limit(life, LIMIT_MS);
      return;
    }
    const answered = this.#running;
    this.#running = null;
    this.#limit(life, IDLE_MS);
    answered?.resolve(word);
    this.#next();
  }

  #limit(life: Life, ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(ms, () => this.#bury(life));
  }

  /** Ends a process with the check that it has, and goes on with those that wait. */
  #bury(life: Life | null): void {
    if (life === null || this.#life !== life) return;
    this.#life = null;
    this.#timer?.cancel();
    if (!life.ready) this.#notBefore = this.#clock.now() + PAUSE_MS;
    life.process.kill();
    const given = this.#running;
    this.#running = null;
    given?.resolve(null);
    this.#next();
  }
}

/** Null where it is too long, or cannot be written. */
function written({ schema, choices }: Check): SchemaQuestion | null {
  try {
    const text = JSON.stringify(schema);
    let chars = text.length;
    for (const texts of choices) for (const { length } of texts) chars += length;
    return chars > MAX_CHARS ? null : { schema: text, choices };
  } catch {
    return null;
  }
}

function spawnChecker(events: CheckerEvents): CheckerProcess {
  const child = spawnAside("main/schema-checker-process", NICENESS, events);
  return { send: (question) => void child.send(question), kill: () => child.kill("SIGKILL") };
}
