/** Puts a policy in force from its source, follows the source, and falls back to the last good copy at start. */
import type { AuditTrail } from "../control/audit/audit-trail.ts";
import { createJudge } from "../control/policy/in-force/judge/judge.ts";
import type { PolicyControl, PolicyPorts, RecordKind } from "../control/policy/in-force/policy-control.ts";
import { createPolicyControl } from "../control/policy/in-force/policy-keeper.ts";
import { keptLastGood } from "../control/policy/kept-policies.ts";
import { ownPlace, storePlace } from "../control/policy/staging/staging-place.ts";
import { storedPolicy } from "../control/policy/stored-policy.ts";
import type { RolloutDesk } from "../control/rollout/operate.ts";
import type { OverrideBook } from "../control/rollout/override-book.ts";
import type { Clock } from "../core/clock.ts";
import type { Ids } from "../core/ids.ts";
import type { KeySpec } from "../core/keys.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";
import type { Pauses } from "../core/steps.ts";
import type { CompilePorts } from "../policy/compile/compile.ts";
import type { Finding } from "../policy/finding.ts";
import type { ActivationStore } from "../store/activation-store.ts";
import { describeThrown, type Log } from "./log.ts";
import { openOverrideBook } from "./override-book.ts";
import { type OwnPolicies, openKeptPolicies } from "./own-policies.ts";
import { createPolicyReader } from "./policy-reader.ts";
import type { OpenedSource } from "./policy-source.ts";

export interface PolicyRuntimeOptions {
  /** Where the policy is. */
  readonly opened: OpenedSource;
  readonly environment: string | null;
  /** Where the last good copy lives; null: nowhere. */
  readonly directory: string | null;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly activations: ActivationStore;
  readonly audit: AuditTrail;
  readonly compile: CompilePorts;
  readonly extraKeys: readonly KeySpec[];
  readonly log: Log;
  onActivated: PolicyPorts["onActivated"];
  onRefused(): void;
  /** A version that begins to take over beside the one in force; null: none does any more. */
  onStaged(newer: ConfigSnapshot | null): void;
  /** Which gateway this is. */
  readonly instance: string;
}

export type PolicyStart =
  | {
      readonly ok: true;
      readonly control: PolicyControl;
      readonly desk: RolloutDesk;
      /** Nothing changes the policy any more. */
      stop(): void;
      /** What is not written down yet is tried a last time, for a moment. */
      close(): Promise<void>;
    }
  | { readonly ok: false; readonly findings: readonly Finding[]; readonly message: string | null };

/**
 * What a request may have to wait for while a policy is compiled, and then all others have a turn. Pauses are sleeps:
 * a thread that never sleeps has used up its turn with the system when a request comes.
 */
const SLICES: Pauses = {
  now: () => performance.now(),
  pause: () => new Promise((resolve) => setTimeout(resolve, 1)),
  sliceMs: 1,
};

export async function startPolicy(options: PolicyRuntimeOptions): Promise<PolicyStart> {
  const { opened, environment, directory, clock, log, audit, instance: origin } = options;
  const own = await openKeptPolicies(opened.heads ? null : directory, origin, log);
  const pin = (await own.pin.load())?.value ?? null;
  // Where the policy lives in the store, verbs change its text.
  const opening = opened.heads ? null : await openOverrideBook({ directory, origin, clock, log, audit });
  const overrides = opening?.book ?? null;
  const reader = createPolicyReader(clock);
  const judge = createJudge({
    reader,
    pauses: SLICES,
    onFailed: (thrown) => log("error", "policy_reader_failed", describeThrown(thrown)),
  });
  const control = createPolicyControl({ ...controlPorts(options, overrides, own), judge }, pin);
  const stop = () => {
    opened.stop();
    reader.stop();
  };
  const close = async () => {
    await Promise.all([control.close(), opening?.close()]);
    own.leave();
  };
  const failed = await firstActivation(control, options, own);
  if (failed) {
    stop();
    await close();
    return failed;
  }
  opened.follow(async ({ texts, head }) => {
    await (head ? control.follow(head) : control.offer(texts, actorOf(opened)));
  });
  const desk: RolloutDesk = {
    control,
    overrides,
    audit: audit.write,
    activations: control.history,
    heads: opened.heads,
    environment,
    clock,
    sourceStatus: opened.status,
  };
  return { ok: true, control, desk, stop, close };
}

