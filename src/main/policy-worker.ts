/** The policy's thread: the entry point that `new Worker` runs. Answers each question once, in order. */
import type { FromThread, ToThread } from "../control/policy/judge/protocol.ts";
import { createTextReader } from "../control/policy/judge/read-texts.ts";

declare const self: Worker;

const read = createTextReader();

self.onmessage = (event: MessageEvent<ToThread>) => {
  let answer: FromThread;
  try {
    answer = read(event.data);
  } catch (thrown) {
    // The message may quote the text; its kind says enough.
    answer = { type: "failed", message: thrown instanceof Error ? thrown.name : "unknown" };
  }
  self.postMessage(answer);
};
