/** Which fault hits which request. Owns windows, matching and chance; pure: the time comes in. */
import type { WireId } from "../../core/request.ts";
import type { SimulatedDeployment } from "./scenario.ts";
import type { FaultEntry, FaultMatch } from "./scenario-faults.ts";

/** A request as faults look at it. */
export interface Arrival {
  readonly deployment: SimulatedDeployment;
  readonly wire: WireId;
  /** Counts the deployment's requests from 0: with the seed it fixes every draw. */
  readonly requestNumber: number;
}

/** The first entry of `faults` that is active at `elapsedMs`, fits the request and wins its draw. */
export function activeFault(
  faults: readonly FaultEntry[],
  seed: number,
  elapsedMs: number,
  arrival: Arrival,
): FaultEntry | null {
  const { deployment, requestNumber } = arrival;
  for (const entry of faults) {
    if (!isActive(entry, elapsedMs) || !matches(entry.match, arrival)) continue;
    if (entry.probability >= 1) return entry;
    if (draw(`${seed}|${entry.name}|${deployment.id}|${requestNumber}`) < entry.probability) return entry;
  }
  return null;
}

/** Whether the window [start, start + duration), repeated where asked, holds `elapsedMs`. */
export function isActive(entry: FaultEntry, elapsedMs: number): boolean {
  const since = elapsedMs - entry.startMs;
  if (since < 0) return false;
  if (entry.durationMs === null) return true;
  const within = entry.repeatEveryMs === null ? since : since % entry.repeatEveryMs;
  return within < entry.durationMs;
}

function matches(match: FaultMatch, { deployment, wire }: Arrival): boolean {
  if (match.wire !== null && !match.wire.includes(wire)) return false;
  if (match.deployment !== null && !match.deployment.includes(deployment.id)) return false;
  if (match.model !== null && !match.model.includes(deployment.model)) return false;
  if (match.region === null) return true;
  return deployment.region !== null && match.region.includes(deployment.region);
}

/** 32 bits from `text`: FNV-1a, then murmur3's finaliser so that near texts land far apart. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

/** A number in [0, 1) that depends on `text` alone. */
export function draw(text: string): number {
  return hash(text) / 4294967296;
}
