/** Puts a policy in force from files, keeps watching them, and falls back to the last good copy at start. */

import { createPolicyControl, type PolicyControl } from "../control/policy/policy-control.ts";
import {
  loadLastGood,
  readPolicyFiles,
  saveLastGood,
  watchPolicyFiles,
} from "../control/policy/policy-files.ts";
import type { Clock } from "../core/clock.ts";
import type { Ids } from "../core/ids.ts";
import type { ConfigSnapshot, KeySpec } from "../core/snapshot.ts";
import type { CompilePorts } from "../policy/compile.ts";
import type { Finding } from "../policy/finding.ts";
import type { PolicySource } from "../policy/load.ts";
import type { ActivationStore } from "../store/ports.ts";
import type { Log } from "./log.ts";

/** How often the files are read; a change is live within twice this. */
const WATCH_INTERVAL_MS = 250;

export interface PolicyRuntimeOptions {
  readonly file: string;
  readonly environment: string | null;
  /** Where the last good copy lives; null: nowhere. */
  readonly directory: string | null;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly activations: ActivationStore;
  readonly compile: CompilePorts;
  readonly extraKeys: readonly KeySpec[];
  readonly log: Log;
  onActivated(snapshot: ConfigSnapshot): void;
  onRefused(): void;
}

export type PolicyStart =
  | { readonly ok: true; readonly control: PolicyControl; stop(): void }
  | { readonly ok: false; readonly findings: readonly Finding[]; readonly message: string | null };

export async function startPolicy(options: PolicyRuntimeOptions): Promise<PolicyStart> {
  const { directory, log } = options;
  const control = createPolicyControl({
    clock: options.clock,
    ids: options.ids,
    activations: options.activations,
    compile: options.compile,
    extraKeys: options.extraKeys,
    saveLastGood: async (sources) => {
      if (directory !== null) await saveLastGood(directory, sources);
    },
    onActivated(snapshot) {
      log("info", "policy_activated", { version: snapshot.version });
      options.onActivated(snapshot);
    },
    onRefused(findings) {
      log("error", "policy_refused", {
        findings: findings.filter(({ severity }) => severity === "error").map(oneLine),
      });
      options.onRefused();
    },
    onRecordFailed: () => log("error", "policy_record_failed"),
  });
  const read = () => readPolicyFiles(options.file, options.environment);
  const first = await readOrExplain(read);
  const outcome = first.sources ? await control.activate(first.sources, "start") : null;
  if (outcome?.result !== "activated") {
    const good = directory === null ? null : await loadLastGood(directory);
    const restored = good ? await control.activate(good, "last-good") : null;
    const findings = outcome?.findings ?? [];
    if (restored?.result !== "activated") return { ok: false, findings, message: first.problem };
    if (first.sources) control.noteRefused(findings);
    log("warn", "serving_last_good_policy", { version: restored.version, problem: first.problem });
  }
  const watcher = watchPolicyFiles(
    read,
    first.sources ?? [],
    WATCH_INTERVAL_MS,
    options.clock,
    async (sources) => {
      await control.activate(sources, "file");
    },
  );
  return { ok: true, control, stop: () => watcher.stop() };
}

async function readOrExplain(
  read: () => Promise<readonly PolicySource[]>,
): Promise<{ sources: readonly PolicySource[] | null; problem: string | null }> {
  try {
    return { sources: await read(), problem: null };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : "it cannot be read";
    return {
      sources: null,
      problem: `The policy cannot be read: ${reason}. Write one with 'pointsman init'.`,
    };
  }
}

/** `file:line:column message`, as compilers print it. */
export function oneLine(finding: Finding): string {
  return `${finding.file}:${finding.line}:${finding.column} ${finding.message} ${finding.fix}`;
}
