/**
 * The ways a simulated provider can fail, as a scenario writes them and as the simulator runs them. Owns the
 * fault's schema and its compiled shape; knows no clock and does nothing wrong itself.
 */
import { z } from "zod";
import { parseDuration } from "../../core/duration.ts";
import type { WireId } from "../../core/request.ts";

/** The code by which scenarios know throttling, whatever the wire calls it. */
const THROTTLED = "rate_limit_exceeded";

const DURATION_HELP = "expected a duration such as 250ms, 20s or 2m (or 0)";

/** A duration as written; milliseconds once parsed. */
export const duration = z
  .union([z.string(), z.literal(0)], { error: DURATION_HELP })
  .transform((written, context) => {
    const ms = parseDuration(String(written));
    if (ms !== null) return ms;
    context.addIssue({ code: "custom", message: `${DURATION_HELP}, not "${written}"` });
    return z.NEVER;
  })
  .meta({ description: "A duration: 250ms, 20s, 2m; 0 for none." });

const oneOrMore = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
    error: "expected a name or a list of names",
  })
  .transform((names) => (typeof names === "string" ? [names] : names));

const WIRES = [
  "openai-chat",
  "openai-responses",
  "openai-embeddings",
  "anthropic-messages",
  "bedrock-converse",
  "bedrock-invoke",
  "gemini",
  "gemini-embeddings",
  "native",
] as const satisfies readonly WireId[];

const oneOrMoreWires = z
  .union([z.enum(WIRES), z.array(z.enum(WIRES)).min(1)], {
    error: `expected a wire or a list of wires: ${WIRES.join(", ")}`,
  })
  .transform((wires): readonly WireId[] => (typeof wires === "string" ? [wires] : wires));

const tokenCount = z.int().min(0).max(1_000_000);
const flag = z.literal(true);

/** Every way a simulated provider can fail, one key each; `retry_after*` and `code` refine two of them. */
const faultShape = {
  status: z.int().min(400).max(599).optional().describe("Answer with this HTTP status and an error body."),
  throttle: z.union([flag, duration]).optional().describe("429 with Retry-After: that long, or 1s for true."),
  reset: flag.optional().describe("Reset the connection."),
  hang: flag.optional().describe("Accept the request and never answer."),
  slow_first_token: duration.optional().describe("Wait this long before the first token."),
  slow_tokens: z.number().positive().max(1e6).optional().describe("Tokens per second from now on."),
  stall_after_tokens: tokenCount.optional().describe("Fall silent after so many tokens, connection open."),
  cut_after_tokens: tokenCount.optional().describe("Drop the connection after so many tokens."),
  error_in_stream_after_tokens: tokenCount.optional().describe("An error inside the stream."),
  malformed_chunk_at: tokenCount.optional().describe("A chunk that cannot be read before this token."),
  missing_done: flag.optional().describe("A stream without its last frame: [DONE], message_stop, metadata …"),
  empty_answer: flag.optional().describe("An answer without content."),
  invalid_json: flag
    .optional()
    .describe("A body or chunk that is not JSON; content that is not, if asked for."),
  schema_violation: flag.optional().describe("JSON that violates the schema asked for."),
  context_overflow: flag.optional().describe("Refused as too long, in the provider's own words."),
  content_filter: flag.optional().describe("Refused for its content, in the provider's own words."),
  content_filter_finish: flag.optional().describe("Half an answer, finish reason content_filter."),
  retry_after: z.number().min(0).max(86_400).optional().describe("Seconds; with status or throttle."),
  retry_after_date: flag.optional().describe("Write Retry-After as an HTTP date; with status or throttle."),
  code: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe("The error's code, type or exception; with status. rate_limit_exceeded: also in a stream."),
};

const REFINEMENTS: ReadonlySet<string> = new Set(["retry_after", "retry_after_date", "code"]);

/** Fault kinds in the order the schema lists them. */
export const SIMULATED_FAULT_KINDS: readonly string[] = Object.keys(faultShape).filter(
  (key) => !REFINEMENTS.has(key),
);

const faultObject = z.strictObject(faultShape);
type FaultObject = z.output<typeof faultObject>;

/** What a simulated provider does wrong. Durations in milliseconds. */
export type SimulatedFault =
  | {
      readonly kind: "status";
      readonly status: number;
      readonly code: string | null;
      readonly retryAfterSeconds: number | null;
      readonly retryAfterDate: boolean;
    }
  | { readonly kind: "slow_first_token"; readonly delayMs: number }
  | { readonly kind: "slow_tokens"; readonly tokensPerSecond: number }
  | {
      readonly kind: "stall_after_tokens" | "cut_after_tokens" | "malformed_chunk_at";
      readonly tokens: number;
    }
  | {
      readonly kind: "error_in_stream_after_tokens";
      readonly tokens: number;
      /** The stream is throttled; otherwise the model failed. */
      readonly throttled: boolean;
    }
  | { readonly kind: PlainFaultKind };

