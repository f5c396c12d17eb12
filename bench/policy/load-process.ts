/**
 * A process of its own that asks at a steady rate and answers as the model: what the bench does meanwhile must not make
 * either late. `PORT`; `/_load/start?url=…&key=…&perSecond=…`, `/_load/slowest?from=…&to=…` and `/_load/counts`.
 */
import { startLoad } from "./load.ts";

const ANSWER = {
  id: "chatcmpl-bench",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "Here." }, finish_reason: "stop" }],
  usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
};
let load: ReturnType<typeof startLoad> | null = null;

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT),
  fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const of = (name: string) => searchParams.get(name) ?? "";
    switch (pathname) {
      case "/_load/start":
        load = startLoad({ url: of("url"), key: of("key"), perSecond: Number(of("perSecond")) });
        return Response.json({});
      case "/_load/slowest":
        return Response.json(load?.slowest(Number(of("from")), Number(of("to"))) ?? 0);
      case "/_load/counts":
        return Response.json(load?.counts() ?? { answered: 0, failed: 0 });
      default:
        return Response.json(ANSWER);
    }
  },
});
