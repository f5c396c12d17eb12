/** Why a server did not start, and what mends it: thrown by whoever starts it, told by the command. */
import type { Finding } from "../policy/finding.ts";
import type { PolicyText } from "../policy/reading/load.ts";

export interface NotStartedDetails {
  readonly message: string;
  readonly fix: string;
  readonly exitCode: number;
  /** What is wrong with a policy, and the texts it is in; absent: it is not the policy's text. */
  readonly refused?: { readonly findings: readonly Finding[]; readonly sources: readonly PolicyText[] };
}

export class NotStarted extends Error {
  override readonly name = "NotStarted";
  readonly details: NotStartedDetails;

  constructor(details: NotStartedDetails) {
    super(details.message);
    this.details = details;
  }
}