function controlPorts(
  options: PolicyRuntimeOptions,
  overlay: OverrideBook | null,
  own: OwnPolicies,
): PolicyPorts {
  const { opened, directory, log, audit, environment, clock, instance } = options;
  const stored = opened.heads ? storedPolicy(opened.heads, clock) : null;
  return {
    clock: options.clock,
    ids: options.ids,
    activations: options.activations,
    compile: options.compile,
    pause: SLICES.pause,
    extraKeys: options.extraKeys,
    sourceStatus: opened.status,
    saveLastGood: (sources) => keptLastGood.save(directory, sources),
    savePin: own.pin.save,
    audit: audit.write,
    ...(stored && { stored }),
    stagingPlace: stored ? storePlace(stored, environment) : ownPlace(own.staging.save, clock),
    onStaged(newer, share) {
      const told = newer === null ? {} : { version: newer.version, share };
      log("info", newer === null ? "policy_activation_ended" : "policy_activation_stage", told);
      options.onStaged(newer);
    },
    instance,
    ...(overlay && { overlay }),
    onActivated(snapshot: ConfigSnapshot, previousVersion, via, validatedAt) {
      options.onActivated(snapshot, previousVersion, via);
      const sinceValid = validatedAt === undefined ? null : Math.round(performance.now() - validatedAt);
      const { version } = snapshot;
      log("info", "policy_activated", { version, ...(sinceValid !== null && { activateMs: sinceValid }) });
    },
    onRefused(findings: readonly Finding[]) {
      log("error", "policy_refused", {
        findings: findings.filter(({ severity }) => severity === "error").map(oneLine),
      });
      options.onRefused();
    },
    onRecordFailed: (what, thrown) => notKept(log, what, thrown),
  };
}

/** What is pinned, else what the source says, else the last good copy; null: one of them is in force. */
async function firstActivation(
  control: PolicyControl,
  { opened, directory, log }: PolicyRuntimeOptions,
  own: OwnPolicies,
): Promise<Extract<PolicyStart, { ok: false }> | null> {
  const { texts, problem } = opened.first;
  if (await goOnStaging(control, opened, own, log)) return null;
  const pinned = await control.restorePin(texts);
  if (pinned?.result === "activated") {
    log("warn", "serving_pinned_policy", { version: pinned.version, problem });
    return null;
  }
  const { head } = opened.first;
  const offered = head ? control.follow(head) : texts && control.offer(texts, "start");
  const outcome = await offered;
  if (outcome?.result === "activated") {
    await keepSeed(opened, log);
    return null;
  }
  const good = await keptLastGood.load(directory);
  const restored = good ? await control.restore(good, "last-good") : null;
  const findings = outcome?.result === "refused" ? outcome.findings : [];
  if (restored?.result !== "activated") return { ok: false, findings, message: explain(opened) };
  if (outcome) control.noteRefused(findings);
  log("warn", "serving_last_good_policy", { version: restored.version, problem });
  return null;
}

/** An activation by steps that an earlier process has begun, where this gateway alone keeps it. */
async function goOnStaging(
  control: PolicyControl,
  opened: OpenedSource,
  { staging }: OwnPolicies,
  log: Log,
): Promise<boolean> {
  const kept = opened.heads ? null : await staging.load();
  // Whoever has begun it goes on with it.
  if (!kept || kept.isOthers) return false;
  const { value } = kept;
  const came = await control.resumeStaging(value, opened.first.texts);
  if (came === "lost") log("error", "policy_activation_lost", { version: value.plan.version });
  const isOn = came === "resumed";
  await staging.save(isOn ? value : null).catch((thrown: unknown) => notKept(log, "staging", thrown));
  return isOn;
}

/** A file names itself; the source that "did not answer" is to be named. */
function explain(opened: OpenedSource): string | null {
  const { problem } = opened.first;
  const status = opened.status();
  const named = status === null || status.kind === "file" || status.kind === "directory";
  return problem === null || named ? problem : `The policy's source ${status.address} failed: ${problem}`;
}

async function keepSeed(opened: OpenedSource, log: Log): Promise<void> {
  try {
    await opened.keepSeed();
  } catch (thrown) {
    // It serves all the same, and the next start finds the store as empty as this one.
    notKept(log, "seed", thrown);
  }
}

function notKept(log: Log, what: RecordKind | "seed", thrown: unknown): void {
  log("error", "policy_record_failed", { what, ...describeThrown(thrown) });
}

/** Who changes the policy where nobody in particular is known to. */
function actorOf(opened: OpenedSource): string {
  return opened.status()?.kind ?? "source";
}

/** `file:line:column message`, as compilers print it. */
export function oneLine(finding: Finding): string {
  return `${finding.file}:${finding.line}:${finding.column} ${finding.message} ${finding.fix}`;
}
