/** What the policy was: its history, a version's texts, two policies compared. */
import { z } from "@hono/zod-openapi";
import { type Comparable, comparePolicies } from "../../control/policy/history/compare.ts";
import { findVersion } from "../../control/policy/history/find-version.ts";
import type { ControlPorts } from "../control-ports.ts";
import { define, type Endpoint } from "../endpoint.ts";
import { idCursor } from "./cursor.ts";
import { invalidPolicy, noVersion, refusedDoc } from "./policy-answers.ts";
import { jsonOf, refusal } from "./response-docs.ts";

const historyQuery = z.object({
  limit: z.coerce.number().int().min(1).max(499).default(100).openapi({ description: "acts a page" }),
  before: idCursor("act", "cursor: the last id of the page before"),
});

const texts = z
  .array(z.strictObject({ file: z.string().max(4096), text: z.string() }))
  .min(1)
  .max(64);

const side = z
  .union([z.string().min(1).max(128), z.strictObject({ texts })])
  .openapi({ description: "a version, `current`, or texts laid over each other in this order" });

export function policyHistoryEndpoint(ports: ControlPorts): Endpoint {
  return define({
    method: "GET",
    path: "/admin/policy/history",
    query: historyQuery,
    responses: {
      200: jsonOf(
        "Newest first.",
        z.object({ activations: z.array(z.looseObject({})), cursor: z.string().nullable() }),
      ),
      400: refusal,
    },
    async handle({ query: { limit, before } }) {
      const found = await ports.activations.list(limit + 1, before);
      const activations = found.slice(0, limit);
      const cursor = found.length > limit ? (activations.at(-1)?.id ?? null) : null;
      return Response.json({ activations, cursor });
    },
  });
}

export function policyVersionEndpoints(ports: ControlPorts): readonly Endpoint[] {
  const { desk } = ports;
  return [
    define({
      method: "GET",
      path: "/admin/policy/versions/{version}",
      params: z.object({ version: z.string().max(128) }),
      responses: {
        200: jsonOf("Its texts, and how it came.", z.looseObject({ version: z.string(), texts })),
        404: refusedDoc,
      },
      async handle({ params }) {
        const found = await findVersion(desk, params.version);
        if (found.result !== "found") return noVersion(found.result);
        const { activation, sources } = found;
        return Response.json({ version: params.version, activation, texts: sources });
      },
    }),
    define({
      method: "POST",
      path: "/admin/policy/diff",
      body: z.strictObject({ from: side, to: side }),
      responses: {
        200: jsonOf(
          "In words, and as dotted paths.",
          z.object({ changes: z.array(z.string()), paths: z.array(z.string()) }),
        ),
        400: refusedDoc,
        404: refusedDoc,
      },
      async handle({ body }) {
        const compared = await comparePolicies(desk, comparable(body.from), comparable(body.to));
        if (compared.result === "invalid") return invalidPolicy(compared.findings, "policy_invalid");
        if (compared.result !== "compared") return noVersion(compared.result);
        return Response.json({ changes: compared.changes, paths: compared.paths });
      },
    }),
  ];
}

function comparable(given: z.output<typeof side>): Comparable {
  return typeof given === "string" ? given : given.texts;
}
