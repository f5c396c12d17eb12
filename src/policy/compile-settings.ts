/** Keys, limits, timeouts, circuit and retry settings of a document, in the units the gateway uses. */
import type { AttemptTimeouts, TimeoutsByTier } from "../core/deployment.ts";
import type { CircuitSettings, KeySpec, RetrySettings, TierLimits } from "../core/snapshot.ts";
import { aliasHint } from "./compile-routes.ts";
import type { PolicyDocument } from "./document.ts";
import { milliseconds } from "./fields.ts";
import type { Report } from "./finding.ts";
import { suggestion } from "./suggest.ts";

export function compileTimeouts({ timeouts }: PolicyDocument): TimeoutsByTier {
  const compile = (tier: PolicyDocument["timeouts"]["batch"]): AttemptTimeouts => ({
    connect: milliseconds(tier.connect),
    firstToken: milliseconds(tier.first_token),
    idle: milliseconds(tier.idle),
    total: milliseconds(tier.total),
  });
  return {
    interactive: compile(timeouts.interactive),
    standard: compile(timeouts.standard),
    batch: compile(timeouts.batch),
  };
}

export function compileCircuit({ circuit }: PolicyDocument): CircuitSettings {
  return {
    consecutiveFailures: circuit.consecutive_failures,
    failureRatio: circuit.failure_ratio,
    slowRatio: circuit.slow_ratio,
    slowMs: milliseconds(circuit.slow_after),
    minimumCalls: circuit.minimum_calls,
    windowMs: milliseconds(circuit.window),
    openMs: milliseconds(circuit.open_for),
    maxOpenMs: milliseconds(circuit.max_open),
    probes: circuit.probes,
  };
}

export function compileRetry({ retry }: PolicyDocument): RetrySettings {
  return {
    budgetRatio: retry.budget_ratio,
    budgetPerSecond: retry.budget_per_second,
    backoffBaseMs: milliseconds(retry.backoff_base),
    backoffMaxMs: milliseconds(retry.backoff_max),
    maxRetryAfterMs: milliseconds(retry.max_retry_after),
  };
}

export function compileLimits({ limits }: PolicyDocument): ReadonlyMap<string, TierLimits> {
  return new Map(
    Object.entries(limits.tiers).map(([tier, written]) => [
      tier,
      {
        requestsPerMinute: written.requests_per_minute ?? null,
        concurrentRequests: written.concurrent_requests ?? null,
      },
    ]),
  );
}

/** `keyHash` gives the SHA-256 of the key in an environment variable, or null when it is not set. */
export function compileKeys(
  document: PolicyDocument,
  keyHash: (env: string) => string | null,
  report: Report,
): readonly KeySpec[] {
  const keys: KeySpec[] = [];
  const ids = new Set<string>();
  const hashes = new Map<string, string>();
  for (const [index, written] of document.keys.entries()) {
    const path = ["keys", index];
    if (ids.has(written.id)) {
      report.error(
        "duplicate_key_id",
        [...path, "id"],
        `Another key is called "${written.id}".`,
        "Rename one.",
      );
    }
    ids.add(written.id);
    checkKeyNames(document, index, report);
    const sha256 = written.sha256 ?? (written.env === undefined ? null : keyHash(written.env));
    if (sha256 === null) {
      const message = `The key "${written.id}" is not set (environment variable ${written.env}): it admits nobody.`;
      report.warning("missing_key_value", [...path, "env"], message, `Set ${written.env} before starting.`);
      continue;
    }
    const twin = hashes.get(sha256);
    if (twin !== undefined) {
      const message = `The keys "${twin}" and "${written.id}" are the same key.`;
      report.error("duplicate_key_value", path, message, "Give each caller a key of its own.");
    }
    hashes.set(sha256, written.id);
    const { id, tenant, tier, role, use_cases: useCases = null } = written;
    keys.push({ id, sha256, tenant, tier, role, useCases });
  }
  return keys;
}

function checkKeyNames(document: PolicyDocument, index: number, report: Report): void {
  const written = document.keys[index];
  if (written === undefined) return;
  for (const [position, name] of (written.use_cases ?? []).entries()) {
    if (Object.hasOwn(document.use_cases, name)) continue;
    const known = Object.keys(document.use_cases);
    const fix = aliasHint(name, document) ?? suggestion(name, known, "Add it under use_cases.");
    const path = ["keys", index, "use_cases", position];
    report.error("unknown_use_case", path, `There is no use case "${name}".`, fix);
  }
  const tiers = Object.keys(document.limits.tiers);
  if (tiers.length > 0 && !tiers.includes(written.tier)) {
    const message = `The tier "${written.tier}" of the key "${written.id}" has no limits.`;
    const fix = suggestion(written.tier, tiers, "Add it under limits.tiers.");
    report.warning("unlimited_tier", ["keys", index, "tier"], message, fix);
  }
}
