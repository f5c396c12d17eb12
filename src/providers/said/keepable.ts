/**
 * What may be kept of what a provider said when it failed. Owns that a fault's cause holds nothing of the request, of
 * the answer so far, or of what the call proved itself with; which sentence is the provider's, and what it means,
 * was for its wire to say. All of it happens when a fault is there, and costs a good answer nothing.
 */
import type { Credential } from "../../core/deployment.ts";
import type { StreamEvent } from "../../core/events.ts";
import type { Fault, FaultCause } from "../../core/faults.ts";
import type { ModelRequest } from "../../core/request.ts";
import { type Quotable, takeOut } from "./take-out.ts";
import { answerTexts, requestTexts } from "./texts.ts";

/** A call as the provider got it. */
export interface Sent {
  readonly request: ModelRequest;
  readonly credential: Credential;
  /** With what the call proved itself by. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * `why` without what is quoted in it. `answered`: all that came before it, whose words are taken out too; null: more
 * than is kept, and then the provider's sentence is not kept either.
 */
export function keepable(why: Fault, sent: Sent, answered: readonly StreamEvent[] | null): Fault {
  const { cause, param } = why;
  if (cause === undefined && param === undefined) return why;
  const secrets = secretsOf(sent);
  const { param: _, ...rest } = why;
  return {
    ...rest,
    // Told to the caller, whose own words it may hold; a field that is not named is missed by nobody.
    ...(param !== undefined && takeOut([param], secrets)[0] === param && { param }),
    ...(cause && { cause: keepableCause(cause, sent, secrets, answered) }),
  };
}

function keepableCause(
  { status, code, detail, providerRequestId }: FaultCause,
  { request }: Sent,
  secrets: Quotable,
  answered: readonly StreamEvent[] | null,
): FaultCause {
  const said = { code, detail: answered === null ? undefined : detail, providerRequestId };
  const told = Object.entries(said).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const sources = [...secrets.sources, ...requestTexts(request), ...answerTexts(answered ?? [])];
  const kept = takeOut(
    told.map(([, text]) => text),
    { ...secrets, sources },
  );
  return {
    ...(status !== undefined && { status }),
    ...Object.fromEntries(told.map(([name], i) => [name, kept[i] ?? ""])),
  };
}

/** What the call carried as proof, in the forms in which it may be repeated. */
function secretsOf(sent: Sent): Quotable {
  const whole = proofsOf(sent).filter((proof) => proof !== "");
  return { whole, sources: whole.flatMap((proof) => [proof, ...base64Of(proof)]) };
}

const PROOFS = /Credential=([^/,\s]+)|Signature=(\w+)|^Bearer (.+)$/g;

/** AWS's secret key is not among them: it signs, and never leaves the gateway. */
function proofsOf({ credential, headers }: Sent): readonly string[] {
  switch (credential.type) {
    case "none":
    case "missing":
      return [];
    // The one of the policy's activation, and the one that was sent: another may have taken its place in its file.
    case "bearer":
      return [credential.secret.reveal(), ...statedIn(headers)];
    case "header":
      return [credential.secret.reveal(), headers[credential.header] ?? ""];
    default:
      return [...statedIn(headers), headers["x-amz-security-token"] ?? ""];
  }
}

function statedIn({ authorization = "" }: Sent["headers"]): readonly string[] {
  return [...authorization.matchAll(PROOFS)].map(
    ([, key, signature, token]) => key ?? signature ?? token ?? "",
  );
}

/** As base64 has it behind any text before it, such as a user's name; what depends on that text is left out. */
function base64Of(secret: string): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.from("\0".repeat(before) + secret).toString("base64");
    const own = text.replace(/=+$/, "").slice(before === 0 ? 0 : before + 1, -1);
    return [own, own.replaceAll("+", "-").replaceAll("/", "_")];
  });
}
