/**
 * What every dialect implements: pure functions, both directions, in this order in every file. A wire
 * knows bodies and frames; it opens no socket, reads no clock and holds no policy.
 */
import type { Capability, Contract } from "../core/contract.ts";
import type { StreamEvent } from "../core/events.ts";
import type { Fault, Result } from "../core/faults.ts";
import type { ModelRequest, Operation, WireId } from "../core/request.ts";
import type { Frame } from "./frame.ts";
import type { Framing } from "./framing.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** What arrives beside the body: the contract of `x-pointsman-*` headers, and what the path says. */
export interface RequestHints {
  readonly contract: Contract;
  readonly strict: boolean;
  /** The model, where the path names it and not the body. */
  readonly target?: string;
  /** Whether the path asks for a stream; absent where the body says. */
  readonly stream?: boolean;
  /** Absent: the wire's usual one. */
  readonly operation?: Operation;
  /** Those of the caller's headers that the wire lists in `passedHeaders`; absent: none of them came. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The model a request is lowered to. */
export interface LowerTarget {
  /** The provider's own name of the model. */
  readonly modelId: string;
  /** The name of the model behind it, as far as somebody said; `modelBehind` has whichever tells more. */
  readonly baseModel?: string | undefined;
  readonly capabilities: ReadonlySet<Capability>;
  /** What the model can produce at the most: for wires on which a limit must be stated. */
  readonly maxOutputTokens: number;
  /** Body fields that this server refuses. */
  readonly unsupported: ReadonlySet<string>;
  /** The server imitates the wire: of two spellings of a control it may know the older alone, and ignore the other. */
  readonly imitates?: boolean;
}

/** A control that could not be honoured. */
export interface Warning {
  readonly control: string;
  readonly message: string;
}

export interface Lowered {
  readonly body: JsonObject;
  readonly warnings: readonly Warning[];
  /** Headers that belong to the body: versions and betas. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The limit of tokens in the body, null: none; absent: it stands where a dialect has it, if it does. */
  readonly limit?: number | null;
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
  /** For wires that state input tokens before the provider has said them. */
  readonly estimatedInputTokens: number;
  /** What is answered; null where it could not be parsed. */
  readonly request: ModelRequest | null;
  /** Present on degraded and simulated answers; rendered as body metadata where the wire has room. */
  readonly labels?: JsonObject;
}

export interface RenderedFault {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

/** What came before the body. Whoever asks has the headers parsed, so only what cannot be known else is asked for. */
export interface AnswerHead {
  headers(): Headers;
}

export interface Wire<ReadState, RenderState> {
  readonly id: WireId;
  /** How its streams are cut into frames. */
  readonly framing: Framing;
  /**
   * The same wire for a caller whose URL has `query`, without its question mark, where that says how a stream is told.
   * Absent: there is one way alone.
   */
  asQueried?(query: string): Wire<ReadState, unknown>;
  /** Clients' types promise a usage in every answer: where the provider counted nothing, an estimate is told. */
  readonly alwaysCounts?: true;

  // As a server: the caller's side.
  /** Lower-case names of the caller's headers that belong to the request and reach `RequestHints.headers`. */
  readonly passedHeaders: readonly string[];
  /** `body` is parsed JSON whose depth and keys were checked. Faults: `invalid` with `param`. */
  parseRequest(body: unknown, hints: RequestHints): Result<ModelRequest>;
  /**
   * Controls of a request that came in on this wire which the contract does not model, so that no other wire
   * can honour them: each becomes a warning where the provider speaks another wire. Names of fields or headers.
   */
  beyondContract(request: ModelRequest): readonly string[];
  renderStart(context: RenderContext): RenderState;
  /** Frames of one event, ready to be framed; after a terminal event nothing may follow. */
  renderEvent(event: StreamEvent, state: RenderState): readonly [RenderState, readonly Frame[]];
  /** The whole answer of a call that does not stream; `events` end with `finish`. */
  renderAnswer(events: readonly StreamEvent[], context: RenderContext): JsonObject;
  renderFault(fault: Fault, requestId: string): RenderedFault;

  // As a client: the provider's side.
  /** Appended to the deployment's base URL; begins with a slash, each segment percent-encoded. */
  path(request: ModelRequest, target: LowerTarget): string;
  lower(request: ModelRequest, target: LowerTarget): Result<Lowered>;
  readStart(): ReadState;
  step(state: ReadState, frame: Frame): readonly [ReadState, readonly StreamEvent[]];
  /** The bytes ended: the terminal event, unless `step` already gave one. */
  flush(state: ReadState): readonly StreamEvent[];
  /**
   * A whole body of a call that did not stream; the last event is terminal. `head`: for what a dialect says beside the
   * body alone; absent where there was none.
   */
  readAnswer(body: unknown, head?: AnswerHead): readonly StreamEvent[];
  /** A status of 400 and above. `body` is parsed JSON, or the text where it was none; `now`: by `Clock.wall`. */
  readError(status: number, headers: Headers, body: unknown, now: number): Fault;
}
