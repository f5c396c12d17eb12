/** Which framings exist. The only list of them. */
import type { Deployment, FramingId } from "../core/deployment.ts";
import { awsEventStream, sagemakerSse } from "../wires/aws-event-stream.ts";
import { type Framing, sse } from "../wires/framing.ts";
import type { AnyWire } from "./wire-registry.ts";

const FRAMINGS: Readonly<Record<FramingId, Framing>> = {
  sse,
  "aws-event-stream": awsEventStream,
  "sagemaker-sse": sagemakerSse,
};

/** How the streams of `deployment` are framed: as its wire does, unless it says otherwise. */
export function framingOf(deployment: Deployment, wire: AnyWire): Framing {
  return deployment.framing === undefined ? wire.framing : FRAMINGS[deployment.framing];
}
