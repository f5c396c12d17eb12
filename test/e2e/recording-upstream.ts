/** An OpenAI-compatible provider of our own that keeps what it was sent. Owns one canned answer, whole or streamed. */

export interface RecordedCall {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** On `performance.now()`'s clock, when the client closed the request before its answer was complete. */
  readonly closedAt: number | null;
}

export interface RecordingUpstream {
  /** Up to `/chat/completions`. */
  readonly baseUrl: string;
  readonly calls: readonly RecordedCall[];
  /** Calls under way, now and at the most since the last `behave`. */
  readonly open: number;
  readonly mostOpen: number;
  /** How the next calls are answered; default: whole, at once. */
  behave(behaviour: Behaviour): void;
  stop(): Promise<void>;
}

/**
 * `delayMs`: before the first byte. `forever`: a streamed answer goes on until the client closes it. `text`: what the
 * answer says. `answer`: in place of the canned one.
 */
export interface Behaviour {
  readonly text?: string;
  readonly delayMs?: number;
  readonly forever?: boolean;
  readonly answer?: (call: RecordedCall) => Response;
}

const ENCODER = new TextEncoder();
const USAGE = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };

export function startUpstream(): RecordingUpstream {
  const calls: { -readonly [Key in keyof RecordedCall]: RecordedCall[Key] }[] = [];
  let behaviour: Behaviour = {};
  let open = 0;
  let mostOpen = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const body = (await request.json()) as Record<string, unknown>;
      const call: (typeof calls)[number] = {
        headers: Object.fromEntries(request.headers),
        body,
        closedAt: null,
      };
      calls.push(call);
      mostOpen = Math.max(mostOpen, ++open);
      let isOpen = true;
      const leave = () => {
        if (isOpen) open--;
        isOpen = false;
      };
      request.signal.addEventListener("abort", () => {
        call.closedAt = performance.now();
        leave();
      });
      const { delayMs = 0, forever = false, text = "Recorded.", answer } = behaviour;
      if (delayMs > 0) await untilLater(delayMs, request.signal);
      if (answer) {
        leave();
        return answer(call);
      }
      if (body.stream !== true) {
        leave();
        return Response.json(wholeAnswer(body.model, text));
      }
      return new Response(streamedAnswer(body.model, text, forever, leave), {
        headers: { "content-type": "text/event-stream" },
      });
    },
  });
  return {
    baseUrl: `http://127.0.0.1:${server.port}/v1`,
    calls,
    get open() {
      return open;
    },
    get mostOpen() {
      return mostOpen;
    },
    behave(next) {
      behaviour = next;
      mostOpen = open;
    },
    stop: () => server.stop(true),
  };
}

function untilLater(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function wholeAnswer(model: unknown, content: string) {
  return {
    id: "chatcmpl-recorded",
    object: "chat.completion",
    created: 1_700_000_000,
    model,
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage: USAGE,
  };
}

function streamedAnswer(
  model: unknown,
  text: string,
  forever: boolean,
  leave: () => void,
): ReadableStream<Uint8Array> {
  const frame = (choices: readonly unknown[], extra = {}) => {
    const chunk = {
      id: "chatcmpl-recorded",
      object: "chat.completion.chunk",
      created: 1_700_000_000,
      model,
      choices,
      ...extra,
    };
    return ENCODER.encode(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  const delta = (content: string) => [
    { index: 0, delta: { role: "assistant", content }, finish_reason: null },
  ];
  let timer: ReturnType<typeof setInterval> | undefined;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(frame(delta(text)));
      if (forever) {
        timer = setInterval(() => controller.enqueue(frame(delta(" More."))), 50);
        return;
      }
      controller.enqueue(frame([{ index: 0, delta: {}, finish_reason: "stop" }]));
      controller.enqueue(frame([], { usage: USAGE }));
      controller.enqueue(ENCODER.encode("data: [DONE]\n\n"));
      controller.close();
      leave();
    },
    cancel() {
      clearInterval(timer);
      leave();
    },
  });
}
