/** A request of our own making. Owns what a request leaves unsaid; nothing of it came over a wire. */
import type { ModelRequest } from "./request.ts";

/** A chat without a message, plain, not streamed, but for what `said` says. */
export function bareRequest(said: Partial<ModelRequest> = {}): ModelRequest {
  return {
    operation: "chat",
    target: "",
    contract: {},
    messages: [],
    tools: [],
    sampling: {},
    responseFormat: { type: "text" },
    stream: false,
    streamUsage: false,
    strict: false,
    origin: { wire: "native", body: {}, rewritten: new Set() },
    ...said,
  };
}
