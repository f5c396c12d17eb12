/**
 * An upstream that streams chat completions, each event written on its own: under /slow the first token
 * takes 2 s and a few follow, under /fast 200 come one every 5 ms. Elsewhere it answers the fixed completion at
 * once, which nginx does where it is installed. Knows no model. `PORT`.
 */
import { completionBody, PATH } from "../payload.ts";

interface Pace {
  readonly firstMs: number;
  readonly events: number;
  readonly everyMs: number;
}

const SLOW: Pace = { firstMs: 2_000, events: 5, everyMs: 20 };
const FAST: Pace = { firstMs: 5, events: 200, everyMs: 5 };

function event(delta: object, finish: string | null): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
  const head = { id: "chatcmpl-bench01", object: "chat.completion.chunk", created: 1_767_225_600 };
  return `data: ${JSON.stringify({ ...head, model: "bench-large-1", choices })}\n\n`;
}

const TOKEN = event({ content: " customer" }, null);
const USAGE =
  'data: {"id":"chatcmpl-bench01","object":"chat.completion.chunk","created":1767225600,"model":"bench-large-1",' +
  '"choices":[],"usage":{"prompt_tokens":93,"completion_tokens":200,"total_tokens":293}}\n\n';
const LAST = `${event({}, "stop")}${USAGE}data: [DONE]\n\n`;
const encoder = new TextEncoder();
const token = encoder.encode(TOKEN);
const last = encoder.encode(LAST);

/** The stream of one answer. A caller that leaves stops it. */
function answer(pace: Pace): ReadableStream<Uint8Array> {
  let timer: Timer | undefined;
  return new ReadableStream({
    start(controller) {
      let sent = 0;
      const next = () => {
        controller.enqueue(token);
        if (++sent < pace.events) {
          timer = setTimeout(next, pace.everyMs);
          return;
        }
        controller.enqueue(last);
        controller.close();
      };
      timer = setTimeout(next, pace.firstMs);
    },
    cancel: () => clearTimeout(timer),
  });
}

async function stream(request: Request, pace: Pace): Promise<Response> {
  await request.arrayBuffer();
  return new Response(answer(pace), { headers: { "content-type": "text/event-stream" } });
}

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT),
  idleTimeout: 60,
  routes: {
    [PATH]: new Response(completionBody(), { headers: { "content-type": "application/json" } }),
    "/slow/v1/chat/completions": { POST: (request) => stream(request, SLOW) },
    "/fast/v1/chat/completions": { POST: (request) => stream(request, FAST) },
  },
});