/** Kinds that need no parameter. */
type PlainFaultKind =
  | "reset"
  | "hang"
  | "missing_done"
  | "empty_answer"
  | "invalid_json"
  | "schema_violation"
  | "context_overflow"
  | "content_filter"
  | "content_filter_finish";

const fault = z
  .union([z.string(), faultObject], { error: "expected one kind of fault, such as { status: 503 }" })
  .transform((written, context): SimulatedFault => {
    const fields = typeof written === "string" ? faultObject.safeParse({ [written]: true }).data : written;
    const kinds = fields ? SIMULATED_FAULT_KINDS.filter((kind) => kind in fields) : [];
    if (fields && kinds.length === 1 && kinds[0]) return compileFault(kinds[0], fields);
    const message =
      typeof written === "string"
        ? `"${written}" is no fault that needs no value; kinds are ${SIMULATED_FAULT_KINDS.join(", ")}`
        : `expected exactly one kind of fault (${SIMULATED_FAULT_KINDS.join(", ")}), found ${kinds.length}`;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });

function compileFault(kind: string, fields: FaultObject): SimulatedFault {
  switch (kind) {
    case "status":
      return statusFault(fields.status ?? 500, fields.code ?? null, fields.retry_after ?? null, fields);
    case "throttle": {
      const seconds = typeof fields.throttle === "number" ? fields.throttle / 1000 : 1;
      return statusFault(429, THROTTLED, fields.retry_after ?? seconds, fields);
    }
    case "slow_first_token":
      return { kind, delayMs: fields.slow_first_token ?? 0 };
    case "slow_tokens":
      return { kind, tokensPerSecond: fields.slow_tokens ?? 1 };
    case "stall_after_tokens":
    case "cut_after_tokens":
    case "malformed_chunk_at":
      return { kind, tokens: fields[kind] ?? 0 };
    case "error_in_stream_after_tokens":
      return { kind, tokens: fields[kind] ?? 0, throttled: fields.code === THROTTLED };
    default:
      return { kind: kind as PlainFaultKind };
  }
}

function statusFault(
  status: number,
  code: string | null,
  retryAfterSeconds: number | null,
  fields: FaultObject,
): SimulatedFault {
  return {
    kind: "status",
    status,
    code,
    retryAfterSeconds,
    retryAfterDate: fields.retry_after_date === true,
  };
}

/** One entry of `faults:`, also the body of `POST /_simulator/faults`. */
export const faultEntrySchema = z
  .strictObject({
    name: z.string().min(1).max(200).optional(),
    match: z
      .strictObject({
        deployment: oneOrMore.optional(),
        region: oneOrMore.optional(),
        model: oneOrMore.optional(),
        wire: oneOrMoreWires.optional(),
      })
      .optional()
      .describe("Which deployments and wires; absent: all. Stated fields must all fit."),
    start: duration.optional().describe("After the scenario began (or after injection); default 0."),
    duration: duration.optional().describe("How long; absent: until cleared."),
    repeat_every: duration.optional().describe("Begin again this long after each start, so a demo can loop."),
    probability: z.number().min(0).max(1).optional().describe("Share of requests it hits; default 1."),
    fault,
  })
  .superRefine((entry, context) => {
    if (entry.repeat_every === undefined) return;
    if (entry.repeat_every === 0 || (entry.duration ?? Number.POSITIVE_INFINITY) > entry.repeat_every) {
      const message = "repeat_every must be longer than 0 and at least as long as the fault's duration";
      context.addIssue({ code: "custom", path: ["repeat_every"], message });
    }
  });

/** A fault with its window, in milliseconds since the scenario began. */
export interface FaultEntry {
  readonly name: string;
  readonly match: FaultMatch;
  readonly startMs: number;
  /** Null: until cleared. */
  readonly durationMs: number | null;
  readonly repeatEveryMs: number | null;
  readonly probability: number;
  readonly fault: SimulatedFault;
}

/** Null: any. */
export interface FaultMatch {
  readonly deployment: readonly string[] | null;
  readonly region: readonly string[] | null;
  readonly model: readonly string[] | null;
  readonly wire: readonly WireId[] | null;
}

export function compileFaultEntry(
  entry: z.output<typeof faultEntrySchema>,
  fallbackName: string,
): FaultEntry {
  return {
    name: entry.name ?? fallbackName,
    match: {
      deployment: entry.match?.deployment ?? null,
      region: entry.match?.region ?? null,
      model: entry.match?.model ?? null,
      wire: entry.match?.wire ?? null,
    },
    startMs: entry.start ?? 0,
    durationMs: entry.duration ?? null,
    repeatEveryMs: entry.repeat_every ?? null,
    probability: entry.probability ?? 1,
    fault: entry.fault,
  };
}
