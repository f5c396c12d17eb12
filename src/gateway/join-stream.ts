/**
 * A second deployment's stream made to go on where the first one's broke off. Owns what of it the caller is
 * still to be told; where the two say the same is found by resilience/alignment.ts.
 */
import type { Deployment } from "../core/deployment.ts";
import type { FinishReason, StreamEvent, Usage } from "../core/events.ts";
import { type Fault, fault, type Result } from "../core/faults.ts";
import type { RoutePlan } from "../core/plan.ts";
import { type ModelRequest, withMessages } from "../core/request.ts";
import { textTokens } from "../policy/estimates/estimate-tokens.ts";
import { limitOutput } from "../providers/cap-output.ts";
import type { EventStream } from "../providers/event-stream.ts";
import type { StreamReply } from "../providers/send.ts";
import { type Aligner, createFreshAligner, createPrefilledAligner } from "../resilience/alignment.ts";
import { splitPrefill } from "../resilience/seam.ts";

export type JoinMode = "prefill" | "fresh";

/** Thoughts alone, or white space, are no beginning that a model could be given. */
export function joinModeFor({ model }: Deployment, told: string): JoinMode {
  return model.capabilities.has("prefill") && told.trim() !== "" ? "prefill" : "fresh";
}

const UNALIGNED = fault(
  "malformed",
  "answer_not_aligned",
  "Another model's answer could not be joined to the text that was already sent.",
);

/**
 * The request that makes a model go on: with the told text as its own beginning and, of the limit on the answer,
 * what that text leaves; or as it was, where all is said anew.
 */
export function continuationOf(request: ModelRequest, told: string, mode: JoinMode): ModelRequest {
  if (mode === "fresh") return request;
  const { given } = splitPrefill(told);
  const begun = { role: "assistant", content: [{ type: "text", text: given }] } as const;
  return lowerLimit(withMessages(request, [...request.messages, begun]), told);
}

/** `plan` with the size of what `continuationOf` makes of a request whose answer was begun with `told`. */
export function withBeginning(plan: RoutePlan, told: string): RoutePlan {
  const tokens = Math.ceil(textTokens(told));
  const { estimatedInputTokens, estimatedOutputTokens, openEnded } = plan;
  return {
    ...plan,
    estimatedInputTokens: estimatedInputTokens + tokens,
    // What is only assumed is what a call is worth making for.
    estimatedOutputTokens: openEnded ? estimatedOutputTokens : Math.max(1, estimatedOutputTokens - tokens),
  };
}

/** At least one token stays, since no API takes none and how many were told is an estimate. */
function lowerLimit(request: ModelRequest, told: string): ModelRequest {
  const { maxTokens } = request.sampling;
  if (maxTokens === undefined) return request;
  const left = Math.max(1, maxTokens - Math.ceil(textTokens(told)));
  return left === maxTokens ? request : limitOutput(request, left);
}

const STOP: FinishReason = { unified: "stop", raw: null };
/** What a model says that was given a whole answer as its own beginning, and has nothing to add. */
export function nothingMore(usage: Usage | null): StreamReply {
  return {
    kind: "stream",
    head: [
      { type: "choice_end", choice: 0, reason: STOP },
      { type: "finish", reason: STOP, usage },
    ],
    rest: null,
    warnings: [],
  };
}

/**
 * `reply` from where it says more than `told`; `see` is shown all that comes, also what was told before and is paid for.
 * Fault: `malformed`, `answer_not_aligned`; the call is ended.
 */
export async function joinStream(
  reply: StreamReply,
  told: string,
  mode: JoinMode,
  see: (event: StreamEvent) => void,
): Promise<Result<StreamReply>> {
  const joint = new Joint(told, mode);
  const { rest } = reply;
  let events = reply.head;
  for (;;) {
    const head: StreamEvent[] = [];
    for (const event of events) {
      see(event);
      if (event.type === "fault" && !joint.joined) return { ok: false, fault: event.fault };
      if (joint.pass(event, head) === "lost") {
        rest?.cancel(UNALIGNED);
        return { ok: false, fault: UNALIGNED };
      }
    }
    if (joint.joined) {
      return { ok: true, value: { ...reply, head, rest: rest && through(rest, joint, see) } };
    }
    if (!rest) return { ok: false, fault: UNALIGNED };
    events = await rest.next();
  }
}

/** The stream's own start was told, and thoughts that come after text would only confuse. */
function isRepeated(event: StreamEvent): boolean {
  return event.type === "start" || event.type === "reasoning" || event.type === "opaque";
}

class Joint {
  readonly #aligner: Aligner;
  /** Whether what comes from now on is new to the caller. */
  joined: boolean;

  constructor(told: string, mode: JoinMode) {
    this.joined = mode === "prefill";
    this.#aligner = mode === "prefill" ? createPrefilledAligner(told) : createFreshAligner(told);
  }

  /** Appends to `out` what of `event` the caller is to be told. */
  pass(event: StreamEvent, out: StreamEvent[]): "ok" | "lost" {
    if (isRepeated(event)) return "ok";
    if (event.type === "usage") {
      if (this.joined) out.push(event);
      return "ok";
    }
    const now = event.type === "text" ? this.#aligner.push(event.text) : this.#aligner.end();
    if (now.state !== "aligned") return now.state === "lost" ? "lost" : "ok";
    this.joined = true;
    const { text } = now;
    if (event.type === "text") {
      // One that came empty is there for its other fields.
      if (text !== "" || event.text === "") out.push(text === event.text ? event : { ...event, text });
      return "ok";
    }
    if (text !== "") out.push({ type: "text", choice: 0, text });
    out.push(event);
    return "ok";
  }
}

function through(rest: EventStream, joint: Joint, see: (event: StreamEvent) => void): EventStream {
  return {
    async next() {
      for (;;) {
        const out: StreamEvent[] = [];
        for (const event of await rest.next()) {
          see(event);
          joint.pass(event, out);
        }
        if (out.length > 0) return out;
      }
    },
    cancel: (why: Fault) => rest.cancel(why),
  };
}
