/**
 * Acts on the policy, written down: the history, the copy for a start without the source, the audit log. Owns that none
 * of them keeps a good policy from serving.
 */
import type { PolicySource } from "../../../policy/reading/load.ts";
import type { PolicyPorts } from "../in-force/policy-control.ts";
import type { Act } from "../policy-acts.ts";
import { auditOf, createRecord, type Recorded, type RecordedResult } from "./activation-record.ts";

export interface ActRecorder {
  /** `lastGood`: what is kept for a start without the source, unless it was refused. */
  record(recorded: Recorded, lastGood: readonly PolicySource[]): Promise<void>;
  /** In the audit log alone: the texts in force have not changed. */
  audit(act: Act, result: RecordedResult, version: string): Promise<void>;
}

/** `pause`: lets requests have their turn. */
export function recordActs(ports: PolicyPorts, pause: () => Promise<void>): ActRecorder {
  const { clock, ids, activations, stored } = ports;
  return {
    async record(recorded, lastGood) {
      const { environment } = ports.compile;
      const revision = stored?.head?.revision;
      const place = { environment, ...(revision !== undefined && { revision }) };
      const { activation, texts } = createRecord(recorded, ids.next("act"), clock.now(), place);
      try {
        if (recorded.result !== "refused") {
          await pause();
          await ports.saveLastGood(lastGood);
        }
        await activations.record(activation, texts);
      } catch (thrown) {
        // A disk that is full must not keep a good policy from serving.
        ports.onRecordFailed("history", thrown);
      }
      await ports.audit(auditOf(recorded, clock.now()));
    },
    async audit(act, result, version) {
      const recorded = { result, act, sources: [], findings: [], previousVersion: version, version };
      await ports.audit(auditOf(recorded, clock.now()));
    },
  };
}
