/**
 * A response read to its end the way a wary client would: with a reader of its own, so that a defect of the
 * gateway's codecs cannot hide itself. Owns what counts as an end.
 */
import type { Clock } from "../../core/clock.ts";

export interface ReadAnswer {
  /** A vector is read as the JSON of its numbers. */
  readonly text: string;
  /** The first choice's reason, once it was told; a vector that is here is whole. */
  readonly finish: string | null;
  /** The protocol's own end was seen: `[DONE]`, or the end of a JSON body. */
  readonly ended: boolean;
  /** The code of an error in the body or in a frame: the gateway's own word. */
  readonly error: string | null;
  /** Why reading ended before the end, without a word of the gateway's. */
  readonly defect: string | null;
  /** When the first words were here, by `now`; null where none came. */
  readonly firstAt: number | null;
}

/** More than any simulated answer has. */
const MAX_CHARS = 1024 * 1024;

interface AnswerPart {
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null };
    readonly message?: { readonly content?: string | null };
    readonly finish_reason?: string | null;
  }[];
  readonly data?: readonly { readonly embedding?: unknown }[];
  readonly error?: { readonly code?: string | null; readonly type?: string | null };
}

/** What was read, also where the connection breaks. Never rejects. */
export async function readAnswer(response: Response, clock: Clock): Promise<ReadAnswer> {
  const type = response.headers.get("content-type") ?? "";
  return type.startsWith("text/event-stream") ? readStream(response, clock) : readWhole(response, clock);
}

async function readWhole(response: Response, clock: Clock): Promise<ReadAnswer> {
  const nothing = { text: "", finish: null, ended: false, error: null, firstAt: null };
  const body = await response.text().catch(() => null);
  if (body === null) return { ...nothing, defect: "connection_lost" };
  const answer = readChunk(body);
  if (answer === null) return { ...nothing, defect: "not_json" };
  const [choice] = answer.choices ?? [];
  const vector = vectorOf(answer);
  const text = vector ?? choice?.message?.content ?? "";
  const firstAt = text === "" ? null : clock.now();
  const finish = vector === null ? (choice?.finish_reason ?? null) : "stop";
  return { text, finish, ended: true, error: codeOf(answer), defect: null, firstAt };
}

function vectorOf({ data }: AnswerPart): string | null {
  const numbers = data?.[0]?.embedding;
  return Array.isArray(numbers) && numbers.length > 0 ? JSON.stringify(numbers) : null;
}

type Seen = { -readonly [Key in keyof ReadAnswer]: ReadAnswer[Key] };

async function readStream(response: Response, clock: Clock): Promise<ReadAnswer> {
  const seen: Seen = { text: "", finish: null, ended: false, error: null, defect: null, firstAt: null };
  try {
    for await (const data of eventData(response)) {
      takeIn(data, seen, clock);
      if (seen.defect !== null) break;
    }
  } catch {
    seen.defect = "connection_lost";
  }
  return seen;
}

function takeIn(data: string, seen: Seen, clock: Clock): void {
  if (data === "[DONE]") {
    seen.ended = true;
    return;
  }
  const chunk = readChunk(data);
  // What comes after the end is no part of the answer, and a sign that the end was none.
  if (chunk === null || seen.ended) {
    seen.defect = chunk === null ? "unreadable_frame" : "frame_after_end";
    seen.ended = false;
    return;
  }
  const [choice] = chunk.choices ?? [];
  const words = choice?.delta?.content ?? "";
  if (words !== "") seen.firstAt ??= clock.now();
  seen.text += words;
  seen.finish = choice?.finish_reason ?? seen.finish;
  seen.error = codeOf(chunk) ?? seen.error;
  if (seen.text.length > MAX_CHARS) seen.defect = "endless_answer";
}

/** The `data` of each event, in order. A last event without its empty line never arrived. */
async function* eventData(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of response.body ?? []) {
    rest += decoder.decode(bytes, { stream: true });
    for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
      for (const line of rest.slice(0, end).split("\n")) if (line.startsWith("data: ")) yield line.slice(6);
      rest = rest.slice(end + 2);
    }
  }
}

function readChunk(text: string): AnswerPart | null {
  try {
    const value: AnswerPart | null = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

function codeOf({ error }: AnswerPart): string | null {
  return error ? (error.code ?? error.type ?? "error") : null;
}
