/**
 * Why Redis could not be used, as one word for a log. Owns the words: what Redis, a socket or a name server said is not
 * passed on, since it may hold the address and its password.
 */

/** By the code of a socket, or the first word of an answer. */
const WORDS: Readonly<Record<string, string>> = {
  WRONGPASS: "authentication",
  NOAUTH: "authentication",
  NOPERM: "permission",
  OOM: "full",
  READONLY: "read_only",
  MISCONF: "cannot_save",
  LOADING: "loading",
  ECONNREFUSED: "connection_refused",
  ECONNRESET: "connection_lost",
  EPIPE: "connection_lost",
  ETIMEDOUT: "timeout",
  ENOTFOUND: "name_not_found",
  EAI_AGAIN: "name_not_found",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
};
const OTHER = "error";

export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return OTHER;
  const { name, message } = thrown;
  if (name === "ReplyError") {
    if (/^ERR (?:invalid password|AUTH|Client sent AUTH)/i.test(message)) return "authentication";
    if (/^ERR (?:invalid DB index|DB index)/i.test(message)) return "database";
    return WORDS[message.slice(0, message.indexOf(" "))] ?? OTHER;
  }
  const code = "code" in thrown ? String(thrown.code) : "";
  if (/CERT|TLS|SSL/.test(code)) return "tls";
  if (WORDS[code] !== undefined) return WORDS[code];
  return /timed out|timeout/i.test(message) ? "timeout" : OTHER;
}
