/** The policy in force, as a running gateway wants it: what it is compiled with, and why there may be none. */
import { hash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { EXIT } from "../cli/exit-codes.ts";
import { NotStarted, type NotStartedDetails } from "../cli/not-started.ts";
import type { UpOptions } from "../cli/ports.ts";
import type { Clock } from "../core/clock.ts";
import { DEMO_ACCESS_KEY_ID } from "../core/demo-key.ts";
import type { Ids } from "../core/ids.ts";
import type { KeySpec } from "../core/keys.ts";
import { Secret } from "../core/secret.ts";
import type { CompilePorts } from "../policy/compile/compile.ts";
import { resolveCredential } from "../providers/credentials.ts";
import type { Ground } from "./ground.ts";
import type { Log } from "./log.ts";
import { type PolicyRuntimeOptions, type PolicyStart, startPolicy } from "./policy-runtime.ts";
import type { OpenedSource } from "./policy-source.ts";

export interface PolicyNeeds {
  readonly options: UpOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly ids: Ids;
  /** Null: nobody calls with one. */
  readonly demoKey: string | null;
}

/** What other parts of the gateway have to do with it. */
export interface PolicyTies
  extends Pick<PolicyRuntimeOptions, "audit" | "instance" | "onActivated" | "onStaged" | "onRefused"> {
  readonly profileRegions: NonNullable<CompilePorts["profileRegions"]>;
}

export type OpenedPolicy = Extract<PolicyStart, { ok: true }>;

/** Rejects with `NotStarted` where there is none to put in force. */
export async function openPolicy(
  { options, clock, log, ids, demoKey }: PolicyNeeds,
  { store, source, kept, simulator }: Ground,
  { profileRegions, ...ties }: PolicyTies,
): Promise<OpenedPolicy> {
  const { environment } = options;
  const policy = await startPolicy({
    ...ties,
    opened: source,
    environment,
    directory: kept,
    clock,
    ids,
    activations: store.activations,
    compile: { ...compilePorts(environment, simulator?.url ?? null), profileRegions },
    extraKeys: demoKey === null ? [] : [demoKeySpec(demoKey)],
    log,
  });
  if (policy.ok) return policy;
  throw new NotStarted(noneInForce(policy, options.policy, source));
}

function noneInForce(
  { findings, message }: Extract<PolicyStart, { ok: false }>,
  address: string,
  { first, status }: OpenedSource,
): NotStartedDetails {
  if (findings.length > 0) {
    const refused = { findings, sources: first.texts ?? [] };
    const invalid = "The policy is not valid, and no earlier one was kept";
    return { message: invalid, fix: "Mend the policy.", exitCode: EXIT.notRight, refused };
  }
  const kind = status()?.kind;
  const isLocal = kind === "file" || kind === "directory";
  const missing = isLocal ? missingFile(address) : null;
  if (missing !== null) {
    const fix = "Write one with `pointsman init`, or name yours with --policy.";
    return { message: `There is no file ${missing}.`, fix, exitCode: EXIT.usage };
  }
  return {
    message: message ?? "There is no policy, and no earlier one was kept.",
    fix: "Mend it, or name another policy with --policy.",
    // A file that cannot be read, or an address that is none, is wrong usage; a silent source may be back soon.
    exitCode: isLocal || kind === undefined ? EXIT.usage : EXIT.notRight,
  };
}

/** As a person in this folder would name it; null: it is there. */
function missingFile(path: string): string | null {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const file = isFolder ? join(path, "policy.yaml") : path;
  if (existsSync(file)) return null;
  const short = relative(process.cwd(), file);
  return short.startsWith("..") ? file : short;
}

function compilePorts(environment: string | null, simulatorUrl: string | null): CompilePorts {
  return {
    environment,
    credential: (source) => resolveCredential(source, process.env),
    keyHash(name) {
      const key = process.env[name]?.trim();
      return key ? hash("sha256", key, "hex") : null;
    },
    simulatorUrl,
  };
}

function demoKeySpec(key: string): KeySpec {
  const sha256 = hash("sha256", key, "hex");
  const aws = { accessKeyId: DEMO_ACCESS_KEY_ID, secret: new Secret(key) };
  return { id: "demo", sha256, tenant: "demo", tier: "premium", role: "admin", useCases: null, aws };
}
