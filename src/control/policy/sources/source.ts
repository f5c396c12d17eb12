/**
 * What every source of a policy is: where it is, how it is asked, how it stands, and when it says the same. Knows no
 * kind of source.
 */
import { createHash } from "node:crypto";
import type { ActivationPlan } from "../../../core/activation-plan.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";
import type { PolicyHead } from "../../../store/policy-heads.ts";

export const SOURCE_KINDS = [
  "file",
  "directory",
  "https",
  "s3",
  "ssm",
  "appconfig",
  "appconfig-agent",
  "store",
] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

/** A remote document larger than this is not read to its end. */
export const MAX_DOCUMENT_BYTES = 10 * 1024 * 1024;

/** Texts that take the place of those in force by steps. */
export interface StagedOffer {
  readonly plan: ActivationPlan;
  readonly sources: readonly PolicyText[];
}

export type Fetched =
  | {
      readonly result: "texts";
      /** The base first, then parts and overlays, in the order in which they are laid over each other. */
      readonly texts: readonly PolicyText[];
      /** What the source itself calls this state: an ETag, a version label; null: nothing. */
      readonly revision: string | null;
      /** Where they are the store's own: all that it says of itself. */
      readonly head?: PolicyHead;
      readonly nextMs?: number;
    }
  /** What was fetched last still holds. `nextMs`: in place of the usual interval. */
  | { readonly result: "unchanged"; readonly nextMs?: number }
  /** `problem` says what is wrong and how to mend it; it holds no secret and nothing of the answer's text. */
  | { readonly result: "failed"; readonly problem: string; readonly retryAfterMs?: number };

/** One place that policies come from. It keeps what makes the next question cheap: a token, an ETag. */
export interface PolicySource {
  readonly kind: SourceKind;
  /** For people: without passwords, tokens and query. */
  readonly address: string;
  /** Settles soon after `signal` aborts. Is not asked again before it has settled. */
  fetch(signal: AbortSignal): Promise<Fetched>;
}

/** How a source stands, as operators see it. Times are epoch milliseconds. */
export interface SourceStatus {
  readonly kind: SourceKind;
  readonly address: string;
  /** Whether it answered when it was last asked; what it answered with may still have been refused. */
  readonly ok: boolean;
  readonly lastOkAt: number | null;
  readonly lastError: { readonly at: number; readonly message: string } | null;
  /** Failures since it last answered. */
  readonly failures: number;
  readonly revision: string | null;
}

/** Whether they are equal texts in the same order, whatever they are called. */
export function sameTexts(a: readonly PolicyText[], b: readonly PolicyText[]): boolean {
  return a.length === b.length && a.every((source, i) => source.text === b[i]?.text);
}

/** The same for texts that are the same, as `sameTexts` has it. */
export function digestOfTexts(texts: readonly PolicyText[]): string {
  const hash = createHash("sha256");
  for (const { text } of texts) hash.update(`${text.length}\n`).update(text);
  return hash.digest("hex");
}

/** Changes whenever the texts do; for the store with each revision, even one that restores earlier texts. */
export function digestOfOffer({ texts, head }: Extract<Fetched, { result: "texts" }>): string {
  return head ? String(head.revision) : digestOfTexts(texts);
}

export function failedFetch(problem: string, retryAfterMs?: number | null): Fetched {
  if (retryAfterMs === undefined || retryAfterMs === null) return { result: "failed", problem };
  return { result: "failed", problem, retryAfterMs };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Null where the bytes are no UTF-8. A byte order mark is dropped. */
export function decodeText(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
