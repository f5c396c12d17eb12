/**
 * An OpenAI-compatible provider of our own that says one text: the model `breaks` up to a place, where its stream
 * ends without an end, `whole` all of it, and `goes-on` what is left of it after the beginning it is given. For `small`
 * everything is too long.
 */

export interface BreakingUpstream {
  /** Up to `/chat/completions`. */
  readonly baseUrl: string;
  /** The bodies that came since the last `say`. */
  readonly bodies: readonly Readonly<Record<string, unknown>>[];
  say(text: string, breaksAt: number): void;
  stop(): Promise<void>;
}

interface Body {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

export function startBreakingUpstream(): BreakingUpstream {
  const bodies: Record<string, unknown>[] = [];
  let text = "";
  let breaksAt = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const body = (await request.json()) as Body;
      bodies.push({ ...body });
      const stream = (said: string, ...end: readonly string[]) =>
        new Response([...cut(said).map((piece) => chunk({ content: piece })), ...end].join(""), {
          headers: { "content-type": "text/event-stream" },
        });
      if (body.model === "small") return Response.json({ error: TOO_LONG }, { status: 400 });
      if (body.model === "breaks") return stream(text.slice(0, breaksAt));
      const given = body.model === "goes-on" ? (body.messages.at(-1)?.content ?? "") : "";
      return stream(text.slice(given.length), chunk({}, "stop"), "data: [DONE]\n\n");
    },
  });
  return {
    baseUrl: `http://127.0.0.1:${server.port}`,
    bodies,
    say(whole, at) {
      bodies.length = 0;
      text = whole;
      breaksAt = at;
    },
    stop: () => server.stop(true),
  };
}

const TOO_LONG = { message: "Too long.", type: "invalid_request_error", code: "context_length_exceeded" };

/** Words and white space apart, and long ones of either in two. */
function cut(text: string): readonly string[] {
  return text.match(/\s{1,2}|\S{1,5}/g) ?? [];
}

function chunk(delta: Readonly<Record<string, unknown>>, finish: string | null = null): string {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  return `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices })}\n\n`;
}
