/**
 * What every dialect implements: pure functions, both directions, in this order in every file. A wire
 * knows bodies and frames; it opens no socket, reads no clock and holds no policy.
 */
import type { Capability, Contract } from "../core/contract.ts";
import type { StreamEvent } from "../core/events.ts";
import type { Fault, Result } from "../core/faults.ts";
import type { ModelRequest, WireId } from "../core/request.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** One server-sent event, comments and retry fields left out. */
export interface SseFrame {
  /** The `event:` field; absent means `message`. */
  readonly event?: string;
  readonly data: string;
}

/** What arrives beside the body: the contract of `x-pointsman-*` headers, already parsed. */
export interface RequestHints {
  readonly contract: Contract;
  readonly strict: boolean;
}

/** The model a request is lowered to. */
export interface LowerTarget {
  /** The provider's own name of the model. */
  readonly modelId: string;
  readonly capabilities: ReadonlySet<Capability>;
  /** Body fields that this server refuses. */
  readonly unsupported: ReadonlySet<string>;
}

/** A control that could not be honoured (A3). */
export interface Warning {
  readonly control: string;
  readonly message: string;
}

export interface Lowered {
  readonly body: JsonObject;
  readonly warnings: readonly Warning[];
}

/** What a renderer must know that events do not say. */
export interface RenderContext {
  readonly requestId: string;
  /** The model that answers, under the policy's name. */
  readonly model: string;
  /** Epoch seconds. */
  readonly createdAt: number;
  /** Whether the caller asked for a usage frame in the stream. */
  readonly streamUsage: boolean;
  /** Present on degraded and simulated answers; rendered as body metadata where the wire has room. */
  readonly labels?: JsonObject;
}

export interface RenderedFault {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

export interface Wire<ReadState, RenderState> {
  readonly id: WireId;

  // As a server: the caller's side.
  /** `body` is parsed JSON whose depth and keys were checked. Faults: `invalid` with `param`. */
  parseRequest(body: unknown, hints: RequestHints): Result<ModelRequest>;
  renderStart(context: RenderContext): RenderState;
  /** Frames of one event, ready to be framed; after a terminal event nothing may follow. */
  renderEvent(event: StreamEvent, state: RenderState): readonly [RenderState, readonly SseFrame[]];
  /** The whole answer of a call that does not stream; `events` end with `finish`. */
  renderAnswer(events: readonly StreamEvent[], context: RenderContext): JsonObject;
  renderFault(fault: Fault, requestId: string): RenderedFault;

  // As a client: the provider's side.
  /** Appended to the deployment's base URL. */
  path(request: ModelRequest, target: LowerTarget): string;
  lower(request: ModelRequest, target: LowerTarget): Result<Lowered>;
  readStart(): ReadState;
  step(state: ReadState, frame: SseFrame): readonly [ReadState, readonly StreamEvent[]];
  /** The bytes ended: the terminal event, unless `step` already gave one. */
  flush(state: ReadState): readonly StreamEvent[];
  /** A whole body of a call that did not stream; the last event is terminal. */
  readAnswer(body: unknown): readonly StreamEvent[];
  /** A status of 400 and above. `body` is parsed JSON, or the text where it was none. */
  readError(status: number, headers: Headers, body: unknown, now: number): Fault;
}
