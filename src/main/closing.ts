/** What a process has opened and how each part is closed: the last one first, whether its start fails or it drains. */
import { describeThrown, type Log } from "./log.ts";

/** Whatever it returns is waited for. */
export type Close = () => unknown;

export interface Closings {
  /** Registers what was just opened. What comes back closes it earlier than its turn: it is closed once in any case. */
  add(close: Close): Close;
  /** What is not closed yet, one after the other. One that fails is logged, and keeps no other one open. */
  all(): Promise<void>;
}

export function createClosings(log: Log): Closings {
  const open: Close[] = [];
  return {
    add(close) {
      open.push(close);
      return () => {
        const at = open.indexOf(close);
        if (at === -1) return undefined;
        open.splice(at, 1);
        return close();
      };
    },
    async all() {
      for (let close = open.pop(); close !== undefined; close = open.pop()) {
        try {
          await close();
        } catch (thrown) {
          log("error", "closing_failed", describeThrown(thrown));
        }
      }
    },
  };
}
