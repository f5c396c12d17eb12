/** The streaming half of wires on which nothing streams. Owns what they do with a stream all the same. */
import type { StreamEvent } from "../../core/events.ts";
import type { Frame } from "../frame.ts";
import { badChunk, streamCut } from "../provider-fault.ts";
import type { Wire } from "../wire.ts";

/** Whether the answer has ended. */
type ReadState = boolean;

const NOTHING: readonly StreamEvent[] = [];
const NO_FRAMES: readonly Frame[] = [];

/** No caller of such a wire may ask for a stream; a provider that sends one is not understood. */
export const unstreamed: Pick<
  Wire<ReadState, null>,
  "renderStart" | "renderEvent" | "readStart" | "step" | "flush"
> = {
  renderStart: () => null,
  renderEvent: () => [null, NO_FRAMES],
  readStart: () => false,
  step: (done) => (done ? [true, NOTHING] : [true, [{ type: "fault", fault: badChunk() }]]),
  flush: (done) => (done ? NOTHING : [{ type: "fault", fault: streamCut() }]),
};

export type UnstreamedWire = Wire<ReadState, null>;
