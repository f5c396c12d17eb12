/**
 * A streamed answer as the caller's socket takes it, piece by piece. Owns the pulling and the wait for a reader; what the
 * pieces say is stream-answer.ts's.
 */
import type { Timer } from "../core/clock.ts";
import { type Fault, fault } from "../core/faults.ts";
import { NOT_READ } from "../providers/watchdog.ts";
import type { Frame } from "../wires/frame.ts";
import type { Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";

export interface PulledAnswer {
  /** Nothing is left to tell, and it is on record. */
  readonly over: boolean;
  /** The frames of what came next; empty while there is nothing to tell. */
  next(): Promise<readonly Frame[]>;
  /** Ends it in the middle: the caller has left, or the gateway failed. */
  abandon(why: Fault): void;
  /** As `abandon`, for a caller who may still hear of it: the frames that say so. Not while `next` is under way. */
  giveUp(why: Fault): readonly Frame[];
}

/** Milliseconds after which a reader who is late, but takes something at the moment, is looked for again. */
const LOOK_AGAIN_MS = 1000;

/**
 * What a stream's reader pulls from. One who stops reading is waited for until the request's deadline: the place, the
 * permit and the call that an answer holds are others' as well.
 */
export class AnswerSource {
  readonly #gateway: Gateway;
  readonly #exchange: Exchange;
  readonly #answer: PulledAnswer;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #timer: Timer | null = null;
  #pulling = false;
  #isLeft = false;

  constructor(gateway: Gateway, exchange: Exchange, answer: PulledAnswer) {
    this.#gateway = gateway;
    this.#exchange = exchange;
    this.#answer = answer;
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
    const { plan, arrivedAt } = this.#exchange;
    const { clock } = this.#gateway;
    if (plan) this.#timer = clock.after(arrivedAt + plan.deadlineMs - clock.now(), this.#lookForReader);
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const answer = this.#answer;
    this.#pulling = true;
    try {
      while (!answer.over) {
        const frames = await answer.next();
        // Meanwhile: a stream that its reader has left takes neither words nor an end.
        if (this.#isLeft) return;
        if (frames.length === 0) continue;
        controller.enqueue(this.#exchange.wire.framing.encode(frames));
        break;
      }
      if (answer.over) this.#close(controller);
    } catch (thrown) {
      this.#timer?.cancel();
      this.#gateway.reportInternal(this.#exchange.requestId, thrown);
      answer.abandon(fault("internal", "internal_error", "The gateway failed in the middle of this stream."));
      controller.error(thrown);
    } finally {
      this.#pulling = false;
    }
  }

  cancel(): void {
    this.#isLeft = true;
    this.#timer?.cancel();
    this.#answer.abandon(
      fault("cancelled", "caller_left", "The caller left before the answer was complete."),
    );
  }

  #close(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#timer?.cancel();
    controller.close();
  }

  readonly #lookForReader = (): void => {
    const controller = this.#controller;
    if (controller === null || this.#isLeft || this.#answer.over) return;
    // What is under way ends by the limits of its call.
    if (this.#pulling) {
      this.#timer = this.#gateway.clock.after(LOOK_AGAIN_MS, this.#lookForReader);
      return;
    }
    controller.enqueue(this.#exchange.wire.framing.encode(this.#answer.giveUp(NOT_READ)));
    controller.close();
  };
}
