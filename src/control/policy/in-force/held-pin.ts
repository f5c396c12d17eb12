/** The rollback that holds the source's text back, in memory and on disk. Owns that both come to the same. */
import { createNewestWriter, type NewestWriter } from "../../background/newest-writer.ts";
import type { Pin } from "../kept-policies.ts";
import type { PolicyPorts, PolicyStatus } from "./policy-control.ts";

export class HeldPin {
  /** Null: nothing is held back. Kept with `save`: what changes with it may still fail. */
  now: Pin | null;
  readonly #writer: NewestWriter<Pin | null>;

  /** `pin`: what an earlier process has left. */
  constructor(ports: Pick<PolicyPorts, "clock" | "savePin" | "onRecordFailed">, pin: Pin | null) {
    this.now = pin;
    this.#writer = createNewestWriter({
      clock: ports.clock,
      write: (kept) => ports.savePin(kept),
      onFailed: (thrown) => ports.onRecordFailed("pin", thrown),
    });
  }

  /** Resolves when it was tried once. */
  save(): Promise<void> {
    return this.#writer.save(this.now);
  }

  /** One that will be held in a moment. Rejects where the disk does not take it. */
  saveAhead(pin: Pin): Promise<void> {
    return this.#writer.saveAhead(pin);
  }

  told(): NonNullable<PolicyStatus["pinned"]> | null {
    if (this.now === null) return null;
    const { version, at, actor, note } = this.now;
    return { version, at, actor, note, ...(!this.#writer.isKept && { kept: false as const }) };
  }

  close(): Promise<void> {
    return this.#writer.close();
  }
}
