/**
 * The policy document: one strict schema, from which the type, the published JSON Schema and the
 * findings derive. Knows names and shapes alone; whether a name exists is the compiler's business.
 */
import { z } from "zod";
import { id } from "./fields.ts";
import { flag, flagName, flagsProvider } from "./flags.ts";
import { jobs, webhooks } from "./jobs.ts";
import { deployment, model, modelAlias, provider } from "./providers.ts";
import { probes } from "./resilience.ts";
import { rollout } from "./rollouts.ts";
import { route, useCase } from "./routing.ts";
import { activation, circuit, key, limits, records, retry, timeouts } from "./settings.ts";
import { policyTests } from "./tests.ts";

export const policySchema = z
  .strictObject({
    version: z.literal(1).describe("Version of this format."),
    name: id.describe("Name of the policy; its version is name@digest."),
    providers: z.record(id, provider).describe("Who serves models, by name."),
    models: z.record(id, model).describe("Models, by the name your organisation uses."),
    model_aliases: z
      .record(id, modelAlias)
      .optional()
      .describe("Names that stand for models, wherever one is named but in deployments; moved by one edit."),
    deployments: z.record(id, deployment).describe("Models at providers in regions, by name."),
    use_cases: z.record(id, useCase).describe("What applications ask for, by name."),
    routes: z.array(route).prefault([]).describe("Rules, first match wins; then the use case's own ladder."),
    rollouts: z
      .array(rollout)
      .prefault([])
      .describe(
        "New models, prompts and parameters beside what serves today; a request is in the first that fits.",
      ),
    flags: z.record(flagName, flag).prefault({}).describe("Feature flags, by name."),
    flags_provider: flagsProvider.optional(),
    tests: policyTests
      .prefault([])
      .describe("Requests and what must become of them: a policy that breaks one is not put in force."),
    keys: z.array(key).prefault([]).describe("Keys that callers present."),
    limits: limits.prefault({}),
    timeouts: timeouts.prefault({}),
    circuit: circuit.prefault({}),
    retry: retry.prefault({}),
    probes: probes.optional(),
    activation: activation.optional(),
    records: records.optional(),
    jobs: jobs.optional(),
    webhooks: webhooks.optional(),
  })
  .describe("What Pointsman serves, by which model, where, at what cost, and what happens when it fails.");

/** A valid document with its defaults filled in. Durations are still text. */
export type PolicyDocument = z.output<typeof policySchema>;

/** Top-level keys with this prefix are ignored: a place for YAML anchors. */
export const EXTENSION_PREFIX = "x-";

/** The published JSON Schema (draft 2020-12) of what an author writes. */
export function policyJsonSchema(): Readonly<Record<string, unknown>> {
  const generated = z.toJSONSchema(policySchema, { io: "input", target: "draft-2020-12" });
  const { $schema, ...rest } = generated;
  return {
    $schema,
    title: "Pointsman policy",
    ...rest,
    patternProperties: { [`^${EXTENSION_PREFIX}`]: { description: "Ignored: a place for YAML anchors." } },
  };
}
