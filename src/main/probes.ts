/** The calls that the gateway makes of its own accord, over the real providers. Owns what a probe used and cost. */
import type { Clock, Random } from "../core/clock.ts";
import type { AttemptTimeouts, Deployment } from "../core/deployment.ts";
import type { Usage } from "../core/events.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";
import { createUsageMeter, priceUsage } from "../gateway/account.ts";
import type { Authorize } from "../providers/authorize.ts";
import { type ProviderReply, sendToProvider } from "../providers/send.ts";
import type { Transport } from "../providers/transport.ts";
import type { Health } from "../resilience/health.ts";
import { probeRequest } from "../resilience/probe-request.ts";
import { type ProbeCall, type ProbeResult, type Prober, startProber } from "../resilience/prober.ts";

export interface ProbeParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly health: Health;
  readonly authorize: Authorize;
  readonly transport: Transport;
  /** The policy in force. */
  snapshot(): ConfigSnapshot;
  /** Told of every probe; `ok`: the deployment answered. */
  onProbe?(deployment: Deployment, ok: boolean, result: ProbeResult): void;
  /** Told what making a probe threw: a defect of the gateway's own. */
  reportThrown(deployment: Deployment, thrown: unknown): void;
}

/** Tokens that a probe's prompt is taken for where the provider does not say. */
const PROMPT_TOKENS = 8;

/** Begins to look what is due. Probes are no requests: they leave a metric and a report, and no decision record. */
export function startProbes(parts: ProbeParts): Prober {
  const { clock, random, health, snapshot, onProbe, reportThrown } = parts;
  return startProber({
    clock,
    random,
    health,
    snapshot,
    send: (call) => sendProbe(call, parts),
    reportThrown,
    ...(onProbe && { onProbe }),
  });
}

async function sendProbe(call: ProbeCall, { clock, authorize, transport }: ProbeParts): Promise<ProbeResult> {
  const { deployment, prompt, timeoutMs, signal } = call;
  const timeouts: AttemptTimeouts = {
    connect: timeoutMs,
    firstToken: timeoutMs,
    idle: timeoutMs,
    total: timeoutMs,
  };
  const sent = await sendToProvider(
    {
      request: probeRequest(deployment, prompt),
      deployment,
      timeouts,
      committedTotalMs: timeoutMs,
      traceparent: newTraceparent(),
      tracestate: null,
      callerSignal: signal,
    },
    { clock, authorize, transport },
  );
  if (!sent.ok) return { fault: sent.fault, usage: null, cost: null };
  const usage = usageOf(sent.value);
  return { fault: null, usage, cost: priceUsage(deployment, usage) };
}

function usageOf(reply: ProviderReply): Usage {
  const meter = createUsageMeter();
  for (const event of reply.kind === "whole" ? reply.events : reply.head) meter.see(event);
  return meter.usage(PROMPT_TOKENS);
}

/** W3C trace context of a trace that nobody records. */
function newTraceparent(): string {
  const digits = () => crypto.randomUUID().replaceAll("-", "");
  return `00-${digits()}-${digits().slice(16)}-00`;
}
