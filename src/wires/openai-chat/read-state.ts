/** What reading a stream of this wire must remember between two frames. Owns the shapes; decides nothing. */
import type { FinishReason, Usage } from "../../core/events.ts";
import type { JsonObject } from "../wire.ts";
import type { LevelFields } from "./fields.ts";

/** A tool call under way; its position in the list is its index in the events. */
export interface CallState {
  /** The provider's own index; null where it sends none. */
  readonly key: number | null;
  readonly id: string;
  /** Empty until the provider names the function; only then is the call announced. */
  readonly name: string;
  /** Argument text so far; what came before the name is told with it. */
  readonly text: string;
}

export interface ChoiceState {
  readonly index: number;
  readonly hasContent: boolean;
  readonly calls: readonly CallState[];
  /** Unmodelled fields that wait for an event which can carry them. */
  readonly carried: LevelFields | null;
  /** The provider says in its filter's results that it filtered what was said. */
  readonly filtered: boolean;
  readonly reason: FinishReason | null;
  /** Words came together with the reason, or after it: a reason that comes without any is meant in its place. */
  readonly inPassing: boolean;
  /** False while the end of a choice without content is kept back: it may turn out to be an empty answer. */
  readonly endTold: boolean;
}

/** Immutable: a frame that changes nothing hands the same object on. */
export interface ReadState {
  readonly phase: "waiting" | "open" | "done";
  readonly answerId: string;
  /** Unmodelled chunk fields already told; they travel again only when they change. */
  readonly chunkFields: JsonObject;
  readonly choices: readonly ChoiceState[];
  readonly usage: Usage | null;
}

export const READ_START: ReadState = Object.freeze({
  phase: "waiting",
  answerId: "",
  chunkFields: {},
  choices: [],
  usage: null,
});

export function newChoice(index: number): ChoiceState {
  return {
    index,
    hasContent: false,
    calls: [],
    carried: null,
    filtered: false,
    reason: null,
    inPassing: false,
    endTold: false,
  };
}
