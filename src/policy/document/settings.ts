/** The document's keys, limits, timeouts, circuit and retry settings. Owns their form and defaults. */
import { z } from "zod";
import { ROLES } from "../../core/caller.ts";
import { ESTIMATE_RECORDINGS } from "../../core/settings.ts";
import { secretSource } from "./credentials.ts";
import { count, duration, environmentVariable, exactlyOne, id, milliseconds, ratio } from "./fields.ts";
import { percent } from "./rollouts.ts";

const awsKey = z
  .strictObject({
    access_key_id: z
      .string()
      .regex(/^[A-Za-z0-9_-]{4,128}$/, "must be 4 to 128 letters, digits, dashes or underscores")
      .describe("What the caller's SDK calls the access key id. Choose any; it is not one of AWS."),
    secret: secretSource.describe(
      "Where the secret access key is. The gateway needs it whole: a signature is checked by making it again, " +
        "which no hash of the secret allows.",
    ),
  })
  .describe(
    "Lets AWS SDKs and tools call with this key: they sign requests (SigV4) instead of sending a key.",
  );

export const key = z
  .strictObject({
    id: id.describe("Public name of the key, as records show it."),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hexadecimal digits: the SHA-256 of the key")
      .optional()
      .describe("SHA-256 of the key in lower-case hexadecimal; the key itself is never written here."),
    env: environmentVariable
      .optional()
      .describe("Environment variable that holds the key, in place of `sha256`."),
    tenant: id.describe("Tenant the key belongs to."),
    tier: id.prefault("standard").describe("Tier, for limits and conditions."),
    role: z.enum(ROLES).prefault("caller").describe("What it may do beyond calling models."),
    use_cases: z.array(id).min(1).optional().describe("Use cases it may ask for; absent: all."),
    aws: awsKey.optional(),
  })
  .refine(exactlyOne(["sha256", "env"]), "must have exactly one of sha256 and env")
  .describe("A key that callers present.");

export const limits = z
  .strictObject({
    tiers: z
      .record(
        id,
        z.strictObject({
          requests_per_minute: count.optional().describe("Requests a minute for one key; absent: no limit."),
          concurrent_requests: count.optional().describe("Requests at once for one key; absent: no limit."),
        }),
      )
      .prefault({})
      .describe("Limits by the key's tier."),
  })
  .describe("What a key may use.");

function tierTimeouts(connect: string, firstToken: string, idle: string, total: string) {
  return z.strictObject({
    connect: duration.prefault(connect).describe("Until the provider can be reached."),
    first_token: duration.prefault(firstToken).describe("Until the first content of the answer."),
    idle: duration
      .prefault(idle)
      .describe("Between two pieces of content of a stream; three times that while anything else comes."),
    total: duration.prefault(total).describe("One attempt, first byte to last."),
  });
}

export const timeouts = z
  .strictObject({
    interactive: tierTimeouts("2s", "5s", "10s", "15s").prefault({}).describe("Someone is waiting."),
    standard: tierTimeouts("3s", "20s", "20s", "60s").prefault({}).describe("A program is waiting."),
    batch: tierTimeouts("5s", "60s", "60s", "5m").prefault({}).describe("Nobody is waiting."),
  })
  .describe("Timeouts of one attempt, by latency tier.");

export const activation = z
  .strictObject({
    watch: duration
      .refine((text) => milliseconds(text) <= 3_600_000, "must be an hour at the most")
      .prefault("5m")
      .describe("How long a new version is watched once it is in force, an hour at the most; 0: never."),
    max_error_rate_increase: percent
      .prefault("2%")
      .describe("Percent of requests by which its errors may be more than those of the version before."),
    min_requests: count.prefault(50).describe("Requests of each of the two before anything is concluded."),
  })
  .describe(
    "When a version whose requests fail more often than those of the version before gives its traffic back by " +
      "itself. Absent: only versions that take over by steps are watched, with these defaults.",
  );

export const circuit = z
  .strictObject({
    consecutive_failures: count.prefault(5).describe("Failures in a row that open the circuit."),
    failure_ratio: ratio.prefault(0.5).describe("Share of failed calls in the window that opens it."),
    slow_ratio: ratio.prefault(0.8).describe("Share of slow calls in the window that opens it."),
    slow_after: duration
      .prefault("8s")
      .describe("A first token, or a whole answer, later than this is slow."),
    minimum_calls: count.prefault(20).describe("Calls in the window before a ratio counts."),
    window: duration.prefault("30s").describe("How far back ratios look."),
    open_for: duration.prefault("5s").describe("First pause before probing; doubles with each failed probe."),
    max_open: duration.prefault("60s").describe("Longest such pause."),
    probes: z.int().min(1).max(100).prefault(2).describe("Calls let through to probe; all must succeed."),
  })
  .describe("When a deployment is left alone, and when it is tried again.");

export const retry = z
  .strictObject({
    budget_ratio: ratio.prefault(0.2).describe("Second and later attempts, as a share of requests."),
    budget_per_second: z
      .number()
      .min(0)
      .max(100_000)
      .prefault(10)
      .describe("Or so many a second where that is more; only ten in ten seconds while none is answered."),
    backoff_base: duration.prefault("100ms").describe("First backoff; doubles, with full jitter."),
    backoff_max: duration.prefault("2s").describe("Longest backoff."),
    max_retry_after: duration.prefault("2s").describe("A longer Retry-After is not waited for."),
  })
  .describe("How much may be spent on trying again.");

export const records = z
  .strictObject({
    estimates: z
      .enum(ESTIMATE_RECORDINGS)
      .prefault("when_read")
      .describe(
        "Complexity, language and what was spent in decision records: `when_read` by a rule, which costs nothing, or " +
          "`always`, about 10 µs a request, so that `explain --replay` can try rules that are the first to read them.",
      ),
  })
  .describe("What decision records hold beyond what every record has.");
