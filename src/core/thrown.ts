/** What libraries throw, read without trusting it. Owns no wording; messages, which may quote a caller, stay away. */

/** Causes within causes that are looked at. */
const MAX_DEPTH = 8;

/** `ECONNREFUSED`, `SQLITE_BUSY`: the first code that it or what caused it has; null where none has. */
export function codeOf(thrown: unknown): string | null {
  let error = thrown;
  for (let depth = 0; depth < MAX_DEPTH && typeof error === "object" && error !== null; depth++) {
    if ("code" in error && typeof error.code === "string") return error.code;
    error = "cause" in error ? error.cause : null;
  }
  return null;
}

/** The class that AWS's client gave it: `NoSuchKey`; `unknown error` where it is no plain name. */
export function awsErrorName(thrown: unknown): string {
  const name = thrown instanceof Error ? thrown.name : "";
  return /^[A-Za-z0-9_.-]{1,64}$/.test(name) ? name : "unknown error";
}

/** The HTTP status of an answer that AWS's client made an error of; null where none came. */
export function awsStatusOf(thrown: unknown): number | null {
  if (typeof thrown !== "object" || thrown === null || !("$metadata" in thrown)) return null;
  const { $metadata: metadata } = thrown;
  if (typeof metadata !== "object" || metadata === null || !("httpStatusCode" in metadata)) return null;
  return typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : null;
}
