/** What reading a stream of this wire must remember between two frames. Owns the shapes; decides nothing. */
import type { FinishReason, Usage } from "../../core/events.ts";
import type { JsonObject } from "../wire.ts";

/** The content block under way; `index` is the provider's. */
export type BlockState =
  /** `opening`: what the first text shall carry, so that a renderer of this wire begins a block with it. */
  | { readonly kind: "text"; readonly index: number; readonly opening: JsonObject | null }
  | { readonly kind: "thinking"; readonly index: number }
  /** `call` is the call's index in the events. */
  | { readonly kind: "tool"; readonly index: number; readonly call: number }
  /** Wholly told when it began. */
  | { readonly kind: "told"; readonly index: number }
  /** A type that the contract does not model; it is told in one piece when it ends. `json`: of its input. */
  | { readonly kind: "other"; readonly index: number; readonly value: JsonObject; readonly json: string };

/** A tool call; its position in the list is its index in the events. */
export interface CallState {
  /** The provider's index of its block. */
  readonly block: number;
  readonly hasArguments: boolean;
  /** Arguments that some servers send when the block begins, in place of deltas. */
  readonly input: JsonObject;
}

/** Immutable: a frame that changes nothing hands the same object on. */
export interface ReadState {
  /** `ended`: the provider gave its reason, and only its end mark is still to come. */
  readonly phase: "waiting" | "open" | "ended" | "done";
  readonly block: BlockState | null;
  readonly calls: readonly CallState[];
  /** The last content told was text: text of another block must be told apart from it. */
  readonly afterText: boolean;
  readonly hasContent: boolean;
  /** The provider's counts so far, as it sent them. */
  readonly rawUsage: JsonObject | null;
  readonly usage: Usage | null;
  readonly reason: FinishReason | null;
}

export const READ_START: ReadState = Object.freeze({
  phase: "waiting",
  block: null,
  calls: [],
  afterText: false,
  hasContent: false,
  rawUsage: null,
  usage: null,
  reason: null,
});
