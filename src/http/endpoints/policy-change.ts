/** The acts of operators on the policy: push, rollback, unpin. Each parses, acts and renders. */
import { z } from "@hono/zod-openapi";
import { MAX_NOTE } from "../../control/policy/policy-acts.ts";
import { type PushOutcome, pushPolicy } from "../../control/policy/push.ts";
import { type RollbackOutcome, rollBack } from "../../control/policy/rollback.ts";
import { parsePolicy } from "../../policy/reading/load.ts";
import type { ControlPorts } from "../control-ports.ts";
import { define, type Endpoint } from "../endpoint.ts";
import { conflict, type Problem } from "../problem.ts";
import {
  changeDoc,
  changedMeanwhile,
  foreignEnvironment,
  foreignVersion,
  invalidPolicy,
  noVersion,
  otherEnvironment,
  refusedDoc,
  running,
} from "./policy-answers.ts";
import { pushed, readPushed, textName } from "./policy-body.ts";
import { refusal } from "./response-docs.ts";

const note = z.string().max(MAX_NOTE).optional().openapi({ description: "why, for the history" });

const pushQuery = z.object({
  dry_run: z
    .enum(["true", "false"])
    .default("false")
    .openapi({ description: "true: say what would come of it, change nothing" }),
  supersede: z
    .enum(["true", "false"])
    .default("false")
    .openapi({ description: "true: end an activation by steps that is under way" }),
  file: textName.optional().openapi({ description: "how findings name the text" }),
  environment: z.string().max(64).optional().openapi({ description: "the text is its overlay" }),
  note,
});

export function policyChangeEndpoints(ports: ControlPorts): readonly Endpoint[] {
  return [pushEndpoint(ports), rollbackEndpoint(ports), unpinEndpoint(ports)];
}

function pushEndpoint(ports: ControlPorts): Endpoint {
  const { desk } = ports;
  return define({
    method: "PUT",
    path: "/admin/policy",
    query: pushQuery,
    headers: z.object({
      "if-match": z
        .string()
        .optional()
        .openapi({ description: "only where this version, quoted, is the policy's now; else 412" }),
    }),
    accepts: {
      "application/yaml": { schema: z.string().openapi({ description: "the policy's text" }) },
      "application/json": { schema: pushed },
    },
    responses: { 200: changeDoc, 400: refusedDoc, 409: refusedDoc, 412: refusedDoc, 413: refusal },
    async handle({ caller, headers, request, query }) {
      const body = await readPushed(ports, request);
      if (!body.ok) return body.fault;
      const { text, invalidAt } = body.value;
      if (invalidAt !== undefined) {
        const { findings } = parsePolicy([
          { file: "policy", text, problem: { kind: "invalid_utf8", at: invalidAt } },
        ]);
        return invalidPolicy(findings, "invalid_utf8");
      }
      const outcome = await pushPolicy(desk, {
        text: body.value.text,
        file: body.value.file ?? query.file ?? null,
        environment: body.value.environment ?? query.environment ?? null,
        note: body.value.note ?? query.note ?? null,
        ifVersion: ifMatch(headers.get("if-match")),
        dryRun: query.dry_run === "true",
        supersede: query.supersede === "true",
        actor: caller.keyId,
      });
      return renderPush(outcome);
    },
  });
}

/** `"name@digits"`, quoted or not; `*` asks for nothing. */
function ifMatch(header: string | null): string | null {
  const version = header?.trim().replace(/^(?:W\/)?"(.*)"$/, "$1") ?? "";
  return version === "" || version === "*" ? null : version;
}

function renderPush(outcome: PushOutcome): Response | Problem {
  switch (outcome.result) {
    case "refused":
      return invalidPolicy(outcome.findings);
    case "conflict": {
      const now = outcome.version === null ? "a version that is not valid here" : outcome.version;
      const message = `The policy has changed since: it is ${now} now. Read it again and try again.`;
      return { kind: "precondition_failed", code: "version_changed", message };
    }
    case "overtaken":
      return changedMeanwhile();
    case "elsewhere": {
      const message =
        `The policy lives at ${outcome.address} and is changed there; this gateway follows. ` +
        "Only with --policy store: is it written here.";
      return conflict("policy_elsewhere", message);
    }
    case "running":
      return running(outcome.staging);
    case "other_environment":
      return otherEnvironment(outcome.environment);
    default:
      return Response.json(outcome, { headers: { etag: `"${outcome.version}"` } });
  }
}

function rollbackEndpoint({ desk }: ControlPorts): Endpoint {
  return define({
    method: "POST",
    path: "/admin/policy/rollback",
    body: z.strictObject({
      version: z.string().min(1).max(128).optional().openapi({ description: "absent: the one before" }),
      note,
    }),
    responses: { 200: changeDoc, 400: refusedDoc, 404: refusedDoc, 409: refusedDoc },
    async handle({ caller, body }) {
      const wish = { version: body.version ?? null, actor: caller.keyId, note: body.note ?? null };
      return renderRollback(await rollBack(desk, wish));
    },
  });
}

function renderRollback(outcome: RollbackOutcome): Response | Problem {
  switch (outcome.result) {
    case "refused":
      return invalidPolicy(outcome.findings, "rollback_refused");
    case "unknown":
    case "forgotten":
      return noVersion(outcome.result);
    case "no_earlier":
      return conflict("no_earlier_version", "The history knows no version before the one in force.");
    case "in_force":
      return conflict("already_in_force", "This version is in force already.");
    case "conflict":
      return changedMeanwhile();
    case "foreign_environment":
      return foreignEnvironment(outcome);
    case "foreign":
      return foreignVersion();
    default:
      return Response.json(outcome);
  }
}

function unpinEndpoint({ desk }: ControlPorts): Endpoint {
  return define({
    method: "POST",
    path: "/admin/policy/unpin",
    body: z.strictObject({ note }),
    responses: { 200: changeDoc, 400: refusedDoc, 409: refusedDoc },
    async handle({ caller, body }) {
      const act = { actor: caller.keyId, via: "unpin", note: body.note ?? null } as const;
      const outcome = await desk.control.unpin(act);
      if (outcome?.result === "refused") return invalidPolicy(outcome.findings, "unpin_refused");
      if (outcome) return Response.json(outcome);
      const message = "No version is pinned: the gateway follows its source.";
      return conflict("not_pinned", message);
    },
  });
}
