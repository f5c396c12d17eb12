/** How requests of each policy version ended, lately. Owns what counts as an error, and how much is remembered. */
import type { Decision } from "../../../core/decision.ts";
import { type Blame, FAULTS } from "../../../core/faults.ts";
import type { ErrorCount } from "./confidence-sequence.ts";

export interface VersionTally {
  /** One finished request; shadows, and what only the caller is to blame for, are passed over. */
  record(decision: Pick<Decision, "policyVersion" | "outcome" | "fault" | "attempts" | "shadowOf">): void;
  /** Of requests that ended at `since` (epoch milliseconds) or later, and of the rest of the bucket that it is in. */
  count(version: string, since: number): ErrorCount;
}

interface Bucket {
  readonly start: number;
  requests: number;
  errors: number;
}

export const BUCKET_MS = 5_000;
/** An hour: no watch is longer. */
const MAX_BUCKETS = 720;
/** Names of versions, of which orders over one text make several. */
const MAX_VERSIONS = 16;

/** Faults with this blame could be the policy's: it names the models, the places, the credentials. */
const COUNTED: ReadonlySet<Blame> = new Set(["provider", "quota", "configuration", "gateway"]);

/** Codes of faults of requests that this policy lets no model serve, and that another policy might. */
const REFUSED: ReadonlySet<string> = new Set(["no_candidate", "context_length_exceeded"]);

export function createVersionTally(now: () => number): VersionTally {
  const versions = new Map<string, Bucket[]>();
  return {
    record(decision) {
      const { policyVersion, outcome, shadowOf } = decision;
      if (shadowOf !== undefined || outcome === "cancelled") return;
      const isError = outcome === "degraded" || outcome === "failed";
      if (outcome === "failed" && !couldBeThePolicy(decision)) return;
      const bucket = bucketOf(versions, policyVersion, now());
      bucket.requests++;
      if (isError) bucket.errors++;
    },
    count(version, since) {
      const from = since - (since % BUCKET_MS);
      const found = { requests: 0, errors: 0 };
      const buckets = versions.get(version);
      if (!buckets) return found;
      used(versions, version, buckets);
      for (const { start, requests, errors } of buckets) {
        if (start < from) continue;
        found.requests += requests;
        found.errors += errors;
      }
      return found;
    },
  };
}

function couldBeThePolicy({ fault, attempts }: Pick<Decision, "fault" | "attempts">): boolean {
  if (fault === null) return false;
  if (COUNTED.has(FAULTS[fault.kind].blame)) return true;
  // What a model itself refused as too long is the caller's; what none was called for may be the policy's.
  return (
    REFUSED.has(fault.code) &&
    attempts.every(({ result, purpose }) => result === "skipped" || purpose !== undefined)
  );
}

function bucketOf(versions: Map<string, Bucket[]>, version: string, now: number): Bucket {
  const start = now - (now % BUCKET_MS);
  const buckets = versions.get(version) ?? [];
  const last = buckets.at(-1);
  if (last?.start === start) return last;
  const bucket: Bucket = { start, requests: 0, errors: 0 };
  buckets.push(bucket);
  if (buckets.length > MAX_BUCKETS) buckets.shift();
  used(versions, version, buckets);
  for (const idle of versions.keys()) {
    if (versions.size <= MAX_VERSIONS) break;
    versions.delete(idle);
  }
  return bucket;
}

/** The one that nobody was served by or has asked after for longest leaves first: it is in force no more. */
function used(versions: Map<string, Bucket[]>, version: string, buckets: Bucket[]): void {
  versions.delete(version);
  versions.set(version, buckets);
}
