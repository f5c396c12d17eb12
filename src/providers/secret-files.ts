/**
 * Secrets in files, which whoever mounted them may replace while the gateway serves. Owns when a file is read again;
 * how one is read is an argument. The first secret is the policy's: a file that went away, or is empty, changes
 * nothing.
 */
import type { Clock } from "../core/clock.ts";
import type { Credential } from "../core/deployment.ts";
import type { Secret } from "../core/secret.ts";

/** A secret that stands in a header as it is. */
export type StaticCredential = Extract<Credential, { type: "bearer" | "header" }>;

/** Null where the file is not there or holds nothing; it does not reject. */
export type ReadSecretFile = (path: string) => Promise<Secret | null>;

export interface SecretFiles {
  /** What the file of `credential` holds: at once where it was read lately, else a promise, which does not reject. */
  secretOf(credential: StaticCredential): Secret | Promise<Secret>;
  /** A provider refused `secret`, which `secretOf` gave: the next call has the file read again. */
  doubt(credential: StaticCredential, secret: Secret): void;
}

/** How old what is known of a file may be. */
const FRESH_MS = 10_000;
/** Between two readings that a provider's refusal asked for. */
const PAUSE_MS = 1_000;
/** Longer than this nobody waits for a file, such as one of a mount that hangs; what comes later serves the next. */
const LIMIT_MS = 250;

export function createSecretFiles(clock: Clock, read: ReadSecretFile): SecretFiles {
  /** A credential is one object for as long as its policy is in force. */
  const known = new WeakMap<StaticCredential, SecretFile>();
  return {
    secretOf(credential) {
      let file = known.get(credential);
      if (file === undefined) {
        file = new SecretFile(credential, clock, read);
        known.set(credential, file);
      }
      return file.current();
    },
    doubt: (credential, secret) => known.get(credential)?.doubt(secret),
  };
}

class SecretFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #read: ReadSecretFile;
  #secret: Secret;
  #readAt = Number.NEGATIVE_INFINITY;
  #doubted = false;
  /** Whether the last reading has not come to an end, also one that nobody waits for any more. */
  #busy = false;
  #reading: Promise<Secret> | null = null;

  constructor({ file = "", secret }: StaticCredential, clock: Clock, read: ReadSecretFile) {
    this.#path = file;
    this.#secret = secret;
    this.#clock = clock;
    this.#read = read;
  }

  current(): Secret | Promise<Secret> {
    if (this.#reading !== null) return this.#reading;
    if (this.#busy) return this.#secret;
    const age = this.#clock.now() - this.#readAt;
    if (age < (this.#doubted ? PAUSE_MS : FRESH_MS)) return this.#secret;
    // Before the reading: what is refused while it goes on may be what it brings.
    this.#doubted = false;
    this.#reading = this.#attempt().finally(() => {
      this.#reading = null;
      this.#readAt = this.#clock.now();
    });
    return this.#reading;
  }

  doubt(secret: Secret): void {
    if (secret === this.#secret) this.#doubted = true;
  }

  #attempt(): Promise<Secret> {
    return new Promise((resolve) => {
      this.#busy = true;
      const timer = this.#clock.after(LIMIT_MS, () => resolve(this.#secret));
      this.#read(this.#path).then((found) => {
        this.#busy = false;
        timer.cancel();
        // The same text stays the same secret: what is refused of it is refused of both.
        if (found !== null && found.reveal() !== this.#secret.reveal()) this.#secret = found;
        resolve(this.#secret);
      });
    });
  }
}
