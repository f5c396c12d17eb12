/** Activations of the policy by steps: begun, completed, given up. Each parses, acts and renders. */
import { z } from "@hono/zod-openapi";
import {
  type ActivationOutcome,
  abortActivation,
  beginActivation,
  completeActivation,
} from "../../control/policy/activate.ts";
import { MAX_NOTE } from "../../control/policy/policy-acts.ts";
import { parseSchedule } from "../../control/policy/staging/parse-schedule.ts";
import type { ControlPorts } from "../control-ports.ts";
import { define, type Endpoint } from "../endpoint.ts";
import { conflict, type Problem } from "../problem.ts";
import {
  ambiguousText,
  behindStore,
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
import { textName } from "./policy-body.ts";

const note = z.string().max(MAX_NOTE).optional().openapi({ description: "why, for the history" });
const word = (description: string) => z.string().min(1).max(64).optional().openapi({ description });

const begun = z
  .strictObject({
    version: z.string().min(1).max(128).optional().openapi({ description: "one of the history" }),
    text: z.string().optional().openapi({ description: "instead: the policy itself" }),
    file: textName.default("activation.yaml").openapi({ description: "how findings name the text" }),
    environment: word("the text is its overlay"),
    in: word("until the first step: `10m`; absent: it is taken now"),
    at: word("instead: when it is, a date and a time with its zone (2026-01-31T09:00:00Z)"),
    linear: word("percent a step, and the time between two: `20%/2m`; absent: everything with the first"),
    note,
  })
  .refine(({ version, text }) => (version === undefined) !== (text === undefined), {
    message: "give 'version' or 'text', and not both",
  });

export function policyActivationEndpoints(ports: ControlPorts): readonly Endpoint[] {
  return [beginEndpoint(ports), endEndpoint(ports, "complete"), endEndpoint(ports, "abort")];
}

function beginEndpoint({ desk }: ControlPorts): Endpoint {
  return define({
    method: "POST",
    path: "/admin/policy/activations",
    body: begun,
    responses: { 200: changeDoc, 400: refusedDoc, 404: refusedDoc, 409: refusedDoc },
    async handle({ caller, body }) {
      const schedule = parseSchedule(body, desk.clock.now());
      if (!schedule.ok) return schedule.fault;
      const { version, text = "", file, environment = null } = body;
      const outcome = await beginActivation(desk, {
        what: version === undefined ? { text, file, environment } : { version },
        schedule: schedule.value,
        actor: caller.keyId,
        note: body.note ?? null,
      });
      return render(outcome);
    },
  });
}

function endEndpoint({ desk }: ControlPorts, end: "complete" | "abort"): Endpoint {
  return define({
    method: "POST",
    path: `/admin/policy/activations/${end}`,
    body: z.strictObject({ note }),
    responses: { 200: changeDoc, 400: refusedDoc, 409: refusedDoc },
    async handle({ caller, body }) {
      const act = end === "complete" ? completeActivation : abortActivation;
      const outcome = await act(desk, caller.keyId, body.note ?? null);
      if (outcome) return render(outcome);
      const message = "No version is taking over by steps. To undo one that is in force, use rollback.";
      return conflict("no_activation", message);
    },
  });
}

function render(outcome: ActivationOutcome): Response | Problem {
  switch (outcome.result) {
    case "refused":
      return invalidPolicy(outcome.findings);
    case "unknown":
    case "forgotten":
      return noVersion(outcome.result);
    case "running":
      return running(outcome.staging);
    case "other_environment":
      return otherEnvironment(outcome.environment);
    case "ambiguous":
      return ambiguousText(outcome.files);
    case "conflict":
      return changedMeanwhile();
    case "behind":
      return behindStore();
    case "foreign_environment":
      return foreignEnvironment(outcome);
    case "foreign":
      return foreignVersion();
    case "unchanged": {
      const message = "This version is in force already.";
      return conflict("already_in_force", message);
    }
    default:
      return Response.json(outcome);
  }
}
