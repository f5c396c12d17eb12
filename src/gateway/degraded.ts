/** What answers when no model does (E8): the policy's words, rendered as an answer in the caller's dialect. */
import type { StreamEvent } from "../core/events.ts";
import { NO_USAGE } from "../core/events.ts";
import type { DegradedMode } from "../core/plan.ts";
import type { Exchange } from "./exchange.ts";

export interface DegradedAnswer {
  readonly mode: DegradedMode;
  readonly events: readonly StreamEvent[];
  /** For the `busy` mode: when to come back. */
  readonly retryAfterSeconds: number | null;
}

/** The policy's first mode, which can always answer; null where it names none. */
export function degradedAnswer(exchange: Exchange): DegradedAnswer | null {
  const mode = exchange.plan?.degraded[0];
  if (!mode) return null;
  const text = fillTemplate(mode.message, {
    use_case: exchange.plan?.useCase ?? "",
    request_id: exchange.requestId,
    tenant: exchange.caller?.tenant ?? "",
  });
  const reason = { unified: "stop", raw: "stop" } as const;
  return {
    mode,
    events: [
      { type: "start" },
      { type: "text", choice: 0, text },
      { type: "choice_end", choice: 0, reason },
      { type: "finish", reason, usage: NO_USAGE },
    ],
    retryAfterSeconds: mode.mode === "busy" ? mode.retryAfterSeconds : null,
  };
}

/** Replaces `{{name}}`; a name that is not known stays as it is, so that a typo can be seen. */
export function fillTemplate(template: string, variables: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{\s*([a-z_]+)\s*\}\}/g, (whole, name: string) =>
    Object.hasOwn(variables, name) ? (variables[name] ?? whole) : whole,
  );
}
