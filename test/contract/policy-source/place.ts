/** Where a test keeps a policy, and what it can do to it. Each kind of source has one of its own. */
import type { PolicySource } from "../../../src/control/policy/sources/source.ts";

/** The gateway's environment in all of these tests. */
export const ENVIRONMENT = "prod";

export interface Place {
  /** A source that was never asked before, with the overlay of `ENVIRONMENT`. */
  open(): PolicySource;
  /** Base and overlay; null: it is not there. */
  put(document: "base" | "overlay", text: string | null): Promise<void>;
  /** Bytes that are no text, where the place can hold such; otherwise absent. */
  putBytes?(bytes: Uint8Array): Promise<void>;
  /** Every question is answered with an error whose words must go nowhere; null: as usual again. */
  fail(words: string | null): void;
  /** Questions are not answered any more. Absent: nobody is asked over a wire. */
  hang?(): void;
  /** How findings name the base and the overlay. */
  readonly files: readonly [base: string, overlay: string];
  /** Time that must pass before the next question; nothing where none must. */
  wait?(): void;
  close(): Promise<void>;
}
