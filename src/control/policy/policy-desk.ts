/** What the acts of operators on the policy work with. Owns the shape; the acts are in files of their own. */
import type { Clock } from "../../core/clock.ts";
import type { ActivationHistory } from "../../store/activation-store.ts";
import type { PolicyHeadStore } from "../../store/policy-heads.ts";
import type { PolicyControl } from "./in-force/policy-control.ts";
import type { SourceStatus } from "./sources/source.ts";

export interface PolicyDesk {
  readonly control: PolicyControl;
  /** The control's. */
  readonly activations: ActivationHistory;
  /** Where the policy is written; null: it lives elsewhere, and is changed there. */
  readonly heads: PolicyHeadStore | null;
  /** The gateway's own. */
  readonly environment: string | null;
  readonly clock: Clock;
  sourceStatus(): SourceStatus | null;
}
