/**
 * The pin on its way to the disk. Owns that the newest one is tried until it is there, since the next start undoes a
 * rollback whose pin is not; knows nothing of what pins do.
 */
import type { Timer } from "../../../core/clock.ts";
import type { Pin } from "../kept-policies.ts";
import type { PolicyPorts } from "./policy-control.ts";

export interface PinWriter {
  /** Resolves when it was tried once; null: there is none any more. */
  save(pin: Pin | null): Promise<void>;
  /** One that is in force, and saved, a moment later. Rejects where the disk does not take it. */
  saveAhead(pin: Pin): Promise<void>;
  /** Whether the disk has what was saved last. */
  readonly isKept: boolean;
}

const AGAIN_MS = 1000;
const REMIND_EVERY_MS = 60 * 60_000;

export function createPinWriter(ports: Pick<PolicyPorts, "clock" | "savePin" | "onRecordFailed">): PinWriter {
  const { clock } = ports;
  let newest: Pin | null = null;
  let isKept = true;
  let toldAt: number | null = null;
  let timer: Timer | null = null;
  let writing: Promise<void> = Promise.resolve();
  const attempt = async (): Promise<void> => {
    timer?.cancel();
    const pin = newest;
    try {
      await ports.savePin(pin);
      if (pin !== newest) return;
      isKept = true;
      toldAt = null;
    } catch (thrown) {
      isKept = false;
      const now = clock.now();
      if (toldAt === null || now - toldAt >= REMIND_EVERY_MS) {
        toldAt = now;
        ports.onRecordFailed("pin", thrown);
      }
      timer?.cancel();
      timer = clock.after(AGAIN_MS, () => void enqueue());
    }
  };
  // One after the other: the last one to be written is the newest.
  const enqueue = (): Promise<void> => {
    writing = writing.then(attempt);
    return writing;
  };
  return {
    save(pin) {
      newest = pin;
      return enqueue();
    },
    saveAhead(pin) {
      const saved = writing.then(async () => {
        await ports.savePin(pin);
        // What it takes the place of is not to take its place.
        timer?.cancel();
      });
      writing = saved.catch(() => {});
      return saved;
    },
    get isKept() {
      return isKept;
    },
  };
}
