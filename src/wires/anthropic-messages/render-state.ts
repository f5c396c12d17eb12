/** What rendering a stream of this wire must remember between two events. Owns the shape; decides nothing. */
import type { FinishReason, Usage } from "../../core/events.ts";
import type { JsonObject, RenderContext } from "../wire.ts";

/** Immutable: most events hand the same object on. */
export interface RenderState {
  readonly context: RenderContext;
  readonly id: string;
  /** Unmodelled fields of the provider's message; they go out with ours. */
  readonly message: JsonObject | null;
  readonly usage: Usage | null;
  /** Whether `message_start` was sent. */
  readonly begun: boolean;
  /** Index of the block that is open, or was the last; -1 before the first. */
  readonly block: number;
  readonly open: "nothing" | "text" | "thinking" | "tool";
  /** Of an open text block: its deltas as JSON, up to the text. */
  readonly head: string;
  /** The block of each tool call, by the call's index in the events. */
  readonly calls: readonly number[];
  readonly refused: boolean;
  /** Set when the choice ended; the frame that tells it waits for the usage. */
  readonly reason: FinishReason | null;
  readonly endDelta: JsonObject | null;
  readonly endEvent: JsonObject | null;
  readonly done: boolean;
}
