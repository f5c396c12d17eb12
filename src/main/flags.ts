/** Loads the OpenFeature provider that the policy names, once, at the start. Owns the SDK; requests never wait for it. */
import type { Client, Provider } from "@openfeature/server-sdk";
import { type Clock, within } from "../core/clock.ts";
import type { FlagDetails, FlagSource, FlagsProviderSpec, FlagValue } from "../core/flags.ts";
import type { HealthView } from "../core/health.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";
import { createFlagCache, type FlagContext } from "../gateway/flags/flag-cache.ts";
import { fromEnvironment } from "../policy/document/flags.ts";
import { describeThrown, type Log } from "./log.ts";
import { systemRandom } from "./system.ts";

/** A provider that is not ready by then goes on becoming so; until it is, the policy decides. Milliseconds. */
const READY_WITHIN_MS = 5_000;
const DOMAIN = "pointsman";

export interface FlagsRuntime {
  /** Null: the policy alone decides. */
  readonly source: FlagSource | null;
  stop(): Promise<void>;
}

export interface FlagsPorts {
  snapshot(): ConfigSnapshot;
  readonly clock: Clock;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Never rejects: a provider that cannot be loaded is logged, and the policy decides its flags. */
export async function startFlags(ports: FlagsPorts): Promise<FlagsRuntime> {
  const spec = ports.snapshot().flagsProvider;
  if (spec === null) return { source: null, async stop() {} };
  const { clock, log } = ports;
  const { module } = spec;
  const giveUp = (why: Readonly<Record<string, unknown>>): FlagsRuntime => {
    const fix =
      "Install the package beside the gateway, or correct flags_provider. The policy decides its flags.";
    log("error", "flags_provider_not_loaded", { module, ...why, fix });
    return { source: null, async stop() {} };
  };
  const onFailed = (thrown: unknown): void =>
    log("warn", "flags_provider_failed", { module, ...describeThrown(thrown) });
  try {
    const { OpenFeature } = await import("@openfeature/server-sdk");
    const { createPolicyProvider } = await import("../gateway/flags/policy-provider.ts");
    const provider = await loadProvider(spec, ports.env);
    if (typeof provider === "string") return giveUp({ problem: provider });
    // Whatever else asks OpenFeature in this process sees the policy's flags.
    OpenFeature.setProvider(
      createPolicyProvider({ snapshot: ports.snapshot, clock, random: systemRandom, health: NOTHING_KNOWN }),
    );
    const ready = OpenFeature.setProviderAndWait(DOMAIN, provider).then(
      () => log("info", "flags_provider_ready", { module }),
      onFailed,
    );
    await within(clock, READY_WITHIN_MS, ready);
    const client = OpenFeature.getClient(DOMAIN);
    const source = createFlagCache({
      clock,
      ttlMs: spec.ttlMs,
      evaluate: (flag, like, context) => evaluate(client, flag, like, context),
      onFailed,
    });
    return { source, stop: () => OpenFeature.close() };
  } catch (thrown) {
    return giveUp(describeThrown(thrown));
  }
}

const NOTHING_KNOWN: HealthView = { healthy: () => true, firstTokenMs: () => 0, inFlight: () => 0 };

/** Text: what is wrong, without a value of anything. Rejects where the package is not there or throws. */
async function loadProvider(
  { module, exported, options }: FlagsProviderSpec,
  env: FlagsPorts["env"],
): Promise<Provider | string> {
  const unset: string[] = [];
  const resolved = resolveOptions(options, env, unset);
  if (unset.length > 0) return `The environment variable ${unset.join(", ")} is not set.`;
  const loaded: Readonly<Record<string, unknown>> = await import(module);
  const found = loaded[exported];
  const made = typeof found === "function" ? await make(found as Maker, resolved) : found;
  return isProvider(made)
    ? made
    : `The export ${exported} of ${module} is no OpenFeature provider and makes none.`;
}

type Maker = ((options: unknown) => unknown) & (new (options: unknown) => unknown);

function make(maker: Maker, options: unknown): unknown {
  return isProvider(maker.prototype) ? new maker(options) : maker(options);
}

function isProvider(value: unknown): value is Provider {
  return typeof value === "object" && value !== null && "resolveBooleanEvaluation" in value;
}

/** `{ env: NAME }` becomes what the environment has under that name; names that it does not have go to `unset`. */
function resolveOptions(written: unknown, env: FlagsPorts["env"], unset: string[]): unknown {
  if (Array.isArray(written)) return written.map((item) => resolveOptions(item, env, unset));
  if (typeof written !== "object" || written === null) return written;
  const named = fromEnvironment.safeParse(written);
  if (!named.success) {
    const entries = Object.entries(written).map(([key, item]) => [key, resolveOptions(item, env, unset)]);
    return Object.fromEntries(entries);
  }
  const value = env[named.data.env];
  if (value === undefined) unset.push(named.data.env);
  return value;
}

async function evaluate(
  client: Client,
  flag: string,
  like: FlagValue,
  context: FlagContext,
): Promise<FlagDetails | null> {
  const known = { ...context };
  const details =
    typeof like === "boolean"
      ? await client.getBooleanDetails(flag, like, known)
      : typeof like === "number"
        ? await client.getNumberDetails(flag, like, known)
        : await client.getStringDetails(flag, like, known);
  if (details.errorCode === "FLAG_NOT_FOUND") return null;
  if (details.errorCode !== undefined) throw new Error(`The flags provider answered ${details.errorCode}.`);
  return { value: details.value, variant: details.variant ?? null, reason: "CACHED" };
}
