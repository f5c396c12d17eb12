/**
 * Acts on the policy, written down: the history, the copy for a start without the source, the audit log. Owns that none
 * of them keeps a good policy from serving, and that what is not written now is written later.
 */
import type { PolicyText } from "../../../policy/reading/load.ts";
import type { ActivationHistory } from "../../../store/activation-store.ts";
import { createBacklog } from "../../background/backlog.ts";
import { createNewestWriter } from "../../background/newest-writer.ts";
import type { PolicyPorts } from "../in-force/policy-control.ts";
import type { Act } from "../policy-acts.ts";
import {
  type ActRecord,
  auditOf,
  createRecord,
  type Recorded,
  type RecordedResult,
} from "./activation-record.ts";
import { withWaiting } from "./with-waiting.ts";

export interface ActRecorder {
  /** `lastGood`: what is kept for a start without the source, unless it was refused. */
  record(recorded: Recorded, lastGood: readonly PolicyText[]): Promise<void>;
  /** In the audit log alone: the texts in force have not changed. */
  audit(act: Act, result: RecordedResult, version: string): Promise<void>;
  /** What was recorded, at this gateway and at all others on the store; also what the store has not taken yet. */
  readonly history: ActivationHistory;
  /** Tries what is not written yet a last time, for a moment. */
  close(): Promise<void>;
}

/** `pause`: lets requests have their turn. */
export function recordActs(ports: PolicyPorts, pause: () => Promise<void>): ActRecorder {
  const { clock, ids, activations, stored } = ports;
  const copy = createNewestWriter<readonly PolicyText[]>({
    clock,
    write: ports.saveLastGood,
    onFailed: (thrown) => ports.onRecordFailed("last_good", thrown),
  });
  const onFailed = (thrown: unknown) => ports.onRecordFailed("history", thrown);
  const backlog = createBacklog<ActRecord>({
    clock,
    write: ({ activation, texts }) => activations.record(activation, texts),
    onLate: (_, thrown) => onFailed(thrown),
    onLost: ({ activation }) => onFailed(new Error(`Activation ${activation.id} was never written down.`)),
  });
  return {
    history: withWaiting(activations, backlog.waiting),
    async record(recorded, lastGood) {
      const { environment } = ports.compile;
      const revision = stored?.head?.revision;
      const place = { environment, ...(revision !== undefined && { revision }) };
      const written = createRecord(recorded, ids.next("act"), clock.now(), place);
      if (recorded.result !== "refused") {
        await pause();
        await copy.save(lastGood);
      }
      await backlog.add(written);
      await ports.audit(auditOf(recorded, clock.now()));
    },
    async audit(act, result, version) {
      const recorded = { result, act, sources: [], findings: [], previousVersion: version, version };
      await ports.audit(auditOf(recorded, clock.now()));
    },
    async close() {
      await Promise.all([copy.close(), backlog.close()]);
    },
  };
}
