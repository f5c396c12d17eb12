/** What reading a stream of this wire must remember between two chunks. Owns the shapes; decides nothing. */
import type { FinishReason } from "../../core/events.ts";
import type { JsonObject } from "../wire.ts";

export interface CandidateState {
  readonly index: number;
  readonly hasContent: boolean;
  readonly calls: number;
  /** Unmodelled fields that wait for an event which can carry them. */
  readonly carried: JsonObject | null;
  readonly reason: FinishReason | null;
  /** Words came together with the reason, or after it: a reason that comes without any is meant in its place. */
  readonly inPassing: boolean;
  /** False while the end of a candidate without content is kept back: it may turn out to be an empty answer. */
  readonly endTold: boolean;
}

/** Immutable: a chunk that changes nothing hands the same object on. */
export interface ReadState {
  readonly phase: "waiting" | "open" | "done";
  readonly answerId: string;
  /** Unmodelled chunk fields already told; they travel again only when they change. */
  readonly chunkFields: JsonObject;
  /** Those that changed since; they travel with the usage. */
  readonly carried: JsonObject | null;
  readonly candidates: readonly CandidateState[];
  /** The latest `usageMetadata`: every chunk has one, and only the last of them is told. */
  readonly usage: JsonObject | null;
  readonly usageTold: boolean;
}

export const READ_START: ReadState = Object.freeze({
  phase: "waiting",
  answerId: "",
  chunkFields: {},
  carried: null,
  candidates: [],
  usage: null,
  usageTold: true,
});

export function newCandidate(index: number): CandidateState {
  return {
    index,
    hasContent: false,
    calls: 0,
    carried: null,
    reason: null,
    inPassing: false,
    endTold: false,
  };
}
