/**
 * The data plane on a clock of its own, with providers that a test plays by hand. Owns neither sockets nor a store;
 * what was recorded is kept in memory.
 */
import { seededRandom } from "../core/clock.ts";
import type { Decision } from "../core/decision.ts";
import { FakeClock } from "../core/fake-clock.ts";
import { createIds } from "../core/ids.ts";
import { FAKE_CALLER, snapshotOf } from "../policy/fake-policy.ts";
import type { Ending, Transport, UpstreamAnswer } from "../providers/transport.ts";
import { loadedWire, loadWire } from "../providers/wire-registry.ts";
import { createHealth, type Health } from "../resilience/health.ts";
import { createRetryBudget } from "../resilience/retry-budget.ts";
import { createAdmission } from "./admit.ts";
import { DEFAULT_INGRESS_LIMITS, type Gateway } from "./gateway.ts";
import { handleInference } from "./handle-inference.ts";
import { createGatewayMetrics } from "./metrics/gateway-metrics.ts";

const ENCODER = new TextEncoder();

/** One call as the provider sees it. */
export class PlayedCall {
  /** The deployment's `model_id`. */
  readonly model: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Whether the gateway has let go of it. */
  ended = false;
  readonly status: number;
  readonly contentType: string;
  readonly #pieces: (Uint8Array | null | Error)[] = [];
  #wake: (() => void) | null = null;

  constructor(body: Readonly<Record<string, unknown>>, status: number) {
    this.model = String(body.model);
    this.body = body;
    this.status = status;
    this.contentType = body.stream === true && status === 200 ? "text/event-stream" : "application/json";
  }

  /** One chunk with this text. */
  say(text: string): void {
    this.chunk({ content: text });
  }

  chunk(delta: Readonly<Record<string, unknown>>, finish: string | null = null): void {
    const choices = [{ index: 0, delta, finish_reason: finish }];
    this.raw(
      `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices })}\n\n`,
    );
  }

  /** The proper end of a stream. */
  finish(): void {
    this.chunk({}, "stop");
    this.raw("data: [DONE]\n\n");
    this.#push(null);
  }

  /** All of an answer that is not streamed. */
  answer(body: unknown): void {
    this.raw(JSON.stringify(body));
    this.#push(null);
  }

  raw(text: string): void {
    this.#push(ENCODER.encode(text));
  }

  /** The connection is gone. */
  lose(): void {
    this.#push(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
  }

  abort(): void {
    this.ended = true;
    this.#push(new Error("aborted"));
  }

  async next(): Promise<{ done: boolean; value?: Uint8Array }> {
    while (this.#pieces.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const piece = this.#pieces.shift();
    if (piece instanceof Error) throw piece;
    return piece ? { done: false, value: piece } : { done: true };
  }

  #push(piece: Uint8Array | null | Error): void {
    this.#pieces.push(piece);
    this.#wake?.();
  }
}

function answerOf(call: PlayedCall): UpstreamAnswer {
  return {
    status: call.status,
    contentType: call.contentType,
    headers: () => new Headers(),
    read: () => call.next() as ReturnType<UpstreamAnswer["read"]>,
    async whole() {
      const parts: Uint8Array[] = [];
      for (let part = await call.next(); !part.done; part = await call.next()) {
        if (part.value) parts.push(part.value);
      }
      return Buffer.concat(parts);
    },
    async cancel() {
      call.ended = true;
    },
  };
}

export interface PlayedGateway {
  readonly clock: FakeClock;
  readonly health: Health;
  /** Those that the providers have seen, in order. */
  readonly calls: readonly PlayedCall[];
  readonly decisions: readonly Decision[];
  /** What the gateway reported as its own failure. */
  readonly internal: readonly unknown[];
  /** Asks as OpenAI's clients do. `signal`: aborts when the caller leaves. */
  ask(body: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<Response>;
}

/** `play` is given each call as it is made, and answers it or says with which status it is answered. */
export async function playedGateway(
  policy: string,
  play: (call: PlayedCall) => void,
  statusOf: (model: string) => number = () => 200,
): Promise<PlayedGateway> {
  await loadWire("openai-chat");
  const wire = loadedWire("openai-chat");
  if (!wire) throw new Error("The wire was not loaded.");
  const clock = new FakeClock();
  const snapshot = snapshotOf(policy);
  const health = createHealth(clock);
  health.reconfigure(snapshot.deployments, snapshot.circuit);
  const calls: PlayedCall[] = [];
  const recorded: Decision[] = [];
  const internal: unknown[] = [];
  const transport: Transport = {
    limitsConnect: true,
    async send(unsigned, _connectMs, ending: Ending) {
      const body = JSON.parse(unsigned.body) as Record<string, unknown>;
      const call = new PlayedCall(body, statusOf(String(body.model)));
      calls.push(call);
      ending.follow(call);
      play(call);
      return answerOf(call);
    },
    close: () => {},
  };
  const admission = createAdmission();
  const decisions: Gateway["decisions"] = {
    push: (decision) => void recorded.push(decision),
    flush: async () => true,
    stats: () => ({ depth: 0, written: 0, failed: 0, lastError: null, dropped: { full: 0, closed: 0 } }),
    close: () => {},
  };
  const gateway: Gateway = {
    snapshot: () => snapshot,
    clock,
    random: seededRandom(1),
    ids: createIds(clock, seededRandom(2)),
    authorize: () => undefined,
    transport,
    health,
    retryBudget: createRetryBudget(snapshot.retry),
    admission,
    decisions,
    metrics: createGatewayMetrics({
      health,
      admission,
      decisions,
      policyVersion: () => snapshot.version,
      policyStatus: () => ({}),
      startedAt: clock.now(),
      now: () => clock.now(),
    }),
    ingress: DEFAULT_INGRESS_LIMITS,
    reportInternal: (_id, thrown) => void internal.push(thrown),
  };
  return {
    clock,
    health,
    calls,
    decisions: recorded,
    internal,
    ask(body, signal) {
      const http = new Request("http://127.0.0.1/v1/chat/completions", {
        method: "POST",
        body: JSON.stringify({ messages: [{ role: "user", content: "Hello" }], ...body }),
        ...(signal && { signal }),
      });
      return handleInference(gateway, { wire }, http, FAKE_CALLER);
    },
  };
}

/** A policy with the given use cases over `first` and `second`, two models with a provider that is played. */
export function playedPolicy(useCases: string, timeouts: string): string {
  return `version: 1
name: played
providers:
  own: { kind: openai-compatible, base_url: "http://127.0.0.1:1/v1", credential: none }
models:
  first: { context_window: 32000, capabilities: [seed], prices: { input: 3, output: 15 } }
  second: { context_window: 32000, prices: { input: 3, output: 15 } }
deployments:
  first-us: { model: first, provider: own, model_id: first, region: us-east-1 }
  second-eu: { model: second, provider: own, model_id: second, region: eu-west-1 }
use_cases:
${useCases}
timeouts:
  interactive: ${timeouts}
circuit: { consecutive_failures: 3, minimum_calls: 1000, open_for: 2s, probes: 1 }
`;
}
