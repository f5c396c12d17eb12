/** What a key may call, as OpenAI's and Anthropic's clients list models. Owns the two shapes. */
import { z } from "@hono/zod-openapi";
import type { Caller } from "../../core/caller.ts";
import { CAPABILITIES } from "../../core/contract.ts";
import type { ModelSpec } from "../../core/deployment.ts";
import type { Fault } from "../../core/faults.ts";
import type { ConfigSnapshot, UseCase } from "../../core/snapshot.ts";
import { resolveUseCase } from "../../policy/routing/resolve-use-case.ts";
import type { ControlPorts } from "../control-ports.ts";
import { ANTHROPIC, OPENAI } from "../document/dialects.ts";
import { define, type Endpoint } from "../endpoint.ts";
import { isAnthropic } from "../refuse.ts";
import { jsonOf } from "./response-docs.ts";

const prices = z
  .object({
    input: z.number(),
    output: z.number(),
    cache_read: z.number().optional(),
    cache_write: z.number().optional(),
    cache_write_1h: z.number().optional(),
    reasoning: z.number().optional(),
  })
  .describe("US dollars per million tokens.");

const limits = {
  context_window: z.number().describe("Tokens, input and output together."),
  max_output_tokens: z.number(),
  capabilities: z.array(z.string()),
  prices: prices.nullable().describe("Null: unknown."),
};

const modelRow = z.object({
  id: z.string().describe("What to ask for: a use case or an alias of one."),
  object: z.literal("model"),
  created: z.number(),
  owned_by: z.string(),
  use_case: z.string(),
  description: z.string(),
  task_type: z.string(),
  ...limits,
  models: z
    .array(
      z.object({
        id: z.string(),
        alias: z.string().optional().describe("By which the policy names it, where it does."),
        role: z.string(),
        version: z.string(),
        status: z.string(),
        ...limits,
      }),
    )
    .describe("The models of its ladder that this key's tenant may use, in the order they are tried."),
});
type ModelRow = z.infer<typeof modelRow>;

const anthropicRow = z.object({
  type: z.literal("model"),
  id: z.string(),
  display_name: z.string(),
  created_at: z.string(),
  lifecycle: z.enum(["active", "deprecated"]),
  deprecated_at: z.null(),
  retires_at: z.null(),
  line: z.null(),
  max_input_tokens: z.number(),
  max_tokens: z.number(),
  capabilities: z.null().describe("Those of the models behind it are in OpenAI's list."),
});

const listDoc = jsonOf(
  "OpenAI's list; with an `anthropic-version` header, Anthropic's.",
  z.union([
    z.object({ object: z.literal("list"), data: z.array(modelRow) }),
    z.object({
      data: z.array(anthropicRow),
      has_more: z.boolean(),
      first_id: z.string().nullable(),
      last_id: z.string().nullable(),
    }),
  ]),
);

const refused = jsonOf(
  "Refused: in OpenAI's words; with an `anthropic-version` header, in Anthropic's.",
  z.union([OPENAI.error, ANTHROPIC.error]),
);
const refusals = { 400: refused, 401: refused, 503: refused };

export function modelEndpoints(ports: ControlPorts): readonly Endpoint[] {
  return [
    define({
      method: "GET",
      path: "/v1/models",
      responses: { 200: listDoc, ...refusals },
      handle: ({ caller, headers }) => {
        const rows = modelRows(ports.snapshot(caller), caller);
        return Response.json(isAnthropic(headers) ? anthropicList(rows) : { object: "list", data: rows });
      },
    }),
    define({
      method: "GET",
      path: "/v1/models/{id}",
      params: z.object({ id: z.string().min(1).max(256) }),
      responses: {
        200: jsonOf("One of the list.", z.union([modelRow, anthropicRow])),
        ...refusals,
        404: refused,
      },
      handle: ({ caller, params, headers }) => {
        const found = oneRow(ports.snapshot(caller), caller, params.id);
        if ("kind" in found) return found;
        return Response.json(isAnthropic(headers) ? anthropicOf(found) : found);
      },
    }),
  ];
}

