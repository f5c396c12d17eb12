/** Which framings exist. The only list of them. */
import type { Deployment, FramingId } from "../core/deployment.ts";
import { type Framing, sse } from "../wires/framing.ts";
import type { AnyWire } from "./wire-registry.ts";

const FRAMINGS = new Map<FramingId, Framing>([[sse.id, sse]]);

/** How the streams of `deployment` are framed: as its wire does, unless it says otherwise. */
export function framingOf(deployment: Deployment, wire: AnyWire): Framing {
  const own = deployment.framing === undefined ? undefined : FRAMINGS.get(deployment.framing);
  return own ?? wire.framing;
}
