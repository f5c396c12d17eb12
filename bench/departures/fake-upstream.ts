/**
 * Providers without a socket, in the place of `fetch`: they begin, or do not, and never end by themselves. Owns the
 * count of calls under way; each ends only when the gateway aborts it or lets go of its body.
 */

/** What a provider does, by the first segment of its path. */
export type Manner = "silent" | "headers" | "words" | "throttled" | "failing";

export interface FakeUpstream {
  /** Calls since the start, and those that were not let go of yet. */
  readonly calls: number;
  readonly open: number;
  /** Gives the process its own `fetch` back. */
  restore(): void;
}

const ENCODER = new TextEncoder();
const WORD = ENCODER.encode(
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { content: "word " }, finish_reason: null }] })}\n\n`,
);
const STREAM = { headers: { "content-type": "text/event-stream" } };

export function replaceFetch(): FakeUpstream {
  const own = globalThis.fetch;
  let calls = 0;
  let open = 0;

  const answer = (manner: Manner, signal: AbortSignal): Promise<Response> | Response => {
    if (manner === "failing") return new Response("{}", { status: 503 });
    if (manner === "throttled") return new Response("{}", { status: 429 });
    open++;
    let isOpen = true;
    const end = () => {
      if (isOpen) open--;
      isOpen = false;
    };
    signal.addEventListener("abort", end, { once: true });
    if (manner === "silent") {
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    }
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        signal.addEventListener("abort", () => controller.error(signal.reason), { once: true });
      },
      async pull(controller) {
        if (manner === "headers") return new Promise<void>(() => {});
        await Bun.sleep(0);
        if (isOpen) controller.enqueue(WORD);
      },
      cancel: end,
    });
    return new Response(body, STREAM);
  };

  const fake = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    calls++;
    const manner = new URL(String(input)).pathname.split("/")[1] as Manner;
    return answer(manner, init?.signal ?? new AbortController().signal);
  };
  globalThis.fetch = Object.assign(fake, { preconnect: own.preconnect });
  return {
    get calls() {
      return calls;
    },
    get open() {
      return open;
    },
    restore() {
      globalThis.fetch = own;
    },
  };
}
