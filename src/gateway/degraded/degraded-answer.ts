/** What a degraded mode answers with, and how its words become events. Owns the shape; knows no mode. */
import type { Attempt } from "../../core/decision.ts";
import type { Deployment } from "../../core/deployment.ts";
import { NO_USAGE, type StreamEvent, type Usage } from "../../core/events.ts";
import type { Fault } from "../../core/faults.ts";
import type { DegradedLabel } from "../../core/plan.ts";
import type { Warning } from "../../wires/wire.ts";
import type { AnsweredBy } from "../cache/kept-document.ts";

export interface DegradedAnswer {
  readonly mode: DegradedLabel;
  readonly status: number;
  readonly events: readonly StreamEvent[];
  /** When to come back; null where that is not said. */
  readonly retryAfterSeconds: number | null;
  /** For the metadata of the body, beside the mode. */
  readonly labels?: Readonly<Record<string, unknown>>;
  /** Present where a mode made calls: all attempts of the request, these included. */
  readonly attempts?: readonly Attempt[];
  /** Present where a model said it just now. */
  readonly deployment?: Deployment;
  /** Present where a model had said it before. */
  readonly kept?: {
    readonly by: AnsweredBy;
    readonly ageMs: number;
    readonly warnings: readonly Warning[];
  };
}

/** What came of an answer that broke off. */
export interface PartialAnswer {
  readonly deployment: Deployment;
  /** Without an end. */
  readonly events: readonly StreamEvent[];
  readonly chars: number;
  readonly usage: Usage | null;
  readonly why: Fault;
}

/** `text` as a whole answer. */
export function eventsOf(text: string): readonly StreamEvent[] {
  const reason = { unified: "stop", raw: "stop" } as const;
  return [
    { type: "start" },
    { type: "text", choice: 0, text },
    { type: "choice_end", choice: 0, reason },
    { type: "finish", reason, usage: NO_USAGE },
  ];
}
