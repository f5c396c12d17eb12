/**
 * Calls that nobody asked for, so that a deployment's recovery, or its failure in a quiet hour, is not found out
 * by a caller. Owns when each deployment is probed and what its circuit learns; `send` makes the call.
 *
 * A circuit that has opened decides itself when it may be probed; a probe then goes as soon as it may, one after
 * the other until the circuit has closed or opened again. A closed one is probed where the policy says `always`
 * and no request came for a while. A deployment that an operator took out, or whose quota cools down, is left
 * alone. At most four probes are under way at once.
 */
import type { Clock, Random, Timer } from "../core/clock.ts";
import type { Deployment } from "../core/deployment.ts";
import type { Usage } from "../core/events.ts";
import { type Fault, healthOf } from "../core/faults.ts";
import type { NanoDollars } from "../core/money.ts";
import type { ProbeSettings } from "../core/settings.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";
import type { Permit } from "./circuit.ts";
import type { Health } from "./health.ts";

/** How often it looks what is due, give or take a half. */
const LOOK_EVERY_MS = 1000;
const AT_ONCE = 4;

/** One probe, to be made. */
export interface ProbeCall {
  readonly deployment: Deployment;
  readonly prompt: string;
  readonly timeoutMs: number;
  /** Aborts when the process ends. */
  readonly signal: AbortSignal;
}

/** `fault`: null where it was answered. `cost`: null where it is unknown. */
export interface ProbeResult {
  readonly fault: Fault | null;
  readonly usage: Usage | null;
  readonly cost: NanoDollars | null;
}

export interface ProberPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly health: Health;
  /** The policy in force. */
  snapshot(): Pick<ConfigSnapshot, "deployments" | "probes">;
  /** Ends within the call's timeout, and soon after its signal aborts: then it may reject. */
  send(call: ProbeCall): Promise<ProbeResult>;
  /** Told of every probe that was made. `ok`: the deployment answered, if only badly. */
  onProbe?(deployment: Deployment, ok: boolean, result: ProbeResult): void;
  /** Told what `send` threw, which it should not: nothing is learnt of the deployment. */
  reportThrown(deployment: Deployment, thrown: unknown): void;
}

export interface Prober {
  /** Starts no more probes and ends those under way; resolves when they have ended. */
  stop(): Promise<void>;
}

/** Looks at the policy of the moment each time, so it need not be told of a new one. */
export function startProber(ports: ProberPorts): Prober {
  const { clock, random } = ports;
  const underWay = new Map<string, Promise<void>>();
  const nextAt = new Map<string, number>();
  const ending = new AbortController();
  let timer: Timer;

  const look = (): void => {
    const { probes, deployments } = ports.snapshot();
    const now = clock.now();
    for (const id of nextAt.keys()) if (!probes.has(id)) nextAt.delete(id);
    for (const [id, settings] of probes) {
      const deployment = deployments.get(id);
      if (!deployment || underWay.has(id) || underWay.size >= AT_ONCE) continue;
      if (!isDue(ports, id, settings, nextAt, now)) continue;
      nextAt.set(id, now + settings.everyMs * (0.75 + 0.5 * random()));
      const probe = makeProbe(ports, deployment, settings, ending.signal).finally(() => underWay.delete(id));
      underWay.set(id, probe);
    }
    timer = clock.after(LOOK_EVERY_MS * (0.5 + random()), look);
  };
  timer = clock.after(LOOK_EVERY_MS * random(), look);

  return {
    async stop() {
      timer.cancel();
      ending.abort();
      await Promise.all(underWay.values());
    },
  };
}

function isDue(
  { health, random }: ProberPorts,
  id: string,
  { everyMs, when }: ProbeSettings,
  nextAt: Map<string, number>,
  now: number,
): boolean {
  if (health.blocked(id, now) !== null) return false;
  if (health.openReason(id) !== null) return true;
  if (when === "open") return false;
  const next = nextAt.get(id);
  if (next === undefined) {
    // Not all of them in the same moment after a start.
    nextAt.set(id, now + everyMs * random());
    return false;
  }
  return now >= next && now - health.lastTrafficAt(id) >= everyMs;
}

async function makeProbe(
  ports: ProberPorts,
  deployment: Deployment,
  { prompt, timeoutMs }: ProbeSettings,
  signal: AbortSignal,
): Promise<void> {
  const { clock, health } = ports;
  const { id } = deployment;
  const permit = health.admit(id, clock.now(), "probe");
  if (typeof permit === "string") return;
  if (permit.probe && (await health.claimProbe(id, permit)) === false) {
    permit.settle("none", clock.now());
    return;
  }
  const startedAt = clock.now();
  let result: ProbeResult;
  try {
    result = await ports.send({ deployment, prompt, timeoutMs, signal });
  } catch (thrown) {
    permit.settle("none", clock.now());
    if (!signal.aborted) ports.reportThrown(deployment, thrown);
    return;
  }
  if (signal.aborted) permit.settle("none", clock.now());
  else learn(ports, deployment, permit, result, startedAt);
}

function learn(
  { clock, health, onProbe }: ProberPorts,
  deployment: Deployment,
  permit: Permit,
  result: ProbeResult,
  startedAt: number,
): void {
  const now = clock.now();
  const { fault } = result;
  const durationMs = now - startedAt;
  // It has said something, which is what was asked.
  const ok = fault === null || fault.kind === "malformed";
  if (fault?.retryAfterMs !== undefined) health.coolUntil(deployment.quotaGroup, now + fault.retryAfterMs);
  permit.settle(fault === null ? "good" : healthOf(fault), now, ok ? durationMs : undefined);
  health.recordProbe(deployment.id, { at: now, ok, code: fault?.code ?? null, durationMs });
  onProbe?.(deployment, ok, result);
}
