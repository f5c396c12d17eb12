import { expect, test } from "bun:test";
import { reasonOf } from "./redis-reason.ts";

const reply = (message: string) => Object.assign(new Error(message), { name: "ReplyError" });
const socket = (code: string) => Object.assign(new Error(`connect ${code} secret.example:6379`), { code });

test.each([
  [reply("WRONGPASS invalid username-password pair or user is disabled."), "authentication"],
  [reply("NOAUTH Authentication required."), "authentication"],
  [reply("ERR AUTH <password> called without any password configured"), "authentication"],
  [reply("ERR DB index is out of range"), "database"],
  [reply("NOPERM this user has no permissions to run the 'eval' command"), "permission"],
  [reply("OOM command not allowed when used memory > 'maxmemory'."), "full"],
  [reply("READONLY You can't write against a read only replica."), "read_only"],
  [reply("SECRET is what a stranger says"), "error"],
  [socket("ECONNREFUSED"), "connection_refused"],
  [socket("ENOTFOUND"), "name_not_found"],
  [socket("DEPTH_ZERO_SELF_SIGNED_CERT"), "tls"],
  [socket("SECRET"), "error"],
  [new Error("Command timed out"), "timeout"],
  [new Error("secret"), "error"],
  ["secret", "error"],
])("%p: %s", (thrown, word) => {
  expect(reasonOf(thrown)).toBe(word);
});
