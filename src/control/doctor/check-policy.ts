/** The policy's own findings as one result. Owns the verdict; finds nothing itself. */
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import type { Finding } from "../../policy/finding.ts";
import { type CheckResult, failure, fine, type Verdict, warning } from "./check-result.ts";

/** `snapshot`: null where the policy does not compile. */
export function checkPolicy(findings: readonly Finding[], snapshot: ConfigSnapshot | null): CheckResult {
  return { deployment: null, check: "policy", ...judge(findings, snapshot) };
}

function judge(findings: readonly Finding[], snapshot: ConfigSnapshot | null): Verdict {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  if (errors > 0 || snapshot === null) {
    return failure("The policy has errors: nothing else was looked at.", "Mend them as each finding says.");
  }
  return findings.length === 0
    ? fine(`The policy ${snapshot.version} is valid.`)
    : warning(
        `The policy ${snapshot.version} is valid, with warnings.`,
        "Each is said by itself, or at the deployment it is about.",
      );
}
