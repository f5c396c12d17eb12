/** A degraded mode as explain shows it: what would be said, as far as that is known. Plain JSON, no secrets. */
import type { DegradedLabel, DegradedMode } from "../../core/plan.ts";

export interface ExplainedDegraded {
  readonly mode: DegradedLabel;
  /** The words, or where they would come from. */
  readonly message: string;
  readonly status: number;
  readonly retryAfterSeconds?: number;
}

export function explainDegraded(mode: DegradedMode): ExplainedDegraded {
  switch (mode.mode) {
    case "template":
      return { mode: mode.mode, message: mode.message, status: mode.status };
    case "busy": {
      const { message, status, retryAfterSeconds } = mode;
      return { mode: mode.mode, message, status, retryAfterSeconds };
    }
    case "cached":
      return {
        mode: mode.mode,
        message: `the same answer, at most ${span(mode.maxAgeMs)} old`,
        status: mode.status,
      };
    case "partial":
      return { mode: mode.mode, message: "what came of an answer that broke off", status: mode.status };
    case "rules": {
      const sources = mode.rules.map(({ source }) => source).join("; ");
      return {
        mode: mode.mode,
        message: `by the user's last text: ${sources}`,
        status: mode.rules[0]?.status ?? 200,
      };
    }
    case "retrieval":
      return {
        mode: mode.mode,
        message: `${mode.top} passages at most of ${mode.folder}`,
        status: mode.status,
      };
    case "summarize_only":
      return {
        mode: mode.mode,
        message: `the model ${mode.alias === undefined ? "" : `${mode.alias} → `}${mode.model}, restricted`,
        status: mode.status,
      };
    case "human":
      return { mode: mode.mode, message: `queue ${mode.queue}: ${mode.message}`, status: mode.status };
  }
}

function span(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  return ms < 3_600_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}
