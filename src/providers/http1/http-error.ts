/** Why an exchange over HTTP/1.1 failed, in the codes that sockets use. */

export type HttpErrorCode =
  /** The connection ended before the answer did. */
  | "ECONNRESET"
  /** Not connected within the limit. */
  | "ETIMEDOUT"
  /** What came is not HTTP/1.1 as it should be. */
  | "EPROTO"
  /** A redirect, which is never followed. */
  | "EREDIRECT"
  /** The call was given up. */
  | "ECANCELED";

export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly code: HttpErrorCode;

  constructor(code: HttpErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
