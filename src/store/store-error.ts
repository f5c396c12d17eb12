/** Why a store refused or failed. Owns the kinds and the words; knows no driver. */

export type StoreErrorKind =
  /** The file is not a database, or parts of it are damaged. */
  | "corrupt"
  /** A newer program wrote the schema. */
  | "newer_schema"
  /** The file or its folder cannot be read or written. */
  | "inaccessible"
  /** The disk is full or answers with errors. */
  | "disk"
  /** Another process holds the lock. */
  | "busy"
  /** The driver's thread died or is being restarted; what was not acknowledged may not be written. */
  | "restarting"
  | "closed"
  /** A service that this driver talks to is slow, throttles or does not answer: worth another try later. */
  | "unavailable"
  /** A service does not know what it was asked for, or does not let us: somebody has to mend the setup. */
  | "refused"
  /** Larger than the driver takes. */
  | "too_large"
  /** None of the above: a defect of the program. */
  | "internal";

/** `message` says what happened, where and how to fix it; it holds no record's content. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly kind: StoreErrorKind;

  constructor(kind: StoreErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
