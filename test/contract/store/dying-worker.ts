/**
 * A database thread that opens and then dies of its first batch, in the way its name says: `dying-worker.ts`
 * is started with the name `exit` or `throw`.
 */
import type { ToThread } from "../../../src/store/sqlite/protocol.ts";

declare const self: Worker & { readonly name: string };

self.onmessage = (event: MessageEvent<ToThread>) => {
  if (typeof event.data !== "string") self.postMessage({ ok: true, rows: [] });
  else if (self.name === "exit") process.exit(1);
  else throw new Error("out of luck");
};
