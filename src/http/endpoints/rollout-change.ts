/** Verbs on rollouts: set, promote, abort, release. Each parses, acts and renders. */
import { z } from "@hono/zod-openapi";
import { MAX_NOTE } from "../../control/policy/policy-acts.ts";
import { operateRollout, type RolloutOrder, type RolloutOutcome } from "../../control/rollout/operate.ts";
import type { ControlPorts } from "../control-ports.ts";
import { define, type Endpoint } from "../endpoint.ts";
import type { Problem } from "../problem.ts";
import { behindStore, changedMeanwhile, invalidPolicy, refusedDoc, running } from "./policy-answers.ts";
import { jsonOf, refusal } from "./response-docs.ts";

const params = z.object({ rollout: z.string().min(1).max(128) });
const arm = z.string().max(128).optional();
const common = {
  note: z.string().max(MAX_NOTE).optional().openapi({ description: "why, for the history" }),
  dry_run: z.boolean().default(false).openapi({ description: "say what would come of it, change nothing" }),
};

/** What an order came to; `subject`: the field that names what was ordered. */
export function orderedDoc(subject: "rollout" | "alias") {
  return jsonOf(
    "In force; with dry_run: what would come of it.",
    z.object({
      result: z.enum(["applied", "valid", "unchanged"]),
      [subject]: z.string(),
      where: z.enum(["store", "override"]).openapi({ description: "in the text, or laid over it" }),
      file: z.string(),
      changes: z.array(z.string()),
      summary: z.array(z.string()).openapi({ description: "what changed, in words" }),
      version: z.string(),
      previousVersion: z.string(),
    }),
  );
}

const changed = orderedDoc("rollout");

export function rolloutChangeEndpoints(ports: ControlPorts): readonly Endpoint[] {
  const set = z.strictObject({
    weight: z.number().min(0).max(100).openapi({ description: "percent; of a shadow, its share" }),
    arm: arm.openapi({ description: "absent: the candidate" }),
    ...common,
  });
  const promote = z.strictObject({
    arm: arm.openapi({ description: "of several, the one that gets everything" }),
    full: z.boolean().default(false).openapi({ description: "to 100 at once" }),
    ...common,
  });
  const plain = z.strictObject(common);
  return [
    verb(ports, "set", set, ({ weight, arm = null }) => ({ verb: "set", weight, arm })),
    verb(ports, "promote", promote, ({ full, arm = null }) => ({ verb: "promote", full, arm })),
    verb(ports, "abort", plain, () => ({ verb: "abort" })),
    verb(ports, "release", plain, () => ({ verb: "release" })),
  ];
}

interface Common {
  readonly note?: string | undefined;
  readonly dry_run: boolean;
}

function verb<B extends Common>(
  { desk }: ControlPorts,
  name: string,
  body: z.ZodType<B>,
  orderOf: (body: B) => RolloutOrder,
): Endpoint {
  return define({
    method: "POST",
    path: `/admin/rollouts/{rollout}/${name}`,
    params,
    body,
    responses: { 200: changed, 400: refusedDoc, 404: refusal, 409: refusedDoc },
    async handle({ caller, body, params }) {
      const outcome = await operateRollout(desk, {
        rollout: params.rollout,
        order: orderOf(body),
        actor: caller.keyId,
        note: body.note ?? null,
        dryRun: body.dry_run,
      });
      return renderOrder(outcome, (told) => told);
    },
  });
}

type Told = Extract<RolloutOutcome, { readonly rollout: string }>;

/** `shape`: what is told of an order that was, or could be, carried out. */
export function renderOrder(outcome: RolloutOutcome, shape: (told: Told) => object): Response | Problem {
  switch (outcome.result) {
    case "fault":
      return outcome.fault;
    case "refused":
      return invalidPolicy(outcome.findings);
    case "running":
      return running(outcome.staging);
    case "conflict":
      return changedMeanwhile();
    case "behind":
      return behindStore();
    default:
      return Response.json(shape(outcome));
  }
}
