/**
 * How a call proves itself. Owns turning a credential into headers; static secrets at once, signatures and
 * short-lived tokens as a promise.
 */
import type { Deployment } from "../core/deployment.ts";

/** What a signature covers. */
export interface UnsignedCall {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Adds to `call.headers`. Rejects where a signature or a token cannot be had. */
export function authorize(deployment: Deployment, call: UnsignedCall): void | Promise<void> {
  const { credential } = deployment;
  switch (credential.type) {
    case "none":
    case "missing":
      return;
    case "bearer":
      call.headers.authorization = `Bearer ${credential.secret.reveal()}`;
      return;
    case "header":
      call.headers[credential.header] = credential.secret.reveal();
      return;
    case "aws":
    case "token":
      return Promise.reject(new Error(`This build has no ${credential.type} credentials.`));
  }
}
