/** Model aliases: what each stands for, moved and given back. Each parses, acts and renders. */
import { z } from "@hono/zod-openapi";
import { listModelAliases } from "../../control/alias/list.ts";
import { aliasSubject } from "../../control/alias/open-alias.ts";
import { MAX_NOTE } from "../../control/policy/policy-acts.ts";
import { operateRollout, type RolloutOrder } from "../../control/rollout/operate.ts";
import type { ControlPorts } from "../control-ports.ts";
import { define, type Endpoint } from "../endpoint.ts";
import { refusedDoc } from "./policy-answers.ts";
import { jsonOf, refusal } from "./response-docs.ts";
import { orderedDoc, renderOrder } from "./rollout-change.ts";

const params = z.object({ alias: z.string().min(1).max(64) });
const common = {
  note: z.string().max(MAX_NOTE).optional().openapi({
    description: "why, for the history; takes the place of the note beside the alias, where it has one",
  }),
  dry_run: z.boolean().default(false).openapi({ description: "say what would come of it, change nothing" }),
};

const listed = jsonOf(
  "What each stands for.",
  z.object({
    aliases: z.array(
      z.looseObject({
        alias: z.string(),
        model: z.string(),
        version: z.string(),
        status: z.string(),
        note: z.string().nullable(),
        useCases: z.array(z.string()).openapi({ description: "those that name it" }),
      }),
    ),
  }),
);

const moved = orderedDoc("alias");

export function modelAliasEndpoints(ports: ControlPorts): readonly Endpoint[] {
  const set = z.strictObject({
    model: z.string().min(1).max(64).openapi({ description: "the model it shall stand for" }),
    ...common,
  });
  return [
    define({
      method: "GET",
      path: "/admin/model-aliases",
      responses: { 200: listed },
      handle: () => {
        const aliases = listModelAliases(ports.snapshot(), ports.policyStatus().overrides ?? []);
        return Response.json({ aliases });
      },
    }),
    verb(ports, "set", set, ({ model }) => ({ verb: "move", model })),
    verb(ports, "release", z.strictObject(common), () => ({ verb: "release" })),
  ];
}

interface Common {
  readonly note?: string | undefined;
  readonly dry_run: boolean;
}

function verb<B extends Common>(
  { desk }: ControlPorts,
  name: "set" | "release",
  body: z.ZodType<B>,
  orderOf: (body: B) => RolloutOrder,
): Endpoint {
  return define({
    method: "POST",
    path: `/admin/model-aliases/{alias}/${name}`,
    params,
    body,
    responses: { 200: moved, 400: refusedDoc, 404: refusal, 409: refusedDoc },
    async handle({ caller, body, params: { alias } }) {
      const outcome = await operateRollout(desk, {
        rollout: aliasSubject(alias),
        order: orderOf(body),
        actor: caller.keyId,
        note: body.note ?? null,
        dryRun: body.dry_run,
      });
      return renderOrder(outcome, ({ rollout: _, ...told }) => ({ alias, ...told }));
    },
  });
}
