/** What the SQS client throws, in our words. Owns the wording; the service's own text, which may quote, stays away. */
import { awsErrorName, awsStatusOf, codeOf } from "../../core/thrown.ts";
import { StoreError } from "../store-error.ts";

/** A queue in words: its URL. `needs`: the IAM actions that the question asks for. */
export function sqsFailure(thrown: unknown, queueUrl: string, needs: string): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const name = awsErrorName(thrown);
  const status = awsStatusOf(thrown);
  const of = `The SQS queue ${queueUrl}`;
  if (/QueueDoesNotExist|NonExistentQueue|InvalidAddress/.test(name)) {
    return new StoreError(
      "refused",
      `${of} does not exist (${name}). Compare account, region and name with what \`aws sqs list-queues\` ` +
        "shows, or create it as docs/queues.md says. A queue made a minute ago may not be known yet.",
    );
  }
  if (/Credentials|Token|Signature|UnrecognizedClient|InvalidClientTokenId|InvalidSecurity/i.test(name)) {
    return new StoreError(
      "refused",
      `${of} was asked without valid AWS credentials (${name}). Set AWS_PROFILE or keys, or give the machine a role.`,
    );
  }
  if (/^Kms(?!Throttled)/.test(name)) {
    return new StoreError(
      "refused",
      `${of} is encrypted with a key that cannot be used (${name}). Allow kms:Decrypt and kms:GenerateDataKey on it.`,
    );
  }
  if (thrown instanceof Error && /region is missing/i.test(thrown.message)) {
    return new StoreError("refused", `${of} names no region. Set AWS_REGION, or a region in the profile.`);
  }
  if (/Throttl|OverLimit|SlowDown|RequestLimit|TooManyRequests/i.test(name) || status === 429) {
    return new StoreError("unavailable", `${of} throttles (${name}). Try again later.`);
  }
  if (/AccessDenied|NotAuthorized|Forbidden/.test(name) || status === 403) {
    return new StoreError(
      "refused",
      `${of} refused access (${name}). Allow ${needs} on it; see docs/queues.md.`,
    );
  }
  if (name === "AbortError" || name === "TimeoutError") {
    return new StoreError("unavailable", `${of} did not answer in time. Try again later.`);
  }
  if (status !== null && status >= 500) {
    return new StoreError("unavailable", `${of} answered with status ${status} (${name}). Try again later.`);
  }
  if (status === null) {
    const code = codeOf(thrown);
    if (code !== null) {
      return new StoreError("unavailable", `${of} cannot be reached (${code}). Try again later.`);
    }
  }
  return new StoreError(
    "internal",
    `${of} refused a question that this program did not expect it to (${name}, status ${status ?? "none"}).`,
  );
}

/** Whether SQS says that a receipt is not that of a message in hand. */
export function isReceiptOver(thrown: unknown): boolean {
  const name = awsErrorName(thrown);
  if (/MessageNotInflight|ReceiptHandleIsInvalid/.test(name)) return true;
  return name.includes("InvalidParameterValue") && thrown instanceof Error && /receipt/i.test(thrown.message);
}
