/**
 * Ids of tool calls as one provider takes them: it refuses a conversation of which an earlier answer came from another
 * provider with ids of another form, or with the same one for every call. Owns their fit, that no two calls share one,
 * and that results follow their calls; the same beginning of a conversation always gets the same ids, as caches want.
 */
import { createHash } from "node:crypto";
import { isRecord } from "../core/json.ts";
import type { Message } from "../core/request.ts";

export interface IdRule {
  readonly fits: RegExp;
  /** The id that comes closest to `id`; it need not fit. */
  clean(id: string): string;
  /** One that fits, another for each `count`. */
  make(count: number): string;
}

/** To be asked for each call and each result of a conversation, in their order. */
export interface CallIds {
  call(id: string): string;
  result(id: string): string;
}

/** For a conversation of which some messages are sent as they were written: all of them are fitted at once afterwards. */
export const AS_WRITTEN: CallIds = { call: (id) => id, result: (id) => id };

/**
 * For a provider that minds the length alone, 37 characters or more: a longer id is sent as its digest, so that it is
 * the same in every request, whatever of the conversation is still in it.
 */
export function shortIds(maxLength: number): CallIds {
  const short = (id: string) => (id.length > maxLength ? digestOf(id) : id);
  return { call: short, result: short };
}

function digestOf(id: string): string {
  return `call_${createHash("sha256").update(id).digest("hex").slice(0, 32)}`;
}

/** Fits the ids of one conversation. */
export class FittingIds implements CallIds {
  readonly #rule: IdRule;
  readonly #taken = new Set<string>();
  /** What is sent for the calls of an id, and how many of them have a result. */
  readonly #calls = new Map<string, { readonly sent: string[]; answered: number }>();
  #made = 0;

  constructor(rule: IdRule) {
    this.#rule = rule;
  }

  call(id: string): string {
    const fitted = this.#fit(id);
    const calls = this.#calls.get(id);
    if (calls === undefined) this.#calls.set(id, { sent: [fitted], answered: 0 });
    else calls.sent.push(fitted);
    return fitted;
  }

  /** Of the calls that share `id` the first without a result, else the last. */
  result(id: string): string {
    const calls = this.#calls.get(id);
    if (calls === undefined) return this.call(id);
    const fitted = calls.sent[calls.answered];
    if (fitted === undefined) return calls.sent[calls.sent.length - 1] ?? this.call(id);
    calls.answered++;
    return fitted;
  }

  #fit(id: string): string {
    const { fits, clean, make } = this.#rule;
    let fitted = clean(id);
    while (!fits.test(fitted) || this.#taken.has(fitted)) fitted = make(this.#made++);
    this.#taken.add(fitted);
    return fitted;
  }
}

/** Whether a conversation has a call whose id does not fit, or is another's too. */
export function hasMisfit(messages: readonly Message[], { fits }: IdRule): boolean {
  let seen: Set<string> | null = null;
  for (const { role, content } of messages) {
    if (role !== "assistant") continue;
    for (const part of content) {
      if (part.type !== "tool_call") continue;
      if (!fits.test(part.id) || seen?.has(part.id)) return true;
      seen ??= new Set();
      seen.add(part.id);
    }
  }
  return false;
}

/** Whether a call or a result of a conversation has a longer id. */
export function hasLongId(messages: readonly Message[], maxLength: number): boolean {
  return messages.some(({ content }) =>
    content.some((part) => {
      if (part.type === "tool_call") return part.id.length > maxLength;
      return part.type === "tool_result" && part.callId.length > maxLength;
    }),
  );
}

type Fields = Readonly<Record<string, unknown>>;

/** A caller's own messages with each block as `change` returns it; what is no block stays as it is. */
export function withBlocks(messages: unknown, change: (block: Fields) => unknown): unknown {
  if (!Array.isArray(messages)) return messages;
  return messages.map((message: unknown) => {
    if (!isRecord(message) || !Array.isArray(message.content)) return message;
    const content = message.content.map((block: unknown) => (isRecord(block) ? change(block) : block));
    return { ...message, content };
  });
}
