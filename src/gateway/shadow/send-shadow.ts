/** One copy, sent once and read to its end. Owns that nothing of the answer is kept but what it measures. */

import type { AttemptTimeouts } from "../../core/deployment.ts";
import { heldChars, isTerminal, type StreamEvent } from "../../core/events.ts";
import type { Fault } from "../../core/faults.ts";
import type { ShadowCall } from "../../core/plan.ts";
import type { ModelRequest } from "../../core/request.ts";
import { withinLimits } from "../../providers/prepare-call.ts";
import { type ProviderReply, sendToProvider } from "../../providers/send.ts";
import type { Warning } from "../../wires/wire.ts";
import { createUsageMeter, priceUsage } from "../account.ts";
import { childTraceparent } from "../exchange.ts";
import { checkAnswerFormat } from "../format/answer-format.ts";
import type { SchemaChecks } from "../format/judge-schema.ts";
import { lostCall } from "../lost-call.ts";
import type { LiveRequest, ShadowPorts } from "./shadow-port.ts";
import type { ShadowOutcome } from "./shadow-record.ts";
import { shadowRequest } from "./shadow-request.ts";

/** Characters of an answer that are held to see whether it is JSON. */
const MAX_HELD_CHARS = 4 * 1024 * 1024;

/** Never tried again. Faults are outcomes; it rejects only where the gateway itself is at fault. */
export async function sendShadow(
  ports: ShadowPorts,
  live: LiveRequest,
  request: ModelRequest,
  call: ShadowCall,
  limits: { readonly timeouts: AttemptTimeouts; readonly signal: AbortSignal },
): Promise<ShadowOutcome> {
  const { clock } = ports;
  const { timeouts, signal } = limits;
  const startedAt = clock.now();
  const { deployment } = call;
  const copy = shadowRequest(request, call.change, deployment.wire);
  const limited = withinLimits(copy, call.maxOutputTokens, deployment.model, null);
  if (!limited.ok) return { ...NOTHING, startedAt, durationMs: 0, fault: limited.fault };
  const sent = await sendToProvider(
    {
      request: limited.value.request,
      deployment,
      timeouts,
      committedTotalMs: timeouts.total,
      traceparent: childTraceparent(live, ports.random),
      tracestate: live.tracestate,
      callerSignal: signal,
    },
    ports,
  );
  if (!sent.ok) {
    const lost = lostCall(sent, request, call.estimatedInputTokens, call.deployment);
    return { ...NOTHING, startedAt, durationMs: clock.now() - startedAt, ...lost };
  }
  const reply = sent.value;
  const firstTokenMs = reply.kind === "stream" ? clock.now() - startedAt : null;
  const read = await readToEnd(reply, request, ports.schemaChecks);
  const { last, fault } = read;
  const usage = read.meter.usage(call.estimatedInputTokens);
  return {
    startedAt,
    durationMs: clock.now() - startedAt,
    firstTokenMs,
    finish: last?.type === "finish" ? last.reason : null,
    fault,
    usage,
    cost: priceUsage(deployment, usage),
    formatValid: fault ? null : read.formatValid,
    warnings: controlsOf(reply.warnings, limited.value.warning),
  };
}

function controlsOf(lost: readonly Warning[], capped: Warning | null): readonly string[] {
  const controls = lost.map(({ control }) => control);
  return capped === null ? controls : [...controls, capped.control];
}

const NOTHING = {
  firstTokenMs: null,
  finish: null,
  usage: null,
  cost: 0,
  formatValid: null,
  warnings: [],
} as const;

interface Read {
  readonly last: StreamEvent | undefined;
  readonly fault: Fault | null;
  readonly meter: ReturnType<typeof createUsageMeter>;
  readonly formatValid: boolean | null;
}

async function readToEnd(
  reply: ProviderReply,
  request: ModelRequest,
  checks: SchemaChecks | undefined,
): Promise<Read> {
  const meter = createUsageMeter();
  // Held only where it is looked at, and let go with this call.
  let held: StreamEvent[] | null = request.responseFormat.type === "text" ? null : [];
  let chars = 0;
  let last: StreamEvent | undefined;
  const see = (events: readonly StreamEvent[]): void => {
    for (const event of events) {
      meter.see(event);
      last = event;
      if (held === null) continue;
      held.push(event);
      chars += heldChars(event);
      if (chars > MAX_HELD_CHARS) held = null;
    }
  };
  see(reply.kind === "whole" ? reply.events : reply.head);
  const rest = reply.kind === "stream" ? reply.rest : null;
  while (rest !== null && !(last && isTerminal(last))) see(await rest.next());
  const fault = last?.type === "fault" ? last.fault : null;
  const verdict = held === null ? null : await checkAnswerFormat(request, held, checks);
  const isKnown = held !== null && verdict?.type !== "unchecked";
  return { last, fault, meter, formatValid: isKnown ? verdict?.type !== "broken" : null };
}
