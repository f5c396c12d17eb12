/**
 * A scenario: what each simulated deployment is like and what goes wrong when. Owns the document's schema
 * and the compiled shape; knows no file, no clock and no socket.
 */
import { z } from "zod";
import { compileFaultEntry, duration, type FaultEntry, faultEntrySchema } from "./scenario-faults.ts";

const paceShape = {
  first_token: duration.optional().describe("Time to the first token; default 0: at once, without a timer."),
  jitter: z.number().min(0).max(1).optional().describe("Share by which latency and rate vary; default 0."),
  tokens_per_second: z.number().min(0).max(1e6).optional().describe("Default 0: as fast as it goes."),
};

const deploymentSchema = z.strictObject({
  ...paceShape,
  region: z.string().min(1).optional(),
  model: z.string().min(1).optional().describe("The name answers carry; default: the deployment's own."),
  quota: z
    .strictObject({
      requests_per_minute: z.int().positive().optional(),
      tokens_per_minute: z.int().positive().optional(),
    })
    .optional()
    .describe("Past it: 429 with Retry-After and x-ratelimit-* headers."),
});

/** The whole document. */
export const scenarioSchema = z.strictObject({
  version: z.literal(1),
  seed: z.int().min(0).optional().describe("Everything by chance follows from it; default 1."),
  defaults: z.strictObject(paceShape).optional(),
  deployments: z.record(z.string().min(1).max(200), deploymentSchema).optional(),
  faults: z
    .array(faultEntrySchema)
    .max(1000)
    .optional()
    .describe("The first active one that fits a request hits it."),
});

export interface SimulatedDeployment {
  readonly id: string;
  readonly region: string | null;
  readonly model: string;
  readonly firstTokenMs: number;
  /** 0 to 1. */
  readonly jitter: number;
  /** 0: no pacing. */
  readonly tokensPerSecond: number;
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
}

/** A compiled scenario. */
export interface Scenario {
  readonly seed: number;
  readonly deployments: ReadonlyMap<string, SimulatedDeployment>;
  /** What a deployment that the scenario does not name is like; its id and model are filled in. */
  readonly defaults: SimulatedDeployment;
  readonly faults: readonly FaultEntry[];
}

export function compileScenario(document: z.output<typeof scenarioSchema>): Scenario {
  const defaults = compileDeployment("", {}, document.defaults ?? {});
  const deployments = new Map<string, SimulatedDeployment>();
  for (const [id, settings] of Object.entries(document.deployments ?? {})) {
    deployments.set(id, compileDeployment(id, settings, document.defaults ?? {}));
  }
  const faults = (document.faults ?? []).map((entry, index) =>
    compileFaultEntry(entry, `fault ${index + 1}`),
  );
  return { seed: document.seed ?? 1, deployments, defaults, faults };
}

type DeploymentSettings = z.output<typeof deploymentSchema>;
type PaceSettings = Pick<DeploymentSettings, "first_token" | "jitter" | "tokens_per_second">;

function compileDeployment(id: string, own: DeploymentSettings, shared: PaceSettings): SimulatedDeployment {
  return {
    id,
    region: own.region ?? null,
    model: own.model ?? id,
    firstTokenMs: own.first_token ?? shared.first_token ?? 0,
    jitter: own.jitter ?? shared.jitter ?? 0,
    tokensPerSecond: own.tokens_per_second ?? shared.tokens_per_second ?? 0,
    requestsPerMinute: own.quota?.requests_per_minute ?? null,
    tokensPerMinute: own.quota?.tokens_per_minute ?? null,
  };
}

/** The document's JSON Schema (2020-12), for editors and for publication. */
export function scenarioJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(scenarioSchema, { io: "input", unrepresentable: "any" });
  return { ...schema, title: "Pointsman simulator scenario" };
}
