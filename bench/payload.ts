/** The bodies of the bench: 0.6 KB each way. Owns their bytes and names; sends nothing. */

/** Bytes of the request and of the answer of a call that does not stream. */
export const BODY_BYTES = 600;

/** What the request names as its model: a use case of the bench's policy, a key of the bare proxy's table. */
export const MODELS = { chat: "bench-chat", slow: "bench-slow", fast: "bench-fast" } as const;
export type Scenario = keyof typeof MODELS;

export const PATH = "/v1/chat/completions";

const WORDS =
  "The parcel left our warehouse on Monday and the tracking page has not moved since then; please tell the " +
  "customer where it is, whether it will arrive before the weekend, and what we can offer if it does not. ";

/** `make(text)` with as much text as brings its UTF-8 length to exactly `bytes`. */
function padded(make: (text: string) => string, bytes: number): string {
  const room = bytes - make("").length;
  return make(WORDS.repeat(Math.ceil(room / WORDS.length)).slice(0, room));
}

/** A chat request of `BODY_BYTES` (a few more when it streams). */
export function requestBody(scenario: Scenario): string {
  const make = (text: string) =>
    JSON.stringify({
      model: MODELS[scenario],
      messages: [
        { role: "system", content: "You answer for the support desk, briefly and politely." },
        { role: "user", content: text },
      ],
      temperature: 0.2,
      max_tokens: 256,
      ...(scenario === "chat" ? {} : { stream: true, stream_options: { include_usage: true } }),
    });
  return padded(make, BODY_BYTES);
}

/** The upstream's fixed answer, `BODY_BYTES` long. */
export function completionBody(): string {
  const make = (text: string) =>
    JSON.stringify({
      id: "chatcmpl-bench0000000000000000000001",
      object: "chat.completion",
      created: 1_767_225_600,
      model: "bench-large-1",
      choices: [
        { index: 0, message: { role: "assistant", content: text }, logprobs: null, finish_reason: "stop" },
      ],
      usage: { prompt_tokens: 93, completion_tokens: 48, total_tokens: 141 },
      system_fingerprint: "fp_bench",
    });
  return padded(make, BODY_BYTES);
}
