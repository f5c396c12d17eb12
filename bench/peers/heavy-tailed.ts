/**
 * An upstream whose first token usually takes about 60 ms and now and then takes seconds: under any prefix it
 * answers chat completions, streamed or not. `GET /count` says how many it has begun. `PORT`, `SEED`.
 */
import { seededRandom } from "../../src/core/clock.ts";
import { completionBody, PATH } from "../payload.ts";

/** Share of calls in the tail. */
const TAIL = 0.03;
const random = seededRandom(Number(process.env.SEED ?? 1));
const encoder = new TextEncoder();
let begun = 0;

/** Log-normal around 60 ms; in the tail uniform from 1 to 3 s. */
function firstTokenMs(): number {
  if (random() < TAIL) return 1000 + 2000 * random();
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return 60 * Math.exp(0.3 * normal);
}

function event(delta: object, finish: string | null): string {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  const head = { id: "chatcmpl-bench01", object: "chat.completion.chunk", created: 1_767_225_600 };
  return `data: ${JSON.stringify({ ...head, model: "bench-large-1", choices })}\n\n`;
}

const ANSWER = encoder.encode(
  `${event({ content: "It left on Monday." }, null)}${event({}, "stop")}data: [DONE]\n\n`,
);

function stream(): Response {
  let timer: Timer | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      timer = setTimeout(() => {
        controller.enqueue(ANSWER);
        controller.close();
      }, firstTokenMs());
    },
    cancel: () => clearTimeout(timer),
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT),
  idleTimeout: 60,
  async fetch(request) {
    if (new URL(request.url).pathname === "/count") return Response.json({ begun });
    if (!request.url.endsWith(PATH.slice("/v1".length))) return new Response(null, { status: 404 });
    const { stream: streams } = (await request.json()) as { stream?: boolean };
    begun++;
    if (streams) return stream();
    await Bun.sleep(firstTokenMs());
    return new Response(completionBody(), { headers: { "content-type": "application/json" } });
  },
});
