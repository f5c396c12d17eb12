/** Whether this machine's clock agrees with an endpoint's. Owns the tolerances. */
import type { Clock } from "../../core/clock.ts";
import { failure, fine, skipped, type Verdict, warning } from "./check-result.ts";
import type { DoctorPorts } from "./doctor-ports.ts";
import { type Limit, tryWithin } from "./try-within.ts";

const WARN_MS = 60_000;
/** AWS refuses a signature that is five minutes off; this leaves it one. */
const FAIL_MS = 4 * 60_000;

/** Milliseconds that this clock is surely ahead of the endpoint's (negative: behind); null: it states no time. */
export type Skew = { readonly ok: true; readonly aheadMs: number } | { readonly ok: false };

/** Asks `origin` what time it is there. */
export async function measureSkew(
  origin: string,
  ports: Pick<DoctorPorts, "fetchDate">,
  limit: Limit,
): Promise<Skew> {
  const { clock } = limit;
  const askedAt = clock.wall();
  const tried = await tryWithin(limit, (signal) => ports.fetchDate(origin, signal));
  const stated = tried.ok && tried.value !== null ? Date.parse(tried.value) : Number.NaN;
  return Number.isNaN(stated) ? { ok: false } : { ok: true, aheadMs: aheadOf(stated, askedAt, clock) };
}

/** The header counts whole seconds and was written some time during the call: what that explains is no skew. */
function aheadOf(stated: number, askedAt: number, clock: Clock): number {
  const answeredAt = clock.wall();
  if (askedAt > stated + 999) return askedAt - (stated + 999);
  return answeredAt < stated ? answeredAt - stated : 0;
}

export function judgeSkew(skew: Skew, isSigned: boolean): Verdict {
  if (!skew.ok) return skipped("The endpoint does not say what time it has.");
  const off = Math.abs(skew.aheadMs);
  if (off <= WARN_MS) {
    return fine(
      off < 1000 ? "It agrees with the endpoint's." : `It is ${told(skew.aheadMs)} the endpoint's.`,
    );
  }
  const message = `This machine's clock is ${told(skew.aheadMs)} the endpoint's.`;
  const fix = "Set it from a time server (chrony, systemd-timesyncd, the hypervisor's clock).";
  return isSigned && off > FAIL_MS
    ? failure(`${message} AWS refuses signatures that are five minutes off.`, fix)
    : warning(message, fix);
}

function told(aheadMs: number): string {
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const minutes = Math.floor(seconds / 60);
  const span = minutes === 0 ? `${seconds} s` : `${minutes} m ${seconds % 60} s`;
  return `${span} ${aheadMs > 0 ? "ahead of" : "behind"}`;
}
