/**
 * The bare proxy: what any gateway on this runtime must do and nothing else. It parses the request, looks up
 * where the model lives, re-serialises and forwards it, parses the answer, counts its tokens, re-serialises
 * it. A stream is passed on as it comes. No authentication, limits, policy, records or metrics.
 * `PORT`, and `UPSTREAMS`: a JSON object from model to base URL.
 */
import { PATH } from "../payload.ts";

interface Answer {
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

const upstreams = new Map(Object.entries(JSON.parse(process.env.UPSTREAMS ?? "{}")));
const JSON_TYPE = { "content-type": "application/json" };
let tokens = 0;

async function proxy(request: Request): Promise<Response> {
  const body = (await request.json()) as { readonly model: string; readonly stream?: boolean };
  const base = upstreams.get(body.model);
  if (typeof base !== "string") return Response.json({ error: "unknown model" }, { status: 404 });
  const upstream = await fetch(`${base}/chat/completions`, {
    method: "POST",
    headers: JSON_TYPE,
    body: JSON.stringify(body),
  });
  if (body.stream === true) {
    return new Response(upstream.body, { headers: { "content-type": "text/event-stream" } });
  }
  const answer = (await upstream.json()) as Answer;
  tokens += (answer.usage?.prompt_tokens ?? 0) + (answer.usage?.completion_tokens ?? 0);
  return new Response(JSON.stringify(answer), { status: upstream.status, headers: JSON_TYPE });
}

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT),
  idleTimeout: 60,
  routes: { [PATH]: { POST: proxy }, "/tokens": () => new Response(String(tokens)) },
});
