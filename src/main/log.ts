/** Structured lines on standard error. Owns the shape; callers pass no body, no key and no prompt. */
import { StoreError } from "../store/store-error.ts";

export type LogLevel = "info" | "warn" | "error";
export type Log = (level: LogLevel, event: string, fields?: Readonly<Record<string, unknown>>) => void;

/** One JSON object a line: time, level, event, then the fields. */
export function jsonLog(write: (line: string) => void, now: () => number): Log {
  return (level, event, fields) => {
    write(`${JSON.stringify({ time: new Date(now()).toISOString(), level, event, ...fields })}\n`);
  };
}

/** What a thrown value says of itself: its class, its code and where it came from; never its message, which
 * may quote what a caller sent. A store's is our own, and says what to mend. */
export function describeThrown(thrown: unknown): Readonly<Record<string, unknown>> {
  if (!(thrown instanceof Error)) return { thrown: typeof thrown };
  // Where it was thrown says nothing of a file that cannot be used.
  if (thrown instanceof StoreError) {
    return { thrown: thrown.name, code: thrown.kind, message: thrown.message };
  }
  const code = "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
  const frames = (thrown.stack ?? "")
    .split("\n")
    .filter((line) => line.trimStart().startsWith("at "))
    .slice(0, 6)
    .map((line) => line.trim());
  return { thrown: thrown.name, ...(code !== undefined && { code }), frames };
}
