/** How the endpoints of the policy answer: what is told of a change, and why there was none. */
import { z } from "@hono/zod-openapi";
import type { ForeignVersion } from "../../control/policy/history/find-version.ts";
import type { StagingStatus } from "../../control/policy/policy-acts.ts";
import { fault } from "../../core/faults.ts";
import type { Finding } from "../../policy/finding.ts";
import { conflict, type Problem } from "../problem.ts";
import { jsonOf } from "./response-docs.ts";

const finding = z.object({
  file: z.string(),
  line: z.number(),
  column: z.number(),
  severity: z.enum(["error", "warning"]),
  code: z.string(),
  message: z.string(),
  fix: z.string(),
  path: z.string(),
});

const changed = z.object({
  result: z.string().openapi({ description: "activated, unchanged, valid or staged" }),
  version: z.string(),
  previousVersion: z.string().nullable(),
  changes: z.array(z.string()).openapi({ description: "what changed, in words" }),
  findings: z.array(finding).openapi({ description: "warnings" }),
});

export const changeDoc = jsonOf("In force; with dry_run: what would come of it.", changed);

export const refusedDoc = jsonOf(
  "Refused; `findings` say where and how to mend it when it is the policy's text.",
  z.looseObject({
    error: z.object({
      message: z.string(),
      type: z.string(),
      code: z.string(),
      param: z.string().nullable(),
    }),
    request_id: z.string(),
  }),
);

/** A text that was refused: nothing has changed. */
export function invalidPolicy(findings: readonly Finding[], code = "policy_refused"): Problem {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const message = `The policy is not valid: ${errors} error${errors === 1 ? "" : "s"}; nothing has changed. See 'findings'.`;
  return { ...fault("invalid", code, message), findings };
}

/** Another version is taking over, and one at a time does. */
export function running({ version, actor, stage }: StagingStatus): Problem {
  const message =
    `${version} is taking over by steps (${stage.share} % so far, begun by ${actor}). ` +
    "Complete or abort it first (policy activate --now, --abort), or push with supersede=true to put an end to it.";
  return conflict("activation_running", message);
}

export function changedMeanwhile(): Problem {
  const message = "Somebody else has changed the policy just now. Look again.";
  return conflict("version_changed", message);
}

/** Nobody need look again: it stays so until somebody mends it. */
export function behindStore(): Problem {
  const message =
    "The store's policy is not valid here (see `pointsman policy status`). Push a mended text or roll back.";
  return conflict("store_policy_refused", message);
}

/** Only texts that are one document can be put back. */
export function foreignVersion(): Problem {
  const message = "This version came from another source, in several texts. Push it as one.";
  return conflict("foreign_version", message);
}

export function otherEnvironment(environment: string | null): Problem {
  const own = environment === null ? "no environment" : `the environment ${environment}`;
  const message = `This gateway runs in ${own}, and takes no other's overlay: it could not be checked.`;
  return fault("invalid", "other_environment", message);
}

/** Of several texts it takes the place of one, and nobody can tell of which. */
export function ambiguousText(files: readonly string[]): Problem {
  const message =
    `The policy is of several texts, and this one could take the place of any: ${files.join(", ")}. ` +
    "Give it the name of the one that it replaces.";
  return fault("invalid", "ambiguous_text", message);
}

/** Its overlay is for another environment. */
export function foreignEnvironment({ version, environment, own }: ForeignVersion): Problem {
  const there = environment === null ? "a gateway without an environment" : `the environment ${environment}`;
  const here = own === null ? "in none" : `in ${own}`;
  const message =
    `${version} was in force in ${there} alone, and this gateway runs ${here}. Ask a gateway there; or read its texts ` +
    `(GET /admin/policy/versions/${version}) and push the base.`;
  return conflict("foreign_environment", message);
}

/** A version that cannot be had. */
export function noVersion(result: "unknown" | "forgotten"): Problem {
  if (result === "unknown") {
    const message = "No such version was in force here. GET /admin/policy/history lists those that were.";
    return fault("not_found", "unknown_version", message);
  }
  const message = "The texts of this version are not kept any more. Put its text back at the source.";
  return fault("not_found", "version_not_kept", message);
}
