/** What AWS's clients throw, in our words. Owns the wording; the service's own text, which may quote, stays away. */
import { awsErrorName, awsStatusOf, codeOf } from "../../../core/thrown.ts";
import { type Fetched, failedFetch } from "./source.ts";

/** `needs`: the IAM action that the question asks for. */
export function awsFailure(thrown: unknown, service: string, needs: string): Fetched {
  return failedFetch(explain(thrown, service, needs));
}

function explain(thrown: unknown, service: string, needs: string): string {
  const name = awsErrorName(thrown);
  const status = awsStatusOf(thrown);
  if (name === "AbortError" || name === "TimeoutError") return `${service} did not answer in time.`;
  if (/credential|token/i.test(name)) {
    return `There are no valid AWS credentials (${name}). Set AWS_PROFILE or keys, or give the machine a role.`;
  }
  if (thrown instanceof Error && /region is missing/i.test(thrown.message)) {
    return "No AWS region is set. Set AWS_REGION, or a region in the profile.";
  }
  if (/AccessDenied|Forbidden|UnrecognizedClient|NotAuthorized/.test(name) || status === 403) {
    return `${service} refused access (${name}). Allow ${needs}, and the key's decryption where it is encrypted.`;
  }
  if (/Throttl|TooManyRequests|SlowDown|RequestLimit/.test(name) || status === 429) {
    return `${service} throttles (${name}).`;
  }
  if (status !== null) return `${service} answered with status ${status} (${name}).`;
  const code = codeOf(thrown);
  return code === null ? `${service} failed (${name}).` : `${service} cannot be reached (${code}).`;
}

/** A promise of a client that heeds the signal while it talks, but not while it looks for credentials. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = (): void => reject(new DOMException("Given up.", "AbortError"));
    if (signal.aborted) give();
    signal.addEventListener("abort", give, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", give));
  });
}
