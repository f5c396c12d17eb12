/** Which framings exist. The only list of them. */
import type { Deployment, FramingId } from "../core/deployment.ts";
import { type Framing, sse } from "../wires/framing.ts";
import type { AnyWire } from "./wire-registry.ts";

/** Those of AWS bring their checksums along, which nobody else should load. */
const FRAMINGS: Readonly<Record<FramingId, () => Framing | Promise<Framing>>> = {
  sse: () => sse,
  "aws-event-stream": async () => (await import("../wires/aws-event-stream.ts")).awsEventStream,
  "sagemaker-sse": async () => (await import("../wires/aws-event-stream.ts")).sagemakerSse,
};

/** How the streams of `deployment` are framed: as its wire does, unless it says otherwise. */
export function framingOf(deployment: Deployment, wire: AnyWire): Framing | Promise<Framing> {
  return deployment.framing === undefined ? wire.framing : FRAMINGS[deployment.framing]();
}
