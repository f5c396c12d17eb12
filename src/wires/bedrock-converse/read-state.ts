/** What reading a stream of this wire must remember between two frames. Owns the shapes; decides nothing. */
import type { FinishReason, Usage } from "../../core/events.ts";

/** A block that is more than text or thinking. */
export interface BlockState {
  /** The provider's `contentBlockIndex`. */
  readonly key: number;
  /** The position of a tool call among the calls; null for a block that the contract does not model. */
  readonly call: number | null;
  readonly hasArguments: boolean;
}

/** Immutable: a frame that changes nothing hands the same object on. */
export interface ReadState {
  readonly phase: "waiting" | "open" | "done";
  readonly hasContent: boolean;
  readonly blocks: readonly BlockState[];
  readonly calls: number;
  readonly reason: FinishReason | null;
  readonly usage: Usage | null;
}

export const READ_START: ReadState = Object.freeze({
  phase: "waiting",
  hasContent: false,
  blocks: [],
  calls: 0,
  reason: null,
  usage: null,
});
