/**
 * How a call proves itself. Owns turning a credential into headers: static secrets and tokens at hand at once,
 * signatures and tokens still to be had as a promise.
 */
import type { Clock } from "../core/clock.ts";
import type { Deployment } from "../core/deployment.ts";
import type { Secret } from "../core/secret.ts";
import type { AwsCredential, AwsKeyring } from "./aws/keys.ts";
import type { SecretFiles, StaticCredential } from "./secret-files.ts";
import type { TokenCredential, TokenWallet } from "./tokens/token-wallet.ts";
import { CredentialUnfit } from "./tokens/unavailable.ts";
import type { UnsignedCall } from "./unsigned-call.ts";

export type { UnsignedCall };

/**
 * Adds to `call.headers`, and says in `call.doubt` what a refusal means for the next. Fails with
 * `CredentialsUnavailable` where a signature or a token cannot be had, with `CredentialUnfit` where a secret cannot
 * stand in a header (`authorizationFault` has the fault of both), and with the signal's reason once nobody waits any
 * more. What is at hand fails by throwing, what must be awaited by rejecting.
 */
export type Authorize = (
  deployment: Deployment,
  call: UnsignedCall,
  ending?: { readonly signal: AbortSignal },
) => void | Promise<void>;

/** RFC 9110 §5.5, without what a string has beyond bytes. */
const IN_A_HEADER = /^[\t\x20-\x7e\x80-\xff]*$/;

export interface AuthorizerParts {
  /** Gives the time of signing. */
  readonly clock: Clock;
  readonly awsKeys: AwsKeyring;
  readonly tokens: TokenWallet;
  readonly files: SecretFiles;
}

/** Whether a header carries all characters of `secret`. */
export function fitsHeader(secret: Secret): boolean {
  return IN_A_HEADER.test(secret.reveal());
}

export function createAuthorizer({ clock, awsKeys, tokens, files }: AuthorizerParts): Authorize {
  let signing: typeof import("./aws/sign.ts") | null = null;
  const sign = async (credential: AwsCredential, call: UnsignedCall): Promise<void> => {
    const keys = await awsKeys.keysFor(credential);
    call.doubt = () => awsKeys.doubt(credential, keys);
    // Loaded with the first signature: most gateways start without one.
    signing ??= await import("./aws/sign.ts");
    await signing.signCall(call, credential, keys, clock.wall());
  };
  const bearToken = (credential: TokenCredential, call: UnsignedCall, token: Secret): void => {
    call.doubt = () => tokens.doubt(credential, token);
    bear(call, token);
  };
  const presentFile = (credential: StaticCredential, call: UnsignedCall, secret: Secret): void => {
    call.doubt = () => files.doubt(credential, secret);
    present(credential, call, secret);
  };
  return ({ credential }, call, ending) => {
    switch (credential.type) {
      case "aws":
        return unlessAborted(sign(credential, call), ending?.signal);
      case "token": {
        const token = tokens.tokenFor(credential);
        if (token instanceof Promise) {
          return unlessAborted(
            token.then((secret) => bearToken(credential, call, secret)),
            ending?.signal,
          );
        }
        bearToken(credential, call, token);
        return;
      }
      case "bearer":
      case "header": {
        if (credential.file === undefined) return present(credential, call, credential.secret);
        const secret = files.secretOf(credential);
        if (secret instanceof Promise) {
          return unlessAborted(
            secret.then((found) => presentFile(credential, call, found)),
            ending?.signal,
          );
        }
        return presentFile(credential, call, secret);
      }
      case "none":
      case "missing":
    }
  };
}

/** Keys that are slow to come are for the next call; this one has its own limits. */
function unlessAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function present(credential: StaticCredential, call: UnsignedCall, secret: Secret): void {
  if (credential.type === "bearer") bear(call, secret);
  else call.headers[credential.header] = textOf(secret);
}

function bear(call: UnsignedCall, secret: Secret): void {
  call.headers.authorization = `Bearer ${textOf(secret)}`;
}

/** Checked here, where it becomes a header: a key file of Google's is one secret, too, and has line breaks. */
function textOf(secret: Secret): string {
  if (!fitsHeader(secret)) throw new CredentialUnfit();
  return secret.reveal();
}
