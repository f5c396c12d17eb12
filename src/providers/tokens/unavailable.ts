/** A call that cannot prove itself. Owns what that is as a fault. */
import type { Credential } from "../../core/deployment.ts";
import { type Fault, fault } from "../../core/faults.ts";

const MAX_DETAIL = 300;

/** Who issues tokens, as people know them. */
export const ISSUERS = { google: "Google", entra: "Microsoft Entra" } as const;

/** Thrown by whoever obtains credentials, with the library's own error as its cause. */
export class CredentialsUnavailable extends Error {
  override readonly name = "CredentialsUnavailable";

  /** `what`: whose credentials, such as `AWS`. */
  constructor(what: string, cause: unknown) {
    super(`No credentials of ${what} could be had.`, { cause });
  }
}

/**
 * Thrown where a secret is there and cannot be one: it could not stand in a header, or would sign wrongly. Says nothing
 * of it.
 */
export class CredentialUnfit extends Error {
  override readonly name = "CredentialUnfit";

  constructor() {
    super("The secret has a character that no key has, such as a line break within it.");
  }
}

/**
 * The fault of a call that could not be authorised; null where `thrown` means something else. An outage: it is
 * whoever issues the credentials that cannot be reached, and another provider's may be at hand.
 */
export function authorizationFault(thrown: unknown): Fault | null {
  if (thrown instanceof CredentialUnfit) return unfit(thrown);
  return thrown instanceof CredentialsUnavailable ? unavailable(thrown) : null;
}

function unavailable(thrown: CredentialsUnavailable): Fault {
  const message =
    "The gateway has no valid credentials for the model's provider at the moment. Ask the gateway's operators.";
  return fault("outage", "credentials_unavailable", message, { cause: causeOf(thrown) });
}

/** The fault of a call whose own limits ended while it waited for what would prove it. */
export function noProofInTime(credential: Credential): Fault {
  const silence = new Error("Nobody answered within the attempt's limit.");
  return unavailable(new CredentialsUnavailable(issuerOf(credential), silence));
}

function issuerOf(credential: Credential): string {
  switch (credential.type) {
    case "aws":
      return "AWS";
    case "token":
      return ISSUERS[credential.issuer.type];
    default:
      return "the policy";
  }
}

/** Nothing that comes back will mend it, and nobody at the provider has heard of the call. */
function unfit({ name, message }: CredentialUnfit): Fault {
  const told = "The gateway's key for the model's provider cannot be sent. Ask the gateway's operators.";
  return {
    ...fault("provider_auth", "credential_unfit", told, { cause: { code: name, detail: message } }),
    unsent: true,
  };
}

function causeOf({ cause, message }: CredentialsUnavailable): { code: string; detail: string } {
  if (!(cause instanceof Error)) return { code: "unknown", detail: message };
  // A parser's complaint quotes the file, which holds a key.
  const detail = cause instanceof SyntaxError ? "a credentials file is not valid" : cause.message;
  return { code: cause.name, detail: `${message} ${detail}`.slice(0, MAX_DETAIL) };
}
