/** A caller of the simulator on any wire, as the gateway's own side of it. Serves tests alone. */
import { bareRequest } from "../../core/bare-request.ts";
import { CAPABILITIES } from "../../core/contract.ts";
import { isTerminal, type StreamEvent } from "../../core/events.ts";
import type { ModelRequest, WireId } from "../../core/request.ts";
import type { Frame } from "../../wires/frame.ts";
import type { Framing } from "../../wires/framing.ts";
import { badAnswer } from "../../wires/provider-fault.ts";
import type { LowerTarget } from "../../wires/wire.ts";
import { type AnyWire, loadedWire } from "../wire-registry.ts";
import type { Simulator } from "./server.ts";

/** Where the paths of each wire begin. */
const BASES: Readonly<Record<WireId, string>> = {
  "openai-chat": "/v1",
  "openai-responses": "/v1",
  "openai-embeddings": "/v1",
  "anthropic-messages": "/v1",
  "bedrock-converse": "",
  "bedrock-invoke": "",
  gemini: "/v1beta",
  "gemini-embeddings": "/v1beta",
  native: "/v1",
};

const TARGET: LowerTarget = {
  modelId: "anthropic.claude-sonnet-4-5-v1:0",
  capabilities: new Set(CAPABILITIES),
  maxOutputTokens: 64_000,
  unsupported: new Set(),
};

/** A model that makes vectors, in a family that every wire of vectors has. */
const EMBEDDER: LowerTarget = { ...TARGET, modelId: "cohere.embed-v4:0" };

/** A request of no wire in particular, so that every wire renders it from the contract. */
export function requestOf(text: string, rest: Partial<ModelRequest> = {}): ModelRequest {
  return bareRequest({
    target: "any",
    messages: [{ role: "user", content: [{ type: "text", text }] }],
    sampling: { maxTokens: 4096 },
    origin: { wire: "openai-chat", body: {}, rewritten: new Set() },
    ...rest,
  });
}

export function send(
  simulator: Simulator,
  id: WireId,
  request: ModelRequest,
  signal: AbortSignal | null = null,
): Promise<Response> {
  const wire = loadedWire(id);
  // What came in on the wire itself would be sent on as it was.
  const origin = { ...request.origin, wire: id === "native" ? "openai-chat" : "native" } as const;
  const foreign = { ...request, origin };
  const target = request.operation === "embed" ? EMBEDDER : TARGET;
  const lowered = wire.lower(foreign, target);
  if (!lowered.ok) throw new Error(`${id}: ${lowered.fault.message}`);
  return fetch(`${simulator.url}/atlas${BASES[id]}${wire.path(foreign, target)}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...lowered.value.headers },
    body: JSON.stringify(lowered.value.body),
    signal,
  });
}

/** Everything that arrived as events; a connection that breaks ends the bytes. `now` is epoch milliseconds. */
export async function readReply(
  read: WireId | AnyWire,
  response: Response,
  now: number,
): Promise<readonly StreamEvent[]> {
  const wire = typeof read === "string" ? loadedWire(read) : read;
  const { framing } = wire;
  const isStream = response.headers.get("content-type") === framing.contentType;
  if (response.status < 400 && isStream) return readStream(wire, framing, response);
  const body = asJson(await response.text());
  if (response.status >= 400) {
    return [{ type: "fault", fault: wire.readError(response.status, response.headers, body, now) }];
  }
  return body === undefined ? [{ type: "fault", fault: badAnswer() }] : wire.readAnswer(body);
}

async function readStream(
  wire: AnyWire,
  framing: Framing,
  response: Response,
): Promise<readonly StreamEvent[]> {
  const parser = framing.createParser();
  const events: StreamEvent[] = [];
  let state = wire.readStart();
  const ended = () => events.some(isTerminal);
  const feed = (frames: readonly Frame[]) => {
    for (const frame of frames) {
      if (ended()) return;
      const [next, produced] = wire.step(state, frame);
      state = next;
      events.push(...produced);
    }
    if (parser.fault && !ended()) events.push({ type: "fault", fault: parser.fault });
  };
  try {
    for await (const bytes of response.body ?? []) feed(parser.push(bytes));
  } catch {
    // The connection broke: what had come by then is read as the gateway reads it.
  }
  feed(parser.end());
  if (!ended()) events.push(...wire.flush(state));
  return events;
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The text of the first choice. */
export function textOf(events: readonly StreamEvent[]): string {
  return events.map((event) => (event.type === "text" && event.choice === 0 ? event.text : "")).join("");
}

/** The terminal event, which must be the last and the only one. */
export function endOf(events: readonly StreamEvent[]): Extract<StreamEvent, { type: "finish" | "fault" }> {
  const last = events[events.length - 1];
  if (!last || !isTerminal(last) || events.filter(isTerminal).length !== 1) {
    throw new Error(`not one terminal event: ${events.map((event) => event.type).join(", ")}`);
  }
  return last;
}