/** The use cases and aliases that a key may ask for, by name. */
function modelRows(snapshot: ConfigSnapshot, caller: Caller): readonly ModelRow[] {
  const rows: ModelRow[] = [];
  for (const [name, useCase] of snapshot.useCases) {
    if (caller.useCases && !caller.useCases.includes(useCase.id)) continue;
    rows.push(rowOf(name, useCase, snapshot, caller));
  }
  return rows;
}

function oneRow(snapshot: ConfigSnapshot, caller: Caller, name: string): ModelRow | Fault {
  const useCase = resolveUseCase(snapshot, name, caller);
  return useCase.ok ? rowOf(name, useCase.value, snapshot, caller) : useCase.fault;
}

/** A request goes to the models that can serve it: together they hold and can what the best of them does. */
function rowOf(name: string, useCase: UseCase, snapshot: ConfigSnapshot, caller: Caller): ModelRow {
  const serving = servingModels(useCase, snapshot, caller);
  const models = serving.map(({ model }) => model);
  return {
    id: name,
    object: "model",
    created: 0,
    owned_by: "pointsman",
    use_case: useCase.id,
    description: useCase.description,
    task_type: useCase.taskType,
    context_window: Math.max(0, ...models.map((model) => model.contextWindow)),
    max_output_tokens: Math.max(0, ...models.map((model) => model.maxOutputTokens)),
    capabilities: CAPABILITIES.filter((capability) =>
      models.some((model) => model.capabilities.has(capability)),
    ),
    prices: pricesOf(models[0]),
    models: serving.map(({ model, alias }) => ({
      id: model.id,
      ...(alias !== undefined && { alias }),
      role: model.role,
      version: model.version,
      status: model.status,
      context_window: model.contextWindow,
      max_output_tokens: model.maxOutputTokens,
      capabilities: CAPABILITIES.filter((capability) => model.capabilities.has(capability)),
      prices: pricesOf(model),
    })),
  };
}

interface Serving {
  readonly model: ModelSpec;
  readonly alias: string | undefined;
}

function servingModels(useCase: UseCase, snapshot: ConfigSnapshot, caller: Caller): readonly Serving[] {
  const models = new Map<string, Serving>();
  for (const rung of useCase.ladder) {
    const model = snapshot.models.get(rung.model);
    if (!model || model.status === "experimental" || model.status === "retired") continue;
    if (model.tenants && !model.tenants.includes(caller.tenant)) continue;
    if (!models.has(model.id)) models.set(model.id, { model, alias: rung.alias });
  }
  return [...models.values()];
}

function pricesOf(model: ModelSpec | undefined): z.infer<typeof prices> | null {
  if (!model?.prices) return null;
  const { input, output, cacheRead, cacheWrite, cacheWrite1h, reasoning } = model.prices;
  return {
    input: perMillion(input),
    output: perMillion(output),
    ...(cacheRead !== undefined && { cache_read: perMillion(cacheRead) }),
    ...(cacheWrite !== undefined && { cache_write: perMillion(cacheWrite) }),
    ...(cacheWrite1h !== undefined && { cache_write_1h: perMillion(cacheWrite1h) }),
    ...(reasoning !== undefined && { reasoning: perMillion(reasoning) }),
  };
}

/** Nano-dollars per thousand tokens to US dollars per million. */
function perMillion(price: number): number {
  return price / 1_000_000;
}

function anthropicList(rows: readonly ModelRow[]): unknown {
  return {
    data: rows.map(anthropicOf),
    has_more: false,
    first_id: rows[0]?.id ?? null,
    last_id: rows[rows.length - 1]?.id ?? null,
  };
}

function anthropicOf(row: ModelRow): z.infer<typeof anthropicRow> {
  return {
    type: "model",
    id: row.id,
    display_name: row.description || row.id,
    created_at: "1970-01-01T00:00:00Z",
    lifecycle: row.models.every(({ status }) => status === "deprecated") ? "deprecated" : "active",
    deprecated_at: null,
    retires_at: null,
    line: null,
    max_input_tokens: row.context_window,
    max_tokens: row.max_output_tokens,
    capabilities: null,
  };
}
